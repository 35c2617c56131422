#include "registry/use.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

std::vector<std::string> subjects(db::Rows rows) {
  std::vector<std::string> found;
  while (rows.next()) found.push_back(fmt::format("{}/{}@{}", rows.view(0), rows.view(1), rows.integer(2)));
  return found;
}

}  // namespace

void addUse(db::Transaction& transaction, const Version& version, const Use& use) {
  if (transaction
          .query("SELECT 1 FROM version WHERE asset = $1 AND number = $2 AND archived_at <> 0", {use.asset, use.number})
          .next())
    throw error(Code::invalidState, "Version {} of prompt '{}' is archived and cannot be included. Restore it first",
                use.number, use.name);
  transaction.run("INSERT INTO prompt_use (version, name, selector, asset, number) VALUES ($1, $2, $3, $4, $5)",
                  {version.id, use.name, use.selector, use.asset, use.number});
}

std::vector<Use> usesOf(db::Transaction& transaction, const Version& version) {
  std::vector<Use> uses;
  db::Rows rows = transaction.query(
      "SELECT name, selector, asset, number FROM prompt_use WHERE version = $1 ORDER BY name, selector", {version.id});
  while (rows.next()) uses.push_back({rows.text(0), rows.text(1), rows.integer(2), rows.integer(3)});
  return uses;
}

std::vector<std::string> usersOf(db::Transaction& transaction, const Version& version) {
  return subjects(transaction.query(
      "SELECT a.kind, a.name, v.number FROM prompt_use u JOIN version v ON v.id = u.version "
      "JOIN asset a ON a.id = v.asset WHERE u.asset = $1 AND v.deleted = 0 AND v.id <> $3 AND u.number = $2 "
      "ORDER BY a.name, v.number LIMIT 20",
      {version.asset.id, version.number, version.id}));
}

std::vector<std::string> usersOf(db::Transaction& transaction, const Asset& asset) {
  return subjects(
      transaction.query("SELECT DISTINCT a.kind, a.name, v.number FROM prompt_use u "
                        "JOIN version v ON v.id = u.version JOIN asset a ON a.id = v.asset "
                        "WHERE u.asset = $1 AND v.deleted = 0 AND a.id <> $1 ORDER BY a.name, v.number LIMIT 20",
                        {asset.id}));
}

void checkUnused(std::string_view what, const std::vector<std::string>& users) {
  if (users.empty()) return;
  throw error(Code::refused, "{} cannot be deleted: it is part of {}", what, join(users, ", "));
}

}  // namespace regesta::registry
