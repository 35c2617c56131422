#pragma once
#include "prompt/file/front_matter.h"
#include "prompt/prompt_file.h"

/// Conversion between forms of other tools and prompts. Readers throw Invalid with path and line, writers
/// Error{unsupported} for members that the form cannot represent.
namespace regesta::prompt::file {

/// Google's Dotprompt: `model` and `config` are the model_config, `input` the input_schema, `output` the
/// response_format (the schema; {} is "JSON, of any kind"), `metadata` and foreign dotted keys are tags,
/// `regesta.version`, `.description`, `.aliases`, `.labels`, `.tags`, `.examples` and `.partials` are Regesta's. The
/// body is Handlebars; see handlebars.h.
PromptFile readDotprompt(FrontMatter found);
std::string writeDotprompt(const PromptFile& file);

/// Microsoft's Prompty, versions 1 and 2: `model` is the model_config (without `connection` and `configuration`, which
/// have address and key), `inputs` (or `sample`) the input_schema, `outputs` the response_format, `tools` the
/// tools, `metadata`, `authors` and `displayName` tags. `${env:…}` and `${file:…}` are ordinary text.
PromptFile readPrompty(FrontMatter found);
std::string writePrompty(const PromptFile& file);

}  // namespace regesta::prompt::file
