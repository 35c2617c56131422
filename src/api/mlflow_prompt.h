#pragma once
#include <string_view>

#include "prompt/prompt.h"

namespace regesta::api {

/// The prompt of canonical content that was made from MLflow's tags (api/mlflow/prompt_tags.h). What its client called
/// a chat but is none stays the text that it is, and a template with {% … %} is Jinja2, as its client takes it.
prompt::Prompt promptOfMlflow(std::string_view content);

}  // namespace regesta::api
