#include "registry/asset.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/name.h"
#include "base/text.h"
#include "db/columns.h"
#include "registry/rows.h"

namespace regesta::registry {
namespace {

constexpr std::string_view kindNames[] = {"prompt", "model", "dataset", "policy", "artifact"};

constexpr int assetColumnCount = db::Columns(rows::assetColumns)["created_by"] + 1;

/// The asset with its tags, in one statement: there is one row per tag.
std::optional<Asset> one(db::Transaction& transaction, std::string_view condition, db::Params params) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {}, t.key, t.value FROM asset a LEFT JOIN asset_tag t ON t.asset = a.id WHERE {}",
                  rows::assetColumns, condition),
      params);
  if (!rows.next()) return std::nullopt;
  Asset asset = rows::asset(rows, 0);
  do {
    if (rows.integer(0) == asset.id && !rows.isNull(assetColumnCount))
      asset.tags.emplace(rows.text(assetColumnCount), rows.text(assetColumnCount + 1));
  } while (rows.next());
  return asset;
}

/// The end of a message for a caller who left the kind out of a reference: the only other asset with the name.
std::string otherOfTheName(db::Transaction& transaction, const AssetKey& key) {
  db::Rows rows = transaction.query("SELECT kind FROM asset WHERE workspace = $1 AND name = $2 AND kind <> $3",
                                    {key.workspace, key.name, kindName(key.kind)});
  if (!rows.next()) return {};
  std::string kind = rows.text(0);
  return rows.next() ? "" : fmt::format("; there is a {} of this name: write {}/{}", kind, kind, key.name);
}

std::string nextStep(db::Transaction& transaction, const AssetKey& key) {
  std::string other = otherOfTheName(transaction, key);
  return other.empty() && key.kind == Kind::policy ? "; list policies: regesta policy list" : other;
}

/// The page that listAssets asks for, of one kind.
std::vector<Asset> page(db::Transaction& transaction, std::string_view workspace, Kind kind, std::string_view nameAfter,
                        std::size_t limit) {
  std::vector<Asset> found;
  db::Rows rows =
      transaction.query(fmt::format("SELECT {} FROM asset a WHERE a.workspace = $1 AND a.kind = $2 AND a.name > $3 "
                                    "ORDER BY a.name LIMIT $4",
                                    rows::assetColumns),
                        {workspace, kindName(kind), nameAfter, limit});
  while (rows.next()) found.push_back(rows::asset(rows, 0));
  return found;
}

/// Prompts and artifacts may be in folders.
bool mayHoldSlash(Kind kind) { return kind == Kind::prompt || kind == Kind::artifact; }

}  // namespace

std::string_view kindName(Kind kind) { return kindNames[static_cast<std::size_t>(kind)]; }

std::optional<Kind> parseKind(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kindNames); ++i)
    if (kindNames[i] == text) return static_cast<Kind>(i);
  return std::nullopt;
}

std::string AssetKey::subject() const { return fmt::format("{}/{}", kindName(kind), name); }

std::string AssetKey::subject(const Pointer& pointer) const { return fmt::format("{}#{}", subject(), pointer); }

void checkName(std::string_view name, Kind kind) {
  if (trim(name).empty()) throw Invalid("name", "is required");
  if (name.size() > limits::nameLength)
    throw Invalid("name", fmt::format("must be at most {} bytes", limits::nameLength));
  if (!isUtf8(name)) throw Invalid("name", "must be UTF-8 text");
  for (char c : name) {
    if (c == ':' || c == '\\' || (c == '/' && !mayHoldSlash(kind)))
      throw Invalid("name", mayHoldSlash(kind) ? "must not contain ':' or '\\'" : "must not contain '/', ':' or '\\'");
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) throw Invalid("name", "must not contain control characters");
  }
  for (std::string_view part : split(name, '/')) {
    if (part == "." || part == "..") throw Invalid("name", "must not be \".\" or \"..\"");
    if (trim(part).empty()) throw Invalid("name", "must not have an empty part before, between or after '/'");
  }
}

void checkNewName(std::string_view name, Kind kind) {
  checkName(name, kind);
  auto check = [](std::string_view text) {
    if (std::string_view fault = nameFault(text); !fault.empty()) throw Invalid("name", std::string(fault));
  };
  check(name);
  for (std::string_view part : split(name, '/')) check(part);
}

void checkNamePattern(std::string_view pattern) {
  if (pattern.empty() || pattern.size() > limits::nameLength || !isUtf8(pattern))
    throw Invalid("name_pattern",
                  fmt::format("must be a name or a pattern with '*' and '?', at most {} bytes", limits::nameLength));
  if (std::string_view fault = nameFault(pattern); !fault.empty()) throw Invalid("name_pattern", std::string(fault));
}

bool isKindAndName(std::string_view pattern) {
  std::string_view kind = pattern.substr(0, pattern.find('/'));
  return kind.size() < pattern.size() && (kind == "*" || parseKind(kind));
}

std::optional<Asset> findAsset(db::Transaction& transaction, const AssetKey& key) {
  return one(transaction, "a.workspace = $1 AND a.kind = $2 AND a.name = $3",
             {key.workspace, kindName(key.kind), key.name});
}

Asset getAsset(db::Transaction& transaction, const AssetKey& key) {
  std::optional<Asset> found = findAsset(transaction, key);
  if (!found)
    throw error(Code::notFound, "There is no {} named '{}'{}", kindName(key.kind), key.name,
                nextStep(transaction, key));
  return *std::move(found);
}

std::optional<Asset> findAssetById(db::Transaction& transaction, std::int64_t id) {
  return one(transaction, "a.id = $1", {id});
}

std::optional<Asset> findRegistered(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  return one(transaction, fmt::format("a.id = {}", rows::registeredAsset), {workspace, name});
}

std::vector<Asset> listAssets(db::Transaction& transaction, std::string_view workspace, std::optional<Kind> kind,
                              std::string_view nameAfter, std::size_t limit) {
  std::vector<Asset> found;
  if (kind) {
    found = page(transaction, workspace, *kind, nameAfter, limit);
  } else {
    std::vector<Asset> models = page(transaction, workspace, Kind::model, nameAfter, limit);
    std::vector<Asset> prompts = page(transaction, workspace, Kind::prompt, nameAfter, limit);
    std::merge(std::make_move_iterator(models.begin()), std::make_move_iterator(models.end()),
               std::make_move_iterator(prompts.begin()), std::make_move_iterator(prompts.end()),
               std::back_inserter(found), [](const Asset& a, const Asset& b) { return a.key.name < b.key.name; });
    if (found.size() > limit) found.resize(limit);
  }
  for (Asset& asset : found) asset.tags = rows::assetTags(transaction, asset.id);
  return found;
}

}  // namespace regesta::registry
