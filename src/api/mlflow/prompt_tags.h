#pragma once
#include <string>
#include <string_view>

#include "registry/version.h"

namespace regesta::api::mlflow {

/// MLflow stores a prompt's text in tags of a model version. Here it is the version's content, which every front shows:
/// {"model_config"?,"response_format"?,"template":…,"type":"text"|"chat"}. These functions convert both ways.
inline constexpr std::string_view promptMarker = "mlflow.prompt.is_prompt", promptText = "mlflow.prompt.text";

bool hasPromptTag(const registry::Tags& tags);
/// Removes a marker with the value "false" from a model's tags; the value "true" stays, and is refused for models.
void dropFalseMarker(registry::Tags& tags);

/// Removes the content tags from `tags` and returns the canonical content; empty if they have no text.
std::string takePromptContent(registry::Tags& tags);

/// The tags as MLflow's clients expect them, with content tags made from the content.
registry::Tags renderedTags(const registry::Version& version);
registry::Tags renderedTags(const registry::Asset& asset);
/// The same with the model config that set_prompt_model_config gave a prompt which no policy is bound to.
registry::Tags renderedTags(db::Transaction& transaction, const registry::Version& version);

/// Throws Error{invalid} with MLflow's message for a content tag of a prompt.
void checkPromptTagIsFree(const registry::Version& version, std::string_view key);
/// set_prompt_model_config and delete_prompt_model_config set and delete this tag.
bool isModelConfig(const registry::Version& version, std::string_view key);

}  // namespace regesta::api::mlflow
