#pragma once
// Git LFS objects, for the fronts whose clients send them.
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/endpoint.h"
#include "base/json.h"
#include "blob/store.h"
#include "db/database.h"

namespace regesta::api {

inline constexpr std::string_view lfsMediaType = "application/vnd.git-lfs+json";

/// The alias of an object in registry/blob_alias.h. Throws Error{invalid} for anything but a SHA-256.
std::string lfsAlias(std::string_view oid);

/// The object of the call's workspace, for callers with the right to read every name. Where the bytes are gone or
/// damaged, the object counts as missing: the next push brings it again.
std::optional<blob::Stored> findLfsObject(const Call& call, db::Transaction& transaction, const std::string& oid);
/// Content that the caller may make a file of by its SHA-256: what they uploaded, what they may read a file of, and for
/// readers of every name, each object of the workspace. Other content looks like content that is missing.
std::optional<blob::Stored> findUpload(const Call& call, db::Transaction& transaction, const std::string& oid);

/// How a front lets clients upload with Xet.
struct LfsXet {
  std::string tokenUrl;                                      ///< where a new token comes from
  std::vector<std::pair<std::string, std::string>> headers;  ///< X-Xet-…, with the first token
};

/// How a front answers a batch.
struct LfsBatch {
  std::function<std::optional<blob::Stored>(db::Transaction&, const std::string& oid)> find;
  std::function<void()> requireUpload;                             ///< throws unless the caller may upload
  std::function<std::string(const std::string& oid)> uploadQuery;  ///< null: the caller's credentials come again
  std::function<LfsXet()> xet = {};  ///< for clients that offer the transfer "xet"; null: no such transfer
};
/// POST objects/batch: where each object can be fetched from or sent to. An object that is there already needs no
/// upload and gets no action. What is wrong with one object is said beside it.
http::Response lfsBatch(const Call& call, const json::object& body, const LfsBatch& front);

/// POST objects/verify, after an upload: whether the object is there in that size.
http::Response lfsVerify(const Call& call, const json::object& body, const LfsBatch& front);

}  // namespace regesta::api
