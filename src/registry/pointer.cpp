#include "registry/pointer.h"

#include "base/error.h"
#include "base/semver.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::size_t aliasLength = 255;

bool isAliasCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool looksLikeVersion(std::string_view alias) {
  return alias.size() > 1 && (alias[0] == 'v' || alias[0] == 'V') &&
         alias.find_first_not_of("0123456789", 1) == std::string_view::npos;
}

/// "production.b17": what a client asks for that can send no key.
bool looksLikeBucket(std::string_view alias) {
  std::size_t dot = alias.rfind(".b");
  return dot != std::string_view::npos && dot + 2 < alias.size() &&
         alias.find_first_not_of("0123456789", dot + 2) == std::string_view::npos;
}

Alias readRow(db::Rows& rows) { return {rows.text(0), rows.integer(1), rows.integer(2), rows.text(3)}; }

}  // namespace

void checkAlias(std::string_view alias) {
  if (alias.empty()) throw Invalid("alias", "is required");
  if (alias.size() > aliasLength) throw Invalid("alias", fmt::format("must be at most {} bytes", aliasLength));
  if (!std::all_of(alias.begin(), alias.end(), isAliasCharacter))
    throw Invalid("alias", "may only contain letters, digits, '_', '.' and '-'");
  if (equalsIgnoreCase(alias, "latest")) throw Invalid("alias", "must not be \"latest\", which is the newest version");
  if (looksLikeVersion(alias)) throw Invalid("alias", "must not be 'v' and a number, which is a version");
  if (alias.find('.') == std::string_view::npos) return;
  if (SemVer::parse(alias) || inRange(SemVer{}, alias))
    throw Invalid("alias", "must not read as a version or a range of versions");
  if (looksLikeBucket(alias))
    throw Invalid("alias", "must not end in '.b' and a number, which asks for a bucket of a rollout");
}

std::string canonicalStage(std::string_view stage) {
  for (std::string_view known : stages)
    if (equalsIgnoreCase(stage, known)) return std::string(known);
  throw Invalid("stage", "must be one of None, Staging, Production, Archived");
}

std::vector<Alias> listAliases(db::Session& session, const Asset& asset) {
  std::vector<Alias> aliases;
  db::Rows rows = session.query("SELECT name, number, moved_at, moved_by FROM alias WHERE asset = $1", {asset.id});
  while (rows.next()) aliases.push_back(readRow(rows));
  std::sort(aliases.begin(), aliases.end(), [](const Alias& a, const Alias& b) { return a.name < b.name; });
  return aliases;
}

std::optional<Alias> findAlias(db::Session& session, const Asset& asset, std::string_view alias) {
  db::Rows rows = session.query("SELECT name, number, moved_at, moved_by FROM alias WHERE asset = $1 AND name = $2",
                                {asset.id, alias});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

std::vector<std::string> aliasesOf(db::Session& session, const Version& version) {
  std::vector<std::string> names;
  db::Rows rows =
      session.query("SELECT name FROM alias WHERE asset = $1 AND number = $2", {version.asset.id, version.number});
  while (rows.next()) names.push_back(rows.text(0));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<NamedAlias> aliasesIn(db::Session& session, std::string_view workspace, Kind kind, std::size_t limit) {
  std::vector<NamedAlias> found;
  db::Rows rows = session.query(
      "SELECT a.name, l.name, l.number FROM asset a JOIN alias l ON l.asset = a.id "
      "WHERE a.workspace = $1 AND a.kind = $2 ORDER BY a.name, l.name LIMIT $3",
      {workspace, kindName(kind), limit});
  while (rows.next()) found.push_back({rows.text(0), rows.text(1), rows.integer(2)});
  return found;
}

std::int64_t holderOf(db::Session& session, const Asset& asset, std::string_view pointer) {
  if (!pointer.starts_with("stage:")) {
    std::optional<Alias> alias = findAlias(session, asset, pointer);
    return alias ? alias->number : 0;
  }
  // Deleted versions are in no stage that has a pointer.
  db::Rows rows =
      session.query("SELECT number FROM version WHERE asset = $1 AND stage = $2 ORDER BY number DESC LIMIT 1",
                    {asset.id, pointer.substr(6)});
  return rows.next() ? rows.integer(0) : 0;
}

std::vector<std::string> standingPointers(db::Session& session, const Asset& asset) {
  std::vector<std::string> pointers;
  for (const Alias& alias : listAliases(session, asset)) pointers.push_back(alias.name);
  for (std::string_view stage : stages) {
    std::string pointer = fmt::format("stage:{}", stage);
    if (stage != "None" && holderOf(session, asset, pointer) != 0) pointers.push_back(std::move(pointer));
  }
  std::sort(pointers.begin(), pointers.end());
  return pointers;
}

bool isProtected(db::Session& session, const AssetKey& key, std::string_view pointer) {
  db::Rows rows = session.query("SELECT workspace, kind, name_pattern FROM binding WHERE pointer = $1", {pointer});
  while (rows.next()) {
    bool here = rows.view(0) == key.workspace || rows.view(0) == "*";
    bool thisKind = rows.view(1) == kindName(key.kind) || rows.view(1) == "*";
    if (here && thisKind && globMatch(rows.view(2), key.name)) return true;
  }
  return false;
}

}  // namespace regesta::registry
