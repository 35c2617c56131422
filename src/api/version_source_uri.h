#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/reference.h"

// Parsing of the sources of versions, as clients of MLflow write them. Pure.
namespace regesta::api {

using registry::parseUri;
using registry::Uri;

/// models:/name/version, models:/name@alias, models:/name/Stage, models:/name/latest or models:/m-….
struct ModelUri {
  std::string modelId, name, version, stage, alias;
};
/// Empty for text of another form.
std::optional<ModelUri> parseModelUri(std::string_view text);

/// True for a path or file: URI of this machine. Throws Error{internal}, as MLflow does, for a file: URI with a host.
bool isLocalSource(std::string_view text);

/// The decoded segments of a URI's path.
std::vector<std::string> pathSegments(std::string_view text);

/// Whether one of the parts is "." or "..", in any encoding.
bool hasRelativeParts(std::string_view source);
/// Throws Error{invalid} for "..", NUL, "." and repeated encodings of these.
void checkNoRelativeParts(std::string_view source);

}  // namespace regesta::api
