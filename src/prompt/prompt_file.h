#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "prompt/prompt.h"
#include "registry/asset.h"

namespace regesta::prompt {

/// Form of a prompt's file in a folder or Git repository; docs/prompts.md describes each.
enum class FileForm {
  markdown,   ///< .md: YAML front matter and the text; the only form for all members
  dotprompt,  ///< .prompt: Google's Dotprompt, with Picoschema
  prompty,    ///< .prompty: Microsoft's Prompty, versions 1 and 2
  text,       ///< .txt .mustache .j2 .jinja .jinja2: only the text
  json,       ///< .json: the content of prompt.h with the members of a PromptFile, or a list of messages
  yaml        ///< .yaml .yml: the same in YAML
};

/// The content of a prompt file. All members except name and prompt may be empty.
struct PromptFile {
  std::string name;
  std::string semver;  ///< requested SemVer: the member "version", otherwise from the file name (v1.2.0.md)
  std::string description;
  registry::Tags tags;
  std::vector<std::string> aliases;  ///< requested aliases of this version
  Prompt prompt;
  std::size_t bodyLine = 0;  ///< line of the file on which the text, or the first message, begins; 0: not in the body
  /// Chat prompts with messages in the body: the line on which the text of each begins (0 for placeholders).
  std::vector<std::size_t> messageLines;
};

/// The form by the file's extension. Empty for files that are not prompts: other extensions, README, CHANGELOG and
/// similar, hidden files, tests.yaml and aliases.yaml.
std::optional<FileForm> promptFileForm(std::string_view path);

/// Reads a file. `path` is relative, with '/'. If the file has no name, the path gives it: the part between "prompts/"
/// (otherwise the last '/') and the extension, or the folder of a file vX.Y.Z. Throws Invalid whose message starts with
/// "PATH:LINE: " (or "PATH: ") and names the broken rule.
PromptFile parsePromptFile(std::string_view path, std::string_view bytes);

/// Writes a file that parsePromptFile reads back with equal name, SemVer, prompt, description, tags and aliases.
/// Deterministic. Throws Error{unsupported} for members that the form cannot represent.
std::string writePromptFile(const PromptFile& file, FileForm form = FileForm::markdown);

/// "prompts/NAME/vX.Y.Z.md" (markdown with a SemVer), otherwise "prompts/NAME.EXTENSION".
std::string promptFilePath(std::string_view name, std::string_view semver, FileForm form = FileForm::markdown);

}  // namespace regesta::prompt
