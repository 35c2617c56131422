#include "registry/look_alike.h"

#include <map>
#include <set>

#include "base/error.h"
#include "base/name.h"
#include "base/name_pattern.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::int64_t filledAtOnce = 1000;

/// Models and prompts share their names.
bool shareNames(Kind a, Kind b) {
  auto registered = [](Kind kind) { return kind == Kind::model || kind == Kind::prompt; };
  return a == b || (registered(a) && registered(b));
}

bool isOfOne(const db::Rows& rows, const AssetKey& key) {
  std::optional<Kind> kind = parseKind(rows.view(0));
  return kind && shareNames(*kind, key.kind);
}

/// People write a version or alias as loan@3 or loan#production, so no asset has such a name beside 'loan'.
void checkReadsAsName(db::Transaction& transaction, const AssetKey& key, std::int64_t self) {
  constexpr std::string_view marks = "@#";
  for (std::size_t at = key.name.find_first_of(marks, 1); at != std::string::npos;
       at = key.name.find_first_of(marks, at + 1)) {
    std::string_view other = std::string_view(key.name).substr(0, at);
    db::Rows rows = transaction.query("SELECT kind FROM asset WHERE workspace = $1 AND skeleton = $2 AND id <> $3",
                                      {key.workspace, storedSkeleton(other), self});
    while (rows.next())
      if (isOfOne(rows, key))
        throw Invalid("name", fmt::format("reads as a version or alias of the {} that is named before the '{}'",
                                          rows.view(0), key.name[at]));
  }
  for (char mark : marks) {
    std::string from = key.name + mark, to = key.name + static_cast<char>(mark + 1);
    db::Rows rows =
        transaction.query("SELECT kind FROM asset WHERE workspace = $1 AND name >= $2 AND name < $3 AND id <> $4",
                          {key.workspace, from, to, self});
    while (rows.next())
      if (isOfOne(rows, key))
        throw Invalid("name", fmt::format("is taken in part: the name of another {} begins with it and '{}', and reads "
                                          "as a version or alias of this one",
                                          rows.view(0), mark));
  }
}

/// Patterns of policy bindings distinguish case, readers do not: nothing is named Prod-loan beside a guarded prod-*.
void checkCase(db::Transaction& transaction, const AssetKey& key) {
  std::set<std::string> guarded;
  std::map<std::string, std::string> missed;  // patterns, by pointer
  db::Rows rows = transaction.query("SELECT workspace, kind, name_pattern, pointer FROM binding");
  std::string name = lower(key.name);
  while (rows.next()) {
    std::string pattern = rows.text(2), folded = lower(pattern);
    if (AssetPattern{rows.view(0), rows.view(1), pattern}.covers(key.workspace, kindName(key.kind), key.name))
      guarded.insert(rows.text(3));
    else if (AssetPattern{rows.view(0), rows.view(1), folded}.covers(key.workspace, kindName(key.kind), name))
      missed.emplace(rows.text(3), std::move(pattern));
  }
  for (const auto& [pointer, pattern] : missed)
    if (!guarded.contains(pointer))
      throw Invalid("name", fmt::format("differs only by case from names that a policy guards at '{}' ({}): write it "
                                        "in that case",
                                        pointer, pattern));
}

/// How many there were.
std::size_t fillSome(db::Transaction& transaction) {
  std::vector<std::pair<std::int64_t, std::string>> older;
  db::Rows rows = transaction.query(
      "SELECT a.id, a.name FROM workspace w JOIN asset a ON a.workspace = w.name AND a.skeleton = '' LIMIT $1",
      {filledAtOnce});
  while (rows.next()) older.emplace_back(rows.integer(0), storedSkeleton(rows.view(1)));
  for (const auto& [id, skeleton] : older)
    transaction.run("UPDATE asset SET skeleton = $2 WHERE id = $1", {id, skeleton});
  return older.size();
}

}  // namespace

std::string storedSkeleton(std::string_view name) {
  std::string skeleton = nameSkeleton(name);
  return skeleton.empty() ? " " : skeleton;  // a name of old that nobody sees; empty says that none was computed
}

void checkNoLookAlike(db::Transaction& transaction, const AssetKey& key, std::int64_t self) {
  db::Rows rows = transaction.query(
      "SELECT kind, name FROM asset WHERE workspace = $1 AND skeleton = $2 AND name <> $3 AND id <> $4",
      {key.workspace, storedSkeleton(key.name), key.name, self});
  while (rows.next())
    if (isOfOne(rows, key))
      throw Invalid("name", fmt::format("looks like the name of another {} of this workspace; choose a name that "
                                        "people can tell apart from it",
                                        rows.view(0)));
  checkReadsAsName(transaction, key, self);
  checkCase(transaction, key);
}

void fillSkeletons(Store& store) {
  while (store.write(fillSome) > 0) {
  }
}

}  // namespace regesta::registry
