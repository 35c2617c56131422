#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// References to files, as clients write them: version sources, artifact locations, artifact URIs. The only code that
// parses them. tracking/owner.h finds what a path belongs to, governance/scope.h who may use it.
namespace regesta::registry {

struct Uri {
  std::string scheme;     ///< lower case; empty: a path
  std::string authority;  ///< lower case
  std::string path;       ///< up to '?' or '#', not decoded
};
Uri parseUri(std::string_view text);

/// The path in the workspace's artifact tree (tree.h) that a reference names, in any of its spellings:
/// mlflow-artifacts:/path, mlflow-artifacts://host/path, and http(s)://host/…/api/2.0/mlflow-artifacts/artifacts/path,
/// also …/presigned, below /ajax-api, percent-encoded or in another case. The host is ignored: behind a proxy, a server
/// does not know its names. Also s3://<workspace>/path (s3a, s3n) and http(s)://host/…/s3/<workspace>/path, the
/// same file for S3 clients (api/s3); another bucket is another place. Empty for a reference to another place. Throws
/// PathError for one that names the tree but no safe, unambiguous path in it, and for the pages of this server that
/// give files, such as get-artifact or a branch of a Hugging Face repository.
std::optional<std::string> treePath(std::string_view reference, std::string_view workspace);
/// The URI of a path in the tree, as this server returns it.
std::string treeUri(std::string_view path);

/// The absolute path, without dots, of a file: URI or plain path; nothing for any other reference.
std::optional<std::string> localPath(std::string_view reference);

}  // namespace regesta::registry
