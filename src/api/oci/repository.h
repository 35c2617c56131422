#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "api/endpoint.h"
#include "registry/asset.h"

namespace regesta::api::oci {

/// A repository is an asset. The first segment of its path is the workspace. The rest is the name of an artifact, in
/// folders if it has several segments; "model/NAME" and "dataset/NAME" name a model and a dataset. The path alone
/// decides, so a repository never changes what it stands for.
struct Repository {
  std::string path;  ///< "default/team/weights", as clients write it
  registry::AssetKey key;
};
/// Empty for a path that the specification does not allow.
std::optional<Repository> parseRepository(std::string_view path);
/// The path of an asset's repository; empty for an asset that no repository stands for.
std::optional<std::string> repositoryPath(const registry::AssetKey& key);

/// Of a request's path, when the caller may do this there. Throws OciError{NAME_INVALID}, Error{denied}.
Repository repositoryOf(const Call& call, access::Verb verb);
std::string workspaceOfPath(const http::Request& request);

bool isTag(std::string_view text);
/// The alias of a tag: the same text, or "tag." and the text for tags that read like a version ("latest", "v1",
/// "1.4.2") or begin with "tag." themselves. Throws OciError{TAG_INVALID}.
std::string aliasOfTag(std::string_view tag);
/// Empty for an alias that is not a tag.
std::optional<std::string> tagOfAlias(std::string_view alias);

/// A parameter of the query string; the first one of this name. Empty when there is none.
std::optional<std::string> queryValue(const http::Request& request, std::string_view name);

}  // namespace regesta::api::oci
