#pragma once
#include <memory>
#include <string>

#include "api/endpoint.h"
#include "api/hf/dialect.h"
#include "registry/commit.h"

namespace regesta::api::hf {

/// What a request's path names: a model or dataset of a workspace.
struct Repo {
  registry::AssetKey key;
  std::string id() const;                                          ///< "default/loan-risk", as clients write it
  std::string_view type() const;                                   ///< "model", "dataset"
  std::string_view collection() const;                             ///< "models", "datasets"
  std::string page(const Core& core, const http::Request&) const;  ///< URL below the hub: ".../datasets/default/loans"
};

/// The hub's address as the client reaches it: "http://127.0.0.1:4600/hf".
std::string hubUrl(const Core& core, const http::Request& request);

/// By the variables "type" (models, datasets), or the word before the namespace, "workspace" and "repo". Throws
/// Error{invalid} for Spaces and other types that this server does not have, Error{notFound} for other words.
Repo repoOf(const http::Request& request);
registry::Kind kindOfType(std::string_view word);  ///< "model", "models", …; throws the same

/// A repository that does not exist, or is out of the caller's reach: the same answer.
HubError repoNotFound(const Repo& repo);
HubError revisionNotFound(const Repo& repo, std::string_view revision);
HubError entryNotFound(const Repo& repo, const registry::Commit& commit, std::string_view path);

/// The request's caller in the repository's workspace, with the right to `verb` on its name. Throws repoNotFound()
/// without the right to read, Error{denied} without the other, Error{unauthenticated}.
Call enterRepo(Core& core, const http::Request& request, access::Verb verb);
/// The same before the body is read; for StreamRoute::door.
template <access::Verb verb>
std::shared_ptr<http::Caller> repoDoor(Core& core, const http::Request& request);
extern template std::shared_ptr<http::Caller> repoDoor<access::Verb::read>(Core&, const http::Request&);
extern template std::shared_ptr<http::Caller> repoDoor<access::Verb::write>(Core&, const http::Request&);

/// For routes about no single repository: anyone who shows valid credentials.
std::shared_ptr<http::Caller> signedInDoor(Core& core, const http::Request& request);

registry::Asset getRepo(db::Transaction& transaction, const Repo& repo);  ///< throws repoNotFound()
/// Throws revisionNotFound().
registry::Commit getRevision(db::Transaction& transaction, const Repo& repo, const registry::Asset& asset,
                             std::string_view revision);
/// Throws Error{refused} for a branch or tag whose commit is in quarantine: a commit is on its branch, and can be given
/// a tag, before it was scanned. The commit can still be read by its number or id.
void requireServed(db::Transaction& transaction, const registry::Asset& asset, std::string_view revision,
                   const registry::Commit& commit);

}  // namespace regesta::api::hf
