#pragma once
// What the fronts share whose clients name content by a digest (DVC, Git LFS).
#include <functional>
#include <string>

#include "api/streaming.h"

namespace regesta::api {

/// The request's caller and workspace. Such content has no names, so the caller needs the rule's verb on every name of
/// the workspace. Throws Error{denied}.
Call admitToAll(Core& core, const http::Request& request, const AccessRule& rule, const Dialect& dialect);

struct AliasName {
  std::string workspace;
  std::string alias;  ///< in registry/blob_alias.h
};
/// Answers a GET or HEAD with the blob of an alias. `find` runs on a waiting thread and throws what the request is
/// refused for. Throws Error{notFound} when the workspace has no such alias.
http::asio::awaitable<void> sendAlias(http::Exchange& exchange, Core& core, std::function<AliasName()> find);

/// Takes the upload of a Git LFS object: the path variable "oid" is its SHA-256. `enter` runs on a waiting thread and
/// throws what the request is refused for. Answers {}. Throws Error{invalid} for other content; nothing is stored then.
http::asio::awaitable<void> receiveLfsObject(http::Exchange& exchange, Core& core, std::function<Call()> enter);

}  // namespace regesta::api
