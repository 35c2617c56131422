#pragma once
#include <string>

#include "base/json.h"

namespace regesta::cli {

/// Whether the tags of a registered model say that it is a prompt. Removes the mark.
bool takePromptMark(json::object& tags);
/// Removes the tags in which MLflow stores a prompt's content, and returns the content as the import route takes it.
std::string takePromptContent(json::object& tags);
/// The source of a version with a path below a run's or logged model's artifacts as runs:/… or models:/…, which do not
/// depend on where artifacts are kept. Other sources stay as they are.
std::string portableSource(const std::string& source, const std::string& runId);

/// A span as MLflow stores it, as the import route takes it.
json::object spanOf(const json::object& stored);

}  // namespace regesta::cli
