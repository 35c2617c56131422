#include "registry/entry_search.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::int64_t looksAtMost = 20'000;

bool fits(std::string_view pattern, std::string_view value) { return pattern.empty() || globMatch(pattern, value); }

bool fits(const EntryFilter& filter, std::string_view bodyText) {
  if (filter.subject.empty() && filter.actor.empty() && filter.actions.empty()) return true;
  json::value parsed = parseJson(bodyText);
  if (!parsed.is_object()) return false;
  const json::object& body = parsed.get_object();
  std::string action = memberText(body, "action");
  return fits(filter.subject, memberText(body, "subject")) && fits(filter.actor, memberText(body, "actor")) &&
         (filter.actions.empty() ||
          std::ranges::any_of(filter.actions, [&](const std::string& pattern) { return fits(pattern, action); }));
}

/// All entries of the tree, or by its index those about one subject, which any workspace may have: the recursion hops
/// from one workspace to the next, so that the index serves.
constexpr std::string_view everything = "FROM ledger_entry e WHERE $5 = ''";
constexpr std::string_view aboutOne =
    "FROM (WITH RECURSIVE w (name) AS (SELECT MIN(workspace) FROM subject_entry UNION ALL "
    "SELECT (SELECT MIN(workspace) FROM subject_entry WHERE workspace > w.name) FROM w WHERE w.name IS NOT NULL) "
    "SELECT s.entry FROM w JOIN subject_entry s ON s.workspace = w.name AND s.subject = $5) found "
    "JOIN ledger_entry e ON e.id = found.entry WHERE 1 = 1";

db::Rows candidates(db::Transaction& transaction, const EntryFilter& filter) {
  bool exact = !filter.subject.empty() && filter.subject.find_first_of("*?[\\") == std::string::npos;
  std::string sql = fmt::format(
      "SELECT e.idx, e.id, e.time, e.body, e.salt {} AND e.idx >= $1 AND e.idx <= $2 AND e.time >= $3 AND e.time <= $4 "
      "ORDER BY e.idx {} LIMIT $6",
      exact ? aboutOne : everything, filter.newestFirst ? "DESC" : "ASC");
  return transaction.query(sql, {filter.first, filter.last, filter.sinceMicros, filter.untilMicros,
                                 exact ? std::string_view(filter.subject) : std::string_view(), looksAtMost});
}

/// The recursion hops from one action to the next, so that the index serves.
std::vector<std::string> actionsThatFit(db::Transaction& transaction, const EntryFilter& filter) {
  db::Rows rows = transaction.query(
      "WITH RECURSIVE a (name) AS (SELECT MIN(action) FROM ledger_entry WHERE idx IS NOT NULL UNION ALL "
      "SELECT (SELECT MIN(action) FROM ledger_entry WHERE action > a.name AND idx IS NOT NULL) FROM a "
      "WHERE a.name IS NOT NULL) SELECT name FROM a WHERE name IS NOT NULL");
  std::vector<std::string> actions;
  while (rows.next())
    if (std::ranges::any_of(filter.actions, [&](const std::string& pattern) { return fits(pattern, rows.view(0)); }))
      actions.push_back(rows.text(0));
  return actions;
}

/// The first of each action, of which the first are wanted.
FoundEntries findByAction(db::Transaction& transaction, const EntryFilter& filter, std::size_t limit) {
  std::string sql = fmt::format(
      "SELECT {} FROM ledger_entry WHERE action = $1 AND idx >= $2 AND idx <= $3 AND time >= $4 AND "
      "time <= $5 ORDER BY idx {} LIMIT $6",
      ledger::loggedColumns, filter.newestFirst ? "DESC" : "ASC");
  auto inOrder = [&](const ledger::Logged& a, const ledger::Logged& b) {
    return filter.newestFirst ? a.index > b.index : a.index < b.index;
  };
  FoundEntries found;
  std::int64_t first = filter.first, last = filter.last;  // what can still be among them
  for (const std::string& action : actionsThatFit(transaction, filter)) {
    db::Rows rows = transaction.query(sql, {action, first, last, filter.sinceMicros, filter.untilMicros, limit + 1});
    while (rows.next()) found.entries.push_back(ledger::readLogged(rows));
    std::ranges::sort(found.entries, inOrder);
    if (found.entries.size() <= limit) continue;
    found.entries.resize(limit + 1);
    (filter.newestFirst ? first : last) = found.entries.back().index;
  }
  if (found.entries.size() > limit) {
    found.next = found.entries[limit].index;
    found.entries.resize(limit);
  }
  return found;
}

}  // namespace

std::int64_t entryCount(db::Transaction& transaction) { return ledger::readHead(transaction).size; }

FoundEntries findEntries(db::Transaction& transaction, const EntryFilter& filter, std::size_t limit) {
  if (!filter.actions.empty() && filter.subject.empty() && filter.actor.empty())
    return findByAction(transaction, filter, limit);
  FoundEntries found;
  db::Rows rows = candidates(transaction, filter);
  std::int64_t looked = 0, next = filter.newestFirst ? filter.last : filter.first;
  auto withNext = [&] {
    if (next >= 0) found.next = next;
    return std::move(found);
  };
  while (rows.next()) {
    if (found.entries.size() == limit) return withNext();
    ++looked;
    next = rows.integer(0) + (filter.newestFirst ? -1 : 1);
    if (fits(filter, rows.view(3))) found.entries.push_back(ledger::readLogged(rows));
  }
  return looked == looksAtMost ? withNext() : std::move(found);
}

}  // namespace regesta::registry
