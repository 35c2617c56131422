#pragma once
#include <span>
#include <string>

#include "api/endpoint.h"
#include "api/wandb/artifact_record.h"

namespace regesta::api::wandb {

/// Addresses for an hour, without credentials: W&B's clients send none with content.
std::string manifestUrl(const Call& call, const registry::Version& version);
class FileUrls {
 public:
  FileUrls(const Call& call, const registry::Version& version);
  std::string of(std::string_view path) const;

 private:
  std::string start_, end_;
};
/// Takes the content with this MD5 (hexadecimal), for an asset that the caller may write to.
std::string contentUploadUrl(const Call& call, const registry::AssetKey& key, std::string_view md5);

/// The MD5 in the form of W&B's manifests (base64) as hexadecimal. Throws Error{invalid}.
std::string hexOfMd5(std::string_view base64);
/// Content of the workspace that the caller may make a file of by its MD5.
std::optional<blob::Stored> findContent(const Call& call, db::Transaction& transaction, std::string_view md5);
/// The MD5 (hexadecimal) of stored content, if the workspace knows it.
std::optional<std::string> knownMd5(db::Transaction& transaction, std::string_view workspace, std::string_view digest);

std::span<const StreamRoute> artifactStreams();

}  // namespace regesta::api::wandb
