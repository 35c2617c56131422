#include "registry/pointer.h"

#include "base/error.h"
#include "base/name.h"
#include "base/name_pattern.h"
#include "base/semver.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::size_t aliasLength = 255;

bool isAliasCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool looksLikeVersion(std::string_view alias) {
  std::string_view number = alias.substr(alias[0] == 'v' || alias[0] == 'V' ? 1 : 0);
  return !number.empty() && number.find_first_not_of("0123456789") == std::string_view::npos;
}

/// "production.b17": what a client asks for that can send no key.
bool looksLikeBucket(std::string_view alias) {
  std::size_t dot = alias.rfind(".b");
  return dot != std::string_view::npos && dot + 2 < alias.size() &&
         alias.find_first_not_of("0123456789", dot + 2) == std::string_view::npos;
}

/// The row is a binding: workspace, kind, name pattern.
bool covers(const db::Rows& rows, const AssetKey& key) {
  return AssetPattern{rows.view(0), rows.view(1), rows.view(2)}.covers(key.workspace, kindName(key.kind), key.name);
}

bool anyCovers(db::Rows rows, const AssetKey& key) {
  while (rows.next())
    if (covers(rows, key)) return true;
  return false;
}

Alias readRow(db::Rows& rows) { return {rows.text(0), rows.integer(1), rows.integer(2), rows.text(3)}; }

}  // namespace

void checkAlias(std::string_view alias) {
  if (alias.empty()) throw Invalid("alias", "is required");
  if (alias.size() > aliasLength) throw Invalid("alias", fmt::format("must be at most {} bytes", aliasLength));
  if (!std::all_of(alias.begin(), alias.end(), isAliasCharacter))
    throw Invalid("alias", "may only contain letters, digits, '_', '.' and '-'");
  if (equalsIgnoreCase(alias, "latest")) throw Invalid("alias", "must not be \"latest\", which is the newest version");
  if (looksLikeVersion(alias)) throw Invalid("alias", "must not be a number, or 'v' and a number, which is a version");
  if (alias.find('.') == std::string_view::npos) return;
  if (SemVer::parse(alias) || inRange(SemVer{}, alias))
    throw Invalid("alias", "must not look like a version or a range of versions");
  if (looksLikeBucket(alias))
    throw Invalid("alias", "must not end in '.b' and a number, which asks for a bucket of a rollout");
}

void checkNewAlias(db::Transaction& transaction, const Asset& asset, std::string_view alias) {
  auto refuse = [&](std::string_view other) {
    throw Invalid("alias", fmt::format("is '{}', which people would take for the alias '{}'", alias, other));
  };
  for (const Alias& other : listAliases(transaction, asset))
    if (areConfusable(other.name, alias)) refuse(other.name);
  db::Rows rows = transaction.query("SELECT workspace, kind, name_pattern, pointer FROM binding");
  while (rows.next())
    if (covers(rows, asset.key) && areConfusable(rows.view(3), alias)) refuse(rows.view(3));
}

std::string canonicalStage(std::string_view stage) {
  for (std::string_view known : stages)
    if (equalsIgnoreCase(stage, known)) return std::string(known);
  throw Invalid("stage", "must be one of None, Staging, Production, Archived");
}

Pointer parsePointer(std::string_view text) {
  constexpr std::size_t length = Pointer::prefix.size();
  if (text.size() > length && equalsIgnoreCase(text.substr(0, length), Pointer::prefix))
    return Pointer::stage(canonicalStage(text.substr(length)));
  checkAlias(text);
  return Pointer::alias(text);
}

std::vector<Alias> listAliases(db::Transaction& transaction, const Asset& asset) {
  std::vector<Alias> aliases;
  db::Rows rows = transaction.query("SELECT name, number, moved_at, moved_by FROM alias WHERE asset = $1", {asset.id});
  while (rows.next()) aliases.push_back(readRow(rows));
  std::sort(aliases.begin(), aliases.end(), [](const Alias& a, const Alias& b) { return a.name < b.name; });
  return aliases;
}

std::optional<Alias> findAlias(db::Transaction& transaction, const Asset& asset, std::string_view alias) {
  db::Rows rows = transaction.query("SELECT name, number, moved_at, moved_by FROM alias WHERE asset = $1 AND name = $2",
                                    {asset.id, alias});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

std::vector<std::string> aliasesOf(db::Transaction& transaction, const Version& version) {
  std::vector<std::string> names;
  db::Rows rows =
      transaction.query("SELECT name FROM alias WHERE asset = $1 AND number = $2", {version.asset.id, version.number});
  while (rows.next()) names.push_back(rows.text(0));
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<Pointer> pointersTo(db::Transaction& transaction, const Version& version) {
  std::vector<Pointer> pointers;
  for (const std::string& alias : aliasesOf(transaction, version)) pointers.push_back(Pointer::alias(alias));
  if (version.stage != "None") pointers.push_back(Pointer::stage(version.stage));
  return pointers;
}

std::vector<std::string> pointerWarnings(db::Transaction& transaction, const Version& version) {
  std::vector<std::string> warnings;
  if (version.stage != "Archived") return warnings;
  for (const std::string& alias : aliasesOf(transaction, version))
    warnings.push_back(
        fmt::format("version {} is in stage Archived, and alias '{}' points to it", version.number, alias));
  return warnings;
}

std::vector<NamedAlias> aliasesIn(db::Transaction& transaction, std::string_view workspace, Kind kind,
                                  std::size_t limit) {
  std::vector<NamedAlias> found;
  db::Rows rows = transaction.query(
      "SELECT a.name, l.name, l.number FROM asset a JOIN alias l ON l.asset = a.id "
      "WHERE a.workspace = $1 AND a.kind = $2 ORDER BY a.name, l.name LIMIT $3",
      {workspace, kindName(kind), limit});
  while (rows.next()) found.push_back({rows.text(0), rows.text(1), rows.integer(2)});
  return found;
}

std::int64_t holderOf(db::Transaction& transaction, const Asset& asset, const Pointer& pointer) {
  if (!pointer.isStage()) {
    std::optional<Alias> alias = findAlias(transaction, asset, pointer.name());
    return alias ? alias->number : 0;
  }
  // Deleted versions are in no stage that has a pointer.
  db::Rows rows =
      transaction.query("SELECT number FROM version WHERE asset = $1 AND stage = $2 ORDER BY number DESC LIMIT 1",
                        {asset.id, pointer.name()});
  return rows.next() ? rows.integer(0) : 0;
}

std::vector<std::int64_t> versionsOn(db::Transaction& transaction, const Asset& asset, const Pointer& pointer) {
  std::vector<std::int64_t> numbers;
  if (!pointer.isStage()) {
    if (std::int64_t holder = holderOf(transaction, asset, pointer)) numbers.push_back(holder);
    return numbers;
  }
  db::Rows rows = transaction.query("SELECT number FROM version WHERE asset = $1 AND stage = $2 ORDER BY number",
                                    {asset.id, pointer.name()});
  while (rows.next()) numbers.push_back(rows.integer(0));
  return numbers;
}

std::vector<Pointer> standingPointers(db::Transaction& transaction, const Asset& asset) {
  std::vector<Pointer> pointers;
  for (const Alias& alias : listAliases(transaction, asset)) pointers.push_back(Pointer::alias(alias.name));
  for (std::string_view stage : stages) {
    Pointer pointer = Pointer::stage(stage);
    if (stage != "None" && holderOf(transaction, asset, pointer) != 0) pointers.push_back(std::move(pointer));
  }
  std::sort(pointers.begin(), pointers.end());
  return pointers;
}

void checkPointersMayGo(std::string_view what, const std::vector<std::string>& aliases, const Removal& removal) {
  if (aliases.empty() || removal.withPointers()) return;
  throw error(Code::refused,
              "{} cannot be deleted while aliases point to it: {}. Move or remove them first, or delete with force, "
              "which removes them too",
              what, join(aliases, ", "));
}

bool isProtected(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer) {
  return anyCovers(
      transaction.query("SELECT workspace, kind, name_pattern FROM binding WHERE pointer = $1", {pointer.text()}), key);
}

bool hasBinding(db::Transaction& transaction, const AssetKey& key) {
  return anyCovers(transaction.query("SELECT workspace, kind, name_pattern FROM binding"), key);
}

}  // namespace regesta::registry
