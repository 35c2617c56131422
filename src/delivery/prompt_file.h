#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/prompt.h"
#include "registry/asset.h"

namespace regesta::delivery {

/// How a prompt lies in a folder or a Git repository; docs/prompts.md describes each.
enum class FileForm {
  markdown,   ///< .md: YAML front matter and the text; the form that holds everything
  dotprompt,  ///< .prompt: Google's Dotprompt, with Picoschema
  prompty,    ///< .prompty: Microsoft's Prompty, versions 1 and 2
  text,       ///< .txt .mustache .j2 .jinja .jinja2: nothing but the text
  json,       ///< .json: the content of prompt.h with the members of a PromptFile, or a list of messages
  yaml        ///< .yaml .yml: the same in YAML
};

/// What one file says. All but the name and the prompt may be empty.
struct PromptFile {
  std::string name;
  std::string semver;  ///< the author's wish: the member "version", else the file's own name (v1.2.0.md)
  std::string description;
  registry::Tags tags;
  std::vector<std::string> aliases;  ///< that the author wants on this version
  Prompt prompt;
  std::size_t bodyLine = 0;  ///< line of the file on which the text, or the first message, begins; 0: not in the body
  /// Chat prompts with messages in the body: the line on which the text of each begins (0 for placeholders).
  std::vector<std::size_t> messageLines;
};

/// The form by the end of the name. Nothing for files that are no prompts: other ends, README, CHANGELOG and their
/// like, hidden files, tests.yaml and aliases.yaml.
std::optional<FileForm> promptFileForm(std::string_view path);

/// Reads a file. `path` is relative, with '/'; it names the prompt where the file itself does not: what stands between
/// "prompts/" (without such a folder: between the last '/') and the end of the name, or the folder of a file called
/// vX.Y.Z. Throws Invalid whose message starts with "PATH:LINE: " (or "PATH: "), and says which rule is broken.
PromptFile parsePromptFile(std::string_view path, std::string_view bytes);

/// The same as a file: parsePromptFile reads back name, SemVer, prompt, description, tags and aliases as they were.
/// Deterministic. Throws Error{unsupported} for what the form cannot hold.
std::string writePromptFile(const PromptFile& file, FileForm form = FileForm::markdown);

/// "prompts/NAME/vX.Y.Z.md" (markdown with a SemVer), else "prompts/NAME.<end of the form>".
std::string promptFilePath(std::string_view name, std::string_view semver, FileForm form = FileForm::markdown);

}  // namespace regesta::delivery
