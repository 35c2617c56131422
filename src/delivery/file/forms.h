#pragma once
#include "delivery/file/front_matter.h"
#include "delivery/prompt_file.h"

/// The forms that other tools defined, as Regesta's prompts and back. Readers throw Invalid with path and line, writers
/// Error{unsupported} for what the form cannot say.
namespace regesta::delivery::file {

/// Google's Dotprompt: `model` and `config` are the model_config, `input` the input_schema, `output` the
/// response_format (the schema; {} is "JSON, of any kind"), `metadata` and foreign dotted keys are tags,
/// `regesta.version`, `.description`, `.aliases`, `.labels`, `.tags`, `.examples` and `.partials` are ours. The body is
/// Handlebars; see handlebars.h.
PromptFile readDotprompt(FrontMatter found);
std::string writeDotprompt(const PromptFile& file);

/// Microsoft's Prompty, versions 1 and 2: `model` is the model_config (without `connection` and `configuration`, which
/// say where and with whose key), `inputs` (or `sample`) the input_schema, `outputs` the response_format, `tools` the
/// tools, `metadata`, `authors` and `displayName` tags. `${env:…}` and `${file:…}` are text like any other.
PromptFile readPrompty(FrontMatter found);
std::string writePrompty(const PromptFile& file);

}  // namespace regesta::delivery::file
