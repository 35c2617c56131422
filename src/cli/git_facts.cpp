#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "base/text.h"
#include "base/time.h"
#include "cli/prompt_files.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

/// What `git …` prints, run in `folder`; nothing when there is no git or it fails. Nothing goes through a shell.
std::optional<std::string> git(const fs::path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"git", "-C", folder.string()});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  pid_t child = 0;
  int failed = ::posix_spawnp(&child, "git", &actions, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  std::string output;
  if (failed == 0) {
    std::array<char, 4096> part{};
    for (ssize_t count; (count = ::read(ends[0], part.data(), part.size())) > 0;)
      output.append(part.data(), static_cast<std::size_t>(count));
  }
  ::close(ends[0]);
  int status = 0;
  if (failed != 0 || ::waitpid(child, &status, 0) != child || status != 0) return std::nullopt;
  return output;
}

fs::path folderOf(const std::string& path) {
  fs::path absolute = fs::absolute(path);
  return fs::is_directory(absolute) ? absolute : absolute.parent_path();
}

/// git log's %G?: what is known of the commit's signature.
std::string_view signatureWord(std::string_view letter) {
  if (letter == "G") return "good";
  if (letter == "B" || letter == "R") return "bad";
  return "unknown";  // expired, or by an untrusted key
}

}  // namespace

registry::Tags gitProvenance(const std::string& path) {
  fs::path folder = folderOf(path);
  std::string file = fs::absolute(path).string();
  std::optional<std::string> log = git(folder, {"log", "-1", "--format=%H%n%an <%ae>%n%aI%n%G?", "--", file});
  if (!log) return {};
  std::vector<std::string_view> lines = split(trim(*log), '\n');
  registry::Tags tags;
  if (lines.size() >= 4) {
    tags["git.commit"] = lines[0];
    tags["git.author"] = lines[1];
    if (auto at = parseTime(lines[2])) tags["git.time"] = formatTime(*at);
    if (lines[3] != "N") tags["git.signature"] = fmt::format("{}, says Git", signatureWord(lines[3]));
    std::optional<std::string> at = git(folder, {"tag", "--points-at", std::string(lines[0])});
    if (at && !trim(*at).empty()) tags["git.tag"] = split(trim(*at), '\n')[0];
  }
  std::optional<std::string> changed = git(folder, {"status", "--porcelain", "--", file});
  if (changed && !trim(*changed).empty()) tags["git.dirty"] = "yes";
  return tags;
}

std::vector<GtoTag> gtoTags(const std::string& path) {
  std::vector<GtoTag> tags;
  std::optional<std::string> listed = git(folderOf(path), {"tag", "--points-at", "HEAD"});
  if (!listed) return tags;
  for (std::string_view line : split(*listed, '\n'))
    if (std::optional<GtoTag> tag = parseGtoTag(trim(line))) tags.push_back(*std::move(tag));
  return tags;
}

}  // namespace regesta::cli
