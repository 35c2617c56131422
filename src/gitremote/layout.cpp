#include "gitremote/layout.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/semver.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "registry/asset.h"
#include "registry/pointer.h"
#include "registry/workspace.h"

namespace regesta::gitremote {
namespace {

constexpr std::string_view folder = "prompts/", aliasesFile = "aliases.yaml", tags = "refs/tags/";
constexpr std::size_t aliasesSize = 64 * 1024, partBytes = 180, partsAtMost = 24;

std::string hexed(char c) { return fmt::format("%{:02X}", static_cast<unsigned char>(c)); }

std::string escaped(std::string_view part, std::string_view letters) {
  std::string text;
  for (std::size_t i = 0; i < part.size(); ++i) {
    bool last = i + 1 == part.size();
    bool edge = (i == 0 && part[i] == '.') || (last && (part[i] == '.' || part[i] == ' '));
    bool twice = part[i] == '.' && i > 0 && part[i - 1] == '.';
    // A folder must not have the name of a version file or an aliases file, nor a part of a ref that of Git's locks.
    bool taken = (i == 0 && (part.ends_with(".md") || part == aliasesFile)) || (last && part.ends_with(".lock"));
    bool special = part[i] == '%' || letters.find(part[i]) != std::string_view::npos;
    if (edge || twice || taken || special)
      text += hexed(part[i]);
    else
      text += part[i];
  }
  return text;
}

/// Cut names are distinguished by a digest. Only the server creates such folders: "%~" decodes to no prompt's name.
std::string cutShort(std::string_view text, std::string_view name) {
  return fmt::format("{}%~{}", startOf(text, partBytes / 2), crypto::sha256Hex(name).substr(0, 32));
}

/// The name as folders, each short enough for every file system and not too many of them.
std::string foldersOf(std::string_view name, std::string_view letters) {
  std::vector<std::string_view> parts = split(name, '/');
  if (parts.size() > partsAtMost) return cutShort(escaped(parts[0], letters), name);
  std::vector<std::string> folders;
  for (std::string_view part : parts) {
    std::string text = escaped(part, letters);
    folders.push_back(text.size() > partBytes ? cutShort(text, part) : std::move(text));
  }
  return join(folders, "/");
}

std::string fileName(std::string_view name) { return foldersOf(name, "<>\"|?*~"); }
std::string refName(std::string_view name) { return foldersOf(name, "<>\"|?*~^[@# "); }

/// Error as the author's terminal shows it: the file first.
Invalid atPath(std::string_view path, std::string rule) {
  Invalid fault("path", rule);
  fault.message = fmt::format("{}: {}", path, rule);
  return fault;
}

/// The name that folders, or the first part of a tag, stand for; empty when they stand for none.
std::string nameOf(std::string_view folders) {
  auto name = percentDecode(folders);
  if (!name) return {};
  try {
    registry::checkName(*name, registry::Kind::prompt);
  } catch (const Invalid&) {
    return {};
  }
  return *std::move(name);
}

struct Split {
  std::string_view name, rest;
};
std::optional<Split> splitPath(std::string_view path) {
  if (!path.starts_with(folder)) return std::nullopt;
  path.remove_prefix(folder.size());
  std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  return Split{path.substr(0, slash), path.substr(slash + 1)};
}

std::string_view unquoted(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

}  // namespace

std::string repositoryName(std::string_view workspace) {
  return workspace == registry::defaultWorkspace ? "prompts" : fmt::format("{}-prompts", workspace);
}

std::optional<std::string> workspaceOf(std::string_view name) {
  if (name == "prompts") return std::string(registry::defaultWorkspace);
  if (!name.ends_with("-prompts")) return std::nullopt;
  return std::string(name.substr(0, name.size() - 8));
}

std::string versionPath(std::string_view name, std::string_view semver) {
  return fmt::format("{}{}/v{}.md", folder, fileName(name), semver);
}
std::string aliasesPath(std::string_view name) { return fmt::format("{}{}/{}", folder, fileName(name), aliasesFile); }
std::string versionTag(std::string_view name, std::string_view semver) {
  return fmt::format("{}{}@v{}", tags, refName(name), semver);
}

std::optional<VersionPlace> parseVersionPath(std::string_view path) {
  auto parts = splitPath(path);
  if (!parts || parts->rest.size() < 5 || parts->rest[0] != 'v' || !parts->rest.ends_with(".md")) return std::nullopt;
  std::string_view semver = parts->rest.substr(1, parts->rest.size() - 4);
  if (semver[0] < '0' || semver[0] > '9') return std::nullopt;  // "vocabulary.md"
  auto parsed = SemVer::parse(semver);
  if (!parsed || parsed->str() != semver)
    throw atPath(path, "a version file is called v1.2.3.md, with a whole Semantic Version");
  std::string name = nameOf(parts->name);
  if (name.empty() || versionPath(name, semver) != path)
    throw atPath(path, "the folder's name is not a valid prompt name");
  return VersionPlace{std::move(name), std::string(semver)};
}

std::optional<std::string> parseAliasesPath(std::string_view path) {
  auto parts = splitPath(path);
  if (!parts || parts->rest != aliasesFile) return std::nullopt;
  std::string name = nameOf(parts->name);
  if (name.empty() || aliasesPath(name) != path) throw atPath(path, "the folder's name is not a valid prompt name");
  return name;
}

std::optional<std::string> promptOfPath(std::string_view path) {
  auto parts = splitPath(path);
  if (!parts) return std::nullopt;
  std::string name = nameOf(parts->name);
  return name.empty() ? std::nullopt : std::optional(std::move(name));
}

std::optional<VersionPlace> parseVersionTag(std::string_view ref) {
  if (!ref.starts_with(tags)) return std::nullopt;
  std::string_view text = ref.substr(tags.size());
  std::size_t at = text.rfind("@v");
  if (at == std::string_view::npos || !SemVer::parse(text.substr(at + 2))) return std::nullopt;
  std::string name = nameOf(text.substr(0, at));
  if (name.empty()) return std::nullopt;
  return VersionPlace{std::move(name), std::string(text.substr(at + 2))};
}

std::optional<AliasTag> parseAliasTag(std::string_view ref) {
  if (!ref.starts_with(tags)) return std::nullopt;
  std::string_view text = ref.substr(tags.size());
  std::size_t mark = text.find('#');
  if (mark == std::string_view::npos) return std::nullopt;
  AliasTag tag;
  tag.name = nameOf(text.substr(0, mark));
  text.remove_prefix(mark + 1);
  if (std::size_t counter = text.rfind('#'); counter != std::string_view::npos) {
    if (!parseInteger(text.substr(counter + 1))) return std::nullopt;
    text = text.substr(0, counter);
    tag.counted = true;
  }
  tag.remove = text.ends_with('!');
  if (tag.remove) text.remove_suffix(1);
  tag.alias = text;
  if (tag.name.empty() || tag.alias.empty()) return std::nullopt;
  return tag;
}

bool claimsSomething(std::string_view ref) {
  if (!ref.starts_with(tags)) return false;
  ref.remove_prefix(tags.size());
  return ref.find('#') != std::string_view::npos || ref.find("@v") != std::string_view::npos;
}

Aliases parseAliases(std::string_view path, std::string_view bytes) {
  if (bytes.size() > aliasesSize || !isUtf8(bytes)) throw atPath(path, "must be UTF-8 text of at most 64 KiB");
  Aliases aliases;
  std::size_t number = 0;
  for (std::string_view line : split(bytes, '\n')) {
    std::string where = fmt::format("{}:{}", path, ++number);
    line = trim(line.substr(0, std::min(line.find(" #"), line.size())));
    if (line.empty() || line[0] == '#' || line == "---" || line == "{}") continue;
    std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) throw atPath(where, "must read \"alias: 1.2.0\"");
    std::string alias(unquoted(trim(line.substr(0, colon))));
    std::string_view semver = unquoted(trim(line.substr(colon + 1)));
    if (semver.starts_with('v')) semver.remove_prefix(1);
    try {
      registry::checkAlias(alias);
    } catch (const Invalid& fault) {
      throw atPath(where, fault.message);
    }
    if (!SemVer::parse(semver))
      throw atPath(where, fmt::format("alias '{}' needs a whole version, such as 1.2.0", alias));
    if (!aliases.emplace(alias, semver).second) throw atPath(where, fmt::format("alias '{}' is there twice", alias));
  }
  return aliases;
}

std::string writeAliases(const Aliases& aliases) {
  std::string text =
      "# The versions that aliases point to. A push that changes a line moves the alias, or requests approval.\n";
  for (const auto& [alias, semver] : aliases) text += fmt::format("{}: {}\n", alias, semver);
  return text;
}

}  // namespace regesta::gitremote
