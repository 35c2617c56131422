#include "prompt/prompt_file.h"

#include <algorithm>

#include "base/limits.h"
#include "base/semver.h"
#include "base/text.h"
#include "prompt/file/forms.h"
#include "prompt/file/members.h"
#include "prompt/file/yaml.h"

namespace regesta::prompt {
namespace {

struct End {
  std::string_view end;
  FileForm form;
};
constexpr End ends[] = {{".md", FileForm::markdown}, {".prompt", FileForm::dotprompt}, {".prompty", FileForm::prompty},
                        {".txt", FileForm::text},    {".mustache", FileForm::text},    {".jinja2", FileForm::text},
                        {".jinja", FileForm::text},  {".j2", FileForm::text},          {".json", FileForm::json},
                        {".yaml", FileForm::yaml},   {".yml", FileForm::yaml}};
constexpr std::string_view notPrompts[] = {"readme",   "changelog", "license",    "contributing",    "tests",
                                           "aliases",  "package",   "codeowners", "promptfooconfig", "package-lock",
                                           "tsconfig", "agents",    "claude"};

std::string_view lastPart(std::string_view path) { return path.substr(path.rfind('/') + 1); }

const End* endOf(std::string_view path) {
  std::string small = lower(path);
  auto at = std::ranges::find_if(
      ends, [&](const End& end) { return small.ends_with(end.end) && lastPart(small).size() > end.end.size(); });
  return at == std::end(ends) ? nullptr : at;
}

/// vX.Y.Z as the complete name of a file.
std::optional<SemVer> versionName(std::string_view stem) {
  return stem.starts_with('v') ? SemVer::parse(stem.substr(1)) : std::nullopt;
}

struct PathFacts {
  std::string name, semver;
};

PathFacts factsOf(std::string_view path, std::string_view end) {
  std::string_view stem = path.substr(0, path.size() - end.size());
  PathFacts facts;
  if (std::optional<SemVer> version = versionName(lastPart(stem))) {
    facts.semver = version->str();
    stem = stem.substr(0, std::min(stem.rfind('/'), stem.size()));
    if (stem.ends_with(lastPart(path.substr(0, path.size() - end.size())))) stem = {};
  }
  std::size_t folder = stem.starts_with("prompts/") ? 0 : stem.find("/prompts/");
  if (folder == std::string_view::npos)
    facts.name = lastPart(stem);
  else
    facts.name = stem.substr(folder + (folder == 0 ? 8 : 9));
  return facts;
}

PromptFile readText(const file::FrontMatter& found, std::string_view end) {
  PromptFile file;
  file.prompt.text = found.body;
  file.bodyLine = found.bodyLine;
  if (end.starts_with(".j")) file.prompt.format = TemplateFormat::jinja2;
  return file;
}

/// A list of messages is a chat prompt of nothing else.
file::FrontMatter membersOf(std::string_view path, const json::value& value) {
  file::FrontMatter found;
  found.path = path;
  found.bodyLine = 0;
  if (value.is_array())
    found.members["template"] = value;
  else if (value.is_object())
    found.members = value.get_object();
  else
    file::failAt(path, 1, "must be an object, or a list of messages");
  return found;
}

json::value parseDocument(std::string_view path, std::string_view bytes, FileForm form) {
  if (form == FileForm::json) {
    try {
      return parseJson(bytes);
    } catch (const Error& fault) {
      file::failAt(path, 1, fault.message);
    }
  }
  try {
    return file::parseYaml(bytes);
  } catch (const file::YamlFault& fault) {
    file::failAt(path, fault.line, fault.message);
  }
}

PromptFile readForm(std::string_view path, std::string_view bytes, const End& end) {
  switch (end.form) {
    case FileForm::markdown:
      return file::fromMembers(file::readFrontMatter(path, bytes));
    case FileForm::dotprompt:
      return file::readDotprompt(file::readFrontMatter(path, bytes));
    case FileForm::prompty:
      return file::readPrompty(file::readFrontMatter(path, bytes));
    case FileForm::text: {
      file::FrontMatter found = file::readFrontMatter(path, bytes);
      return found.present ? file::fromMembers(std::move(found)) : readText(found, end.end);
    }
    default:
      return file::fromMembers(membersOf(path, parseDocument(path, bytes, end.form)));
  }
}

json::object wholeDocument(const PromptFile& file) {
  json::object members;
  if (!file.semver.empty()) members["version"] = file.semver;
  for (auto& [key, value] : file::toMembers(file, nullptr)) members[key] = value;
  return members;
}

}  // namespace

std::optional<FileForm> promptFileForm(std::string_view path) {
  const End* end = endOf(path);
  if (!end) return std::nullopt;
  for (std::string_view part : split(path, '/'))
    if (part.starts_with('.')) return std::nullopt;
  std::string stem = lower(lastPart(path.substr(0, path.size() - end->end.size())));
  if (std::ranges::find(notPrompts, stem) != std::end(notPrompts)) return std::nullopt;
  return end->form;
}

PromptFile parsePromptFile(std::string_view path, std::string_view bytes) {
  const End* end = endOf(path);
  if (!end)
    file::failAt(path, 0, "is not a prompt: its name must end in .md, .prompt, .prompty, .txt, .j2, .json or .yaml");
  if (bytes.size() > limits::promptFile)
    file::failAt(path, 0, fmt::format("is larger than {} bytes", limits::promptFile));
  PromptFile file = readForm(path, bytes, *end);
  PathFacts facts = factsOf(path, end->end);
  if (file.name.empty()) file.name = facts.name;
  if (!facts.semver.empty() && !file.semver.empty() && file.semver != facts.semver)
    file::failAt(path, 1, fmt::format("says version {}, and its name says {}", file.semver, facts.semver));
  if (file.semver.empty()) file.semver = facts.semver;
  if (file.semver.starts_with('v')) file.semver.erase(0, 1);
  if (!file.semver.empty() && !SemVer::parse(file.semver))
    file::failAt(path, 1,
                 fmt::format("version '{}' must be a Semantic Version such as 1.4.2", shorten(file.semver, 60)));
  if (file.name.empty()) file::failAt(path, 0, "does not name its prompt");
  return file;
}

std::string writePromptFile(const PromptFile& file, FileForm form) {
  switch (form) {
    case FileForm::dotprompt:
      return file::writeDotprompt(file);
    case FileForm::prompty:
      return file::writePrompty(file);
    case FileForm::text: {
      bool plain = !file.prompt.chat && canonicalPrompt(file.prompt) == canonicalPrompt({.text = file.prompt.text}) &&
                   file.prompt.text == file::trimmedBody(file.prompt.text);
      if (!plain) throw Error(Code::unsupported, "a .txt file can only have text; write it as .md");
      return file::writeFrontMatter({}, file.prompt.text);
    }
    case FileForm::json:
      return writeJson(wholeDocument(file)) + "\n";
    case FileForm::yaml:
      return file::writeYaml(wholeDocument(file));
    default: {
      std::string body;
      json::object members = file::toMembers(file, &body);
      return file::writeFrontMatter(members, body);
    }
  }
}

std::string promptFilePath(std::string_view name, std::string_view semver, FileForm form) {
  if (form == FileForm::markdown && !semver.empty()) return fmt::format("prompts/{}/v{}.md", name, semver);
  auto at = std::ranges::find(ends, form, &End::form);
  return fmt::format("prompts/{}{}", name, at->end);
}

}  // namespace regesta::prompt
