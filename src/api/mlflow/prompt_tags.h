#pragma once
#include <string>
#include <string_view>

#include "registry/version.h"

namespace regesta::api::mlflow {

/// MLflow keeps a prompt's text in tags of a model version. Here it is the version's content, which every front sees:
/// {"model_config"?,"response_format"?,"template":…,"type":"text"|"chat"}. These functions translate both ways.
inline constexpr std::string_view promptMarker = "mlflow.prompt.is_prompt";

bool saysPrompt(const registry::Tags& tags);

/// Takes the tags that make up the content out of `tags` and returns the canonical content; empty when they hold no
/// text.
std::string takePromptContent(registry::Tags& tags);

/// The tags as MLflow's clients expect them: those of the content join those that are stored.
registry::Tags renderedTags(const registry::Version& version);
registry::Tags renderedTags(const registry::Asset& asset);

/// Throws Error{invalid} for a tag that is the content of a prompt, which never changes. The model config may be
/// replaced later, as MLflow's set_prompt_model_config does: the stored tag then covers the one in the content.
void checkPromptTagIsFree(const registry::Version& version, std::string_view key);
/// What to store for a tag that is deleted: nothing, or an empty value that covers the content's.
bool isCoveredByContent(const registry::Version& version, std::string_view key);

}  // namespace regesta::api::mlflow
