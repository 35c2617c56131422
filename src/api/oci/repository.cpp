#include "api/oci/repository.h"

#include "api/oci/dialect.h"
#include "base/text.h"
#include "registry/pointer.h"

namespace regesta::api::oci {
namespace {

constexpr std::size_t pathLength = 255;
constexpr std::size_t tagLength = 128;
constexpr std::string_view tagPrefix = "tag.";

bool isAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

/// "[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
bool isComponent(std::string_view text) {
  if (text.empty() || !isAlphanumeric(text.front()) || !isAlphanumeric(text.back())) return false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !isAlphanumeric(text[end])) ++end;
    std::string_view separator = text.substr(at, end - at);
    bool dashes = separator.find_first_not_of('-') == separator.npos;
    if (!dashes && separator != "." && separator != "_" && separator != "__") return false;
    at = end + 1;
  }
  return true;
}

bool isAlias(std::string_view text) {
  try {
    registry::checkAlias(text);
    return true;
  } catch (const Invalid&) {
    return false;
  }
}

/// Kinds that a path names; all other names are artifacts.
std::optional<registry::Kind> namedKind(std::string_view segment) {
  if (segment == "model") return registry::Kind::model;
  if (segment == "dataset") return registry::Kind::dataset;
  return std::nullopt;
}

}  // namespace

std::optional<Repository> parseRepository(std::string_view path) {
  if (path.size() > pathLength) return std::nullopt;
  std::vector<std::string_view> segments = split(path, '/');
  if (segments.size() < 2) return std::nullopt;
  for (std::string_view segment : segments)
    if (!isComponent(segment)) return std::nullopt;
  std::string_view name = path.substr(segments[0].size() + 1);
  registry::AssetKey key{std::string(segments[0]), registry::Kind::artifact, std::string(name)};
  if (auto kind = segments.size() > 2 ? namedKind(segments[1]) : std::nullopt) {
    if (segments.size() > 3) return std::nullopt;  // models and datasets are in no folders
    key.kind = *kind;
    key.name = segments[2];
  }
  return Repository{std::string(path), std::move(key)};
}

std::optional<std::string> repositoryPath(const registry::AssetKey& key) {
  std::string path = key.kind == registry::Kind::artifact ? fmt::format("{}/{}", key.workspace, key.name)
                                                          : fmt::format("{}/{}", key.workspace, key.subject());
  auto parsed = parseRepository(path);
  if (!parsed || parsed->key.kind != key.kind || parsed->key.name != key.name) return std::nullopt;
  return path;
}

std::string workspaceOfPath(const http::Request& request) { return std::string(request.variable("workspace")); }

Repository repositoryOf(const Call& call, access::Verb verb) {
  std::string path = fmt::format("{}/{}", call.http.variable("workspace"), call.http.variable("name"));
  auto repository = parseRepository(path);
  if (!repository)
    throw invalid("NAME_INVALID",
                  "'{}' is not a repository: write <workspace>/<name>, in lower-case letters, digits and single '.', "
                  "'_' or '-' between them; model/<name> and dataset/<name> have no folders",
                  shorten(path, 100));
  call.identity->require(verb, repository->key.workspace, repository->key.name);
  return *std::move(repository);
}

bool isTag(std::string_view text) {
  auto word = [](char c) { return isAlphanumeric(c) || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || text.size() > tagLength || !word(text.front())) return false;
  return std::ranges::all_of(text, [&](char c) { return word(c) || c == '.' || c == '-'; });
}

std::string aliasOfTag(std::string_view tag) {
  if (!isTag(tag))
    throw invalid("TAG_INVALID", "'{}' is not a tag: 1 to {} letters, digits, '_', '.' and '-', not '.' or '-' first",
                  shorten(tag, 100), tagLength);
  if (!tag.starts_with(tagPrefix) && isAlias(tag)) return std::string(tag);
  std::string alias = std::string(tagPrefix) + std::string(tag);
  registry::checkAlias(alias);
  return alias;
}

std::optional<std::string> tagOfAlias(std::string_view alias) {
  std::string_view tag = alias.starts_with(tagPrefix) ? alias.substr(tagPrefix.size()) : alias;
  if (!isTag(tag)) return std::nullopt;
  bool plain = !tag.starts_with(tagPrefix) && isAlias(tag);
  if (plain != (tag.size() == alias.size())) return std::nullopt;
  return std::string(tag);
}

std::optional<std::string> queryValue(const http::Request& request, std::string_view name) {
  for (auto& [key, value] : http::parseQuery(request.query))
    if (key == name) return value;
  return std::nullopt;
}

}  // namespace regesta::api::oci
