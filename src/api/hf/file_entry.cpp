#include "api/hf/file_entry.h"

#include "api/xet_token.h"
#include "base/text.h"
#include "base/time.h"
#include "git/objects.h"

namespace regesta::api::hf {
namespace {

std::string pointerTo(const registry::VersionFile& file) {
  return fmt::format("version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n", file.digest, file.size);
}

}  // namespace

std::string pointerId(const registry::VersionFile& file) {
  return regesta::git::hashOf(regesta::git::Type::blob, pointerTo(file)).str();
}

std::size_t pointerSize(const registry::VersionFile& file) { return pointerTo(file).size(); }

void writeFile(JsonWriter& writer, const Core& core, const registry::VersionFile& file,
               const registry::Commit* lastCommit) {
  std::string pointer = pointerTo(file);
  writer.object().key("type").text("file").key("path").text(file.path).key("size").number(file.size);
  writer.key("oid").text(regesta::git::hashOf(regesta::git::Type::blob, pointer).str());
  writer.key("lfs").object().key("oid").text(file.digest).key("size").number(file.size);
  writer.key("pointerSize").number(static_cast<std::int64_t>(pointer.size())).end();
  if (std::optional<std::string> hash = xetHashOf(core, file.digest)) writer.key("xetHash").text(*hash);
  if (lastCommit) {
    writer.key("lastCommit");
    writeLastCommit(writer, *lastCommit);
  }
  writer.end();
}

std::string titleOf(const registry::Commit& commit) {
  if (!commit.version) return "Initial commit";
  std::string_view text = commit.version->description;
  std::string_view title = trim(text.substr(0, text.find('\n')));
  return title.empty() ? fmt::format("Version {}", commit.number) : std::string(title);
}

std::string messageOf(const registry::Commit& commit) {
  if (!commit.version) return {};
  std::string_view text = commit.version->description;
  std::size_t line = text.find('\n');
  return line == std::string_view::npos ? std::string() : std::string(trim(text.substr(line)));
}

void writeLastCommit(JsonWriter& writer, const registry::Commit& commit) {
  writer.object().key("id").text(commit.id).key("title").text(titleOf(commit));
  writer.key("date").text(formatTime(commit.version ? commit.version->createdAt : 0)).end();
}

}  // namespace regesta::api::hf
