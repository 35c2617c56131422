#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// How MLflow's server takes model sources apart. Pure text.
namespace regesta::api::mlflow {

struct Uri {
  std::string scheme;     ///< lower case; empty: a path
  std::string authority;  ///< lower case
  std::string path;       ///< up to '?' or '#'
};
Uri parseUri(std::string_view text);

/// models:/name/version, models:/name@alias, models:/name/Stage, models:/name/latest or models:/m-….
struct ModelUri {
  std::string modelId, name, version, stage, alias;
};
/// Nothing for text of another form.
std::optional<ModelUri> parseModelUri(std::string_view text);

/// True for a path or file: URI of this machine. Throws Error{internal}, as MLflow does, for a file: URI with a host.
bool isLocalSource(std::string_view text);

/// True for mlflow-artifacts: and for an http(s) URL of a server's artifact routes.
bool isProxiedArtifact(std::string_view text);

/// The decoded segments of a URI's path.
std::vector<std::string> pathSegments(std::string_view text);
/// An artifact URI without scheme, host and route: what names the place in the tree.
std::string artifactPathOnly(std::string_view text);

/// True when the decoded path segments of `source` begin with those of `root`, on the same scheme and authority.
bool isWithin(std::string_view source, std::string_view root);

/// Throws Error{invalid} for "..", NUL, "." and doubled tricks, encoded ones included.
void checkNoRelativeParts(std::string_view source);

}  // namespace regesta::api::mlflow
