#include "registry/path_lock.h"

#include "base/error.h"
#include "base/time.h"

namespace regesta::registry {
namespace {

constexpr std::int64_t locksOfWorkspace = 100'000, locksOfOwner = 10'000;
constexpr std::string_view columns = "id, path, owner, locked_at";

std::optional<PathLock> first(db::Rows rows) {
  if (!rows.next()) return std::nullopt;
  return PathLock{rows.integer(0), rows.text(1), rows.text(2), rows.integer(3)};
}

}  // namespace

std::optional<PathLock> lockPath(db::Transaction& transaction, std::string_view workspace, std::string_view path,
                                 const Actor& actor) {
  {
    db::Rows rows =
        transaction.query("SELECT count(*), count(CASE WHEN owner = $2 THEN 1 END) FROM path_lock WHERE workspace = $1",
                          {workspace, actor.name});
    rows.next();
    if (rows.integer(1) >= locksOfOwner)
      throw error(Code::tooLarge, "{} has {} locks in workspace '{}'; unlock some first", actor.name, locksOfOwner,
                  workspace);
    if (rows.integer(0) >= locksOfWorkspace)
      throw error(Code::tooLarge, "workspace '{}' has {} locks; unlock some first", workspace, locksOfWorkspace);
  }
  return first(
      transaction.query(fmt::format("INSERT INTO path_lock (workspace, path, owner, locked_at) VALUES ($1, $2, "
                                    "$3, $4) ON CONFLICT (workspace, path) DO NOTHING RETURNING {}",
                                    columns),
                        {workspace, path, actor.name, nowMillis()}));
}

std::optional<PathLock> findPathLock(db::Transaction& transaction, std::string_view workspace, std::string_view path) {
  return first(transaction.query(fmt::format("SELECT {} FROM path_lock WHERE workspace = $1 AND path = $2", columns),
                                 {workspace, path}));
}

std::optional<PathLock> findPathLock(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  return first(transaction.query(fmt::format("SELECT {} FROM path_lock WHERE workspace = $1 AND id = $2", columns),
                                 {workspace, id}));
}

std::vector<PathLock> listPathLocks(db::Transaction& transaction, std::string_view workspace, std::int64_t after,
                                    std::size_t limit) {
  std::vector<PathLock> locks;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM path_lock WHERE workspace = $1 AND id > $2 ORDER BY id LIMIT $3", columns),
      {workspace, after, limit});
  while (rows.next()) locks.push_back({rows.integer(0), rows.text(1), rows.text(2), rows.integer(3)});
  return locks;
}

bool removePathLock(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  return transaction.run("DELETE FROM path_lock WHERE workspace = $1 AND id = $2", {workspace, id}) > 0;
}

}  // namespace regesta::registry
