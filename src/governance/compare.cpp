#include "base/text.h"
#include "governance/hold_check.h"
#include "governance/move_check.h"
#include "governance/replay.h"
#include "governance/row_replay.h"
#include "governance/source_check.h"
#include "governance/storage_check.h"
#include "ledger/verify.h"
#include "registry/schema_guard.h"

namespace regesta::governance {

namespace {

constexpr std::string_view tableNames[tableCount] = {
    "asset", "tag", "version", "alias", "stage of", "", "", "approval of", "", "", "", "", "", "", ""};

std::string label(Table table, const std::string& key) {
  std::string name = rowName(key);
  std::string_view word = tableNames[static_cast<std::size_t>(table)];
  return word.empty() ? name : fmt::format("{} {}", word, name);
}

std::string shown(const json::value& value) {
  return shorten(value.is_string() ? std::string(value.as_string()) : json::serialize(value), 200);
}

class Comparing {
 public:
  Comparing(std::size_t limit, std::string_view where) : limit_(limit), where_(where) {}

  void table(Table table, const Rows& ledger, const Rows& database) {
    for (const auto& [name, row] : ledger) {
      ++result_.compared;
      auto found = database.find(name);
      if (found == database.end())
        add(row.entry, name,
            fmt::format("{} is missing, the ledger has it ({})", label(table, name), entryWords(row.entry)));
      else
        fields(table, name, row, found->second);
    }
    for (const auto& [name, row] : database)
      if (!ledger.contains(name)) {
        ++result_.compared;
        add(-1, name, fmt::format("{} is in {}, but no ledger entry made it", label(table, name), where_));
      }
  }
  Comparison take() { return std::move(result_); }

 private:
  void fields(Table table, const std::string& name, const Row& ledger, const Row& database) {
    for (const auto& [field, says] : ledger.fields) {
      const json::value* has = database.fields.if_contains(field);
      if (has && *has == says) continue;
      std::string there = has ? shown(*has) : "nothing";
      std::string what;
      if (table == Table::alias && field == "version")
        what = fmt::format("{} points to {}, the ledger says {} ({})", label(table, name), there, shown(says),
                           entryWords(ledger.entry));
      else if (table == Table::stage)
        what = fmt::format("{} is {}, the ledger says {} ({})", label(table, name), there, shown(says),
                           entryWords(ledger.entry));
      else
        what = fmt::format("{} has {} {}, the ledger says {} ({})", label(table, name), std::string_view(field),
                           there.empty() ? "''" : there, shown(says).empty() ? "''" : shown(says),
                           entryWords(ledger.entry));
      add(ledger.entry, name, std::move(what));
    }
  }

  void add(std::int64_t entry, const std::string& subject, std::string what) {
    result_.add({entry, rowName(subject), std::move(what)}, limit_);
  }

  std::size_t limit_;
  std::string_view where_;
  Comparison result_;
};

}  // namespace

Comparison compareStates(const State& ledger, const State& database, std::size_t limit, std::string_view where) {
  Comparing comparing(limit, where);
  for (std::size_t i = 0; i < tableCount; ++i)
    comparing.table(static_cast<Table>(i), ledger.tables[i], database.tables[i]);
  return comparing.take();
}

Comparison compareWithDatabase(db::Database& database, const crypto::MacKey* pending, std::size_t limit, bool macs) {
  // What a query does not show cannot be compared, so this is asked first.
  std::vector<std::string> schema = registry::schemaDifferences(database);
  return database.reading([&](db::Transaction& transaction) {
    Replay replay;
    RowReplay rows;
    MoveCheck moves;
    HoldCheck holds;
    ledger::forEachCommitted(transaction, pending, [&](const ledger::Logged& entry) {
      auto body = parseEntry(entry.body);
      if (!body) return;
      replay.take(entry.index, *body);
      rows.take(entry.id, entry.index, *body);
      moves.take(entry.index, *body);
      holds.take(entry.index, *body);
    });
    Comparison found = compareStates(replay.state(), readState(transaction), limit);
    for (const std::string& difference : schema) found.differences.push_back({-1, "schema", difference});
    rows.compare(transaction, found, limit, macs);
    moves.compare(transaction, found, limit);
    holds.compare(found, limit);
    checkSources(transaction, found, limit);
    if (database.dialect() == db::Dialect::sqlite) {
      checkStorage(transaction, found, limit);
      checkIndexes(transaction, found, limit);
    }
    return found;
  });
}

}  // namespace regesta::governance
