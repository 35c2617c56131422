#include "cli/prompt_files.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/limits.h"
#include "base/semver.h"
#include "base/text.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

/// "." and "./prompts" name the folder they are: its own name counts when it is called prompts.
std::string pathInside(const std::string& path) { return fs::absolute(path).lexically_normal().generic_string(); }

void addFolder(std::vector<std::string>& files, const std::string& folder) {
  fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied);
  for (auto at = fs::begin(walk); at != fs::end(walk); ++at) {
    if (at->path().filename().string().starts_with('.')) {
      if (at->is_directory()) at.disable_recursion_pending();
      continue;
    }
    std::string relative = fs::relative(at->path(), folder).generic_string();
    if (at->is_regular_file() && prompt::promptFileForm(relative)) files.push_back(at->path().string());
  }
}

}  // namespace

bool isBefore(const LocalPrompt& a, const LocalPrompt& b) {
  if (a.file.name != b.file.name) return a.file.name < b.file.name;
  std::optional<SemVer> first = SemVer::parse(a.file.semver), second = SemVer::parse(b.file.semver);
  if (first && second) return *first < *second;
  if (first.has_value() != second.has_value()) return first.has_value();
  return a.path < b.path;
}

std::vector<std::string> promptPaths(const std::vector<std::string>& paths) {
  std::vector<std::string> files;
  for (const std::string& path : paths) {
    if (!fs::exists(path)) throw error(Code::notFound, "the file or folder {} does not exist", path);
    std::vector<std::string> found;
    if (fs::is_directory(path))
      addFolder(found, path);
    else
      found.push_back(path);
    std::ranges::sort(found);
    files.insert(files.end(), found.begin(), found.end());
  }
  if (files.empty())
    throw error(Code::notFound, "no prompt files found in {} (.md, .prompt, .prompty, .txt, .j2, .json, .yaml)",
                join(paths, ", "));
  return files;
}

LocalPrompt readPromptFile(const std::string& path) {
  if (std::error_code failed; fs::file_size(path, failed) > limits::promptFile && !failed)
    throw error(Code::tooLarge, "{} is larger than {} bytes", path, limits::promptFile);
  std::string inside = pathInside(path);
  try {
    return {path, prompt::parsePromptFile(inside, readInput(path))};
  } catch (const Invalid& fault) {
    // The message names the whole path; people know the one they typed.
    std::string message = fault.message;
    if (message.starts_with(inside)) message = path + message.substr(inside.size());
    throw Error(Code::invalid, message);
  }
}

std::vector<LocalPrompt> readPromptFiles(const std::vector<std::string>& paths) {
  std::vector<LocalPrompt> prompts;
  for (const std::string& path : promptPaths(paths)) prompts.push_back(readPromptFile(path));
  std::sort(prompts.begin(), prompts.end(), isBefore);
  return prompts;
}

json::object promptBody(const prompt::PromptFile& file) {
  json::object body = parseJson(prompt::canonicalPrompt(file.prompt)).as_object();
  body.erase("type");
  if (file.prompt.chat) {
    body["messages"] = body.at("template");
    body.erase("template");
  }
  if (!file.semver.empty()) body["semver"] = file.semver;
  if (!file.description.empty()) body["description"] = file.description;
  constexpr std::string_view ofGit = "git.";
  json::object tags, git;
  for (const auto& [key, value] : file.tags) {
    if (key.starts_with(ofGit))
      git[key.substr(ofGit.size())] = value;
    else
      tags[key] = value;
  }
  if (!tags.empty()) body["tags"] = std::move(tags);
  if (!git.empty()) body["git"] = std::move(git);
  return body;
}

std::optional<GtoTag> parseGtoTag(std::string_view tag) {
  std::size_t sign = tag.find_first_of("@#");
  if (sign == 0 || sign == std::string_view::npos || tag.ends_with('!')) return std::nullopt;
  std::string_view name = tag.substr(0, sign), rest = tag.substr(sign + 1);
  name.remove_prefix(std::min(name.find('=') + 1, name.size()));  // "dir=name" of a monorepo
  if (tag[sign] == '#') {
    std::string_view alias = rest.substr(0, rest.find('#'));  // "#stage#5": the order among tags
    if (alias.empty() || name.empty()) return std::nullopt;
    return GtoTag{std::string(name), "", std::string(alias)};
  }
  if (!rest.starts_with('v')) return std::nullopt;
  std::optional<SemVer> semver = SemVer::parse(rest.substr(1));
  if (!semver || name.empty()) return std::nullopt;
  return GtoTag{std::string(name), semver->str(), ""};
}

}  // namespace regesta::cli
