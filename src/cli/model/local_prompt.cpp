#include "cli/model/local_prompt.h"

#include <filesystem>

#include "base/error.h"
#include "base/semver.h"
#include "cli/session.h"
#include "prompt/file/yaml.h"
#include "prompt/prompt_file.h"
#include "prompt/render.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

std::optional<fs::path> testsIn(const fs::path& folder) {
  for (const char* name : {"tests.yaml", "tests.yml", "tests.json"})
    if (fs::is_regular_file(folder / name)) return folder / name;
  return std::nullopt;
}

TestedPrompt read(const fs::path& file, const std::optional<fs::path>& tests) {
  prompt::PromptFile parsed = prompt::parsePromptFile(file.string(), readInput(file.string()));
  TestedPrompt local{parsed.name, tests ? tests->string() : "", std::move(parsed.prompt)};
  if (!parsed.semver.empty()) local.title += " " + parsed.semver;
  return local;
}

/// The newest of the versions in one folder.
TestedPrompt newestIn(const fs::path& folder, const std::optional<fs::path>& tests) {
  std::optional<TestedPrompt> newest;
  std::optional<SemVer> highest;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && prompt::promptFileForm(entry.path().string())) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    std::string semver = prompt::parsePromptFile(file.string(), readInput(file.string())).semver;
    std::optional<SemVer> version = SemVer::parse(semver);
    if (newest && !(version && (!highest || *version > *highest))) continue;
    newest = read(file, tests);
    highest = version;
  }
  if (!newest) throw error(Code::notFound, "{} holds tests but no prompt file", folder.string());
  return *std::move(newest);
}

}  // namespace

std::vector<TestedPrompt> testedPrompts(const std::string& path, bool without) {
  fs::path place(path);
  if (!fs::is_directory(place)) {
    auto tests = testsIn(place.has_parent_path() ? place.parent_path() : fs::path("."));
    if (!tests && !without)
      throw error(Code::notFound, "there is no tests.yaml next to {}; name one with --tests", path);
    return {read(place, tests)};
  }
  if (auto tests = testsIn(place); tests || without) return {newestIn(place, tests)};
  std::vector<fs::path> folders;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(place))
    if (entry.is_directory() && testsIn(entry.path())) folders.push_back(entry.path());
  if (folders.empty()) throw error(Code::notFound, "no folder below {} has a tests.yaml", path);
  std::ranges::sort(folders);
  std::vector<TestedPrompt> prompts;
  for (const fs::path& folder : folders) prompts.push_back(newestIn(folder, testsIn(folder)));
  return prompts;
}

json::value readYamlFile(const std::string& file) {
  try {
    return prompt::file::parseYaml(readInput(file));
  } catch (const prompt::file::YamlFault& fault) {
    throw error(Code::invalid, "{}:{}: {}", file, fault.line, fault.message);
  }
}

json::array renderedHere(const prompt::Prompt& prompt, const json::object& vars, policy::Engine& engine) {
  if (!prompt.partials.empty())
    throw Error(Code::unsupported, "the prompt includes others, which only the server has: push it, then test NAME");
  prompt::RenderedPrompt rendered = prompt::render(prompt, vars, engine);
  if (prompt.chat) return rendered.messages;
  return {json::object{{"role", "user"}, {"content", rendered.text}}};
}

}  // namespace regesta::cli
