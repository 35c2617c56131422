#include "registry/change.h"

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "ledger/entry.h"
#include "ledger/pending.h"
#include "registry/import_mark.h"

namespace regesta::registry {

namespace {

/// Notes beyond this go into separate entries before the change's entry.
constexpr std::size_t notesInEntry = 16 * 1024, notesAlone = 48 * 1024;
const std::string restAction(nameOf(Action::stateRecorded));

}  // namespace

Change::Change(db::Transaction& transaction, const Actor& actor, const ChangeKeys& keys, db::Dialect dialect)
    : inner_(transaction),
      noting_(transaction, &notes_, dialect),
      transaction(noting_),
      actor(actor),
      now(nowMillis()),
      keys_(keys),
      dialect_(dialect) {
  REGESTA_INVARIANT(!actor.name.empty());
}

void Change::record(Action action, std::string workspace, std::string subject, json::object data) {
  writePending();
  touched_.push_back({workspace, subject});
  if (const json::object* import = ImportMark::current()) data["import"] = *import;
  pending_ = {std::string(nameOf(action)), actor.name, std::move(workspace), std::move(subject), std::move(data)};
}

void Change::write(ledger::Entry entry, std::size_t bytes) {
  entry.rows = notes_.take(inner_, bytes);
  sentEntry_ = ledger::send(inner_, entry, keys_.entry);
  // The id of the row that this session has just inserted; nobody waits for it.
  inner_.send(dialect_ == db::Dialect::postgres
                  ? "INSERT INTO subject_entry (workspace, subject, entry) VALUES ($1, $2, lastval())"
                  : "INSERT INTO subject_entry (workspace, subject, entry) VALUES ($1, $2, last_insert_rowid())",
              {entry.workspace, entry.subject});
}

void Change::writePending() {
  if (!pending_) return;
  noting_.settle();
  ledger::Entry entry = std::move(*pending_);
  pending_.reset();
  while (notes_.size() > notesInEntry)
    write({restAction, actor.name, entry.workspace, entry.subject, {{"about", entry.action}}}, notesAlone);
  write(std::move(entry), notesInEntry * 2);
}

std::int64_t Change::lastEntry() {
  writePending();
  if (sentEntry_) {
    sentEntry_->next();
    lastEntry_ = sentEntry_->integer(0);
    sentEntry_.reset();
  }
  return lastEntry_;
}

void Change::finish() {
  writePending();
  noting_.settle();
  while (!notes_.empty()) write({restAction, actor.name, "", "state", {}}, notesAlone);
}

void Change::adoptRows() {
  for (const TableClass& table : tableClasses()) {
    if (table.columnClass != ColumnClass::governed || table.sparse) continue;
    db::Rows rows = inner_.query(fmt::format("SELECT {} FROM {}", table.list, table.table));
    while (rows.next()) {
      RowText row = rowText(table, rows);
      if (table.group)
        notes_.touchGroup(table, parseInteger(row.key).value_or(0));
      else
        notes_.put(table, std::move(row.key), std::move(row.digest));
    }
  }
}

namespace {

enum class Coverage { empty, none, all };

/// What the ledger says about governed rows. The tree's first entry decides: anybody may put a row without an index
/// before it.
Coverage coverageOf(db::Transaction& transaction) {
  db::Rows first = transaction.query("SELECT body FROM ledger_entry WHERE idx = 0");
  std::string body;
  if (first.next()) {
    body = first.text(0);
  } else {
    db::Rows waiting = transaction.query("SELECT body FROM ledger_entry ORDER BY id LIMIT 1");
    if (!waiting.next()) return Coverage::empty;
    body = waiting.text(0);
  }
  json::value entry = parseJson(body);
  bool rows = entry.is_object() && entry.as_object().contains("rows");
  if (rows) return Coverage::all;
  db::Rows adopted = transaction.query("SELECT 1 FROM ledger_entry WHERE action = $1 AND idx IS NOT NULL LIMIT 1",
                                       {nameOf(Action::stateAdopted)});
  return adopted.next() ? Coverage::all : Coverage::none;
}

}  // namespace

void Store::adoptState() {
  Coverage coverage = read([](db::Transaction& transaction) { return coverageOf(transaction); });
  if (coverage == Coverage::empty) {
    database_.write(putMacs);
    adopting_ = true;
  }
  if (coverage != Coverage::none) return;
  static const Actor self = Actor::system("regesta");
  change(self, [](Change& change) {
    putMacs(change.transaction);
    change.adoptRows();
    change.record(Action::stateAdopted, "", "state");
  });
}

void Change::conceal(json::object& data, std::string_view name, std::string_view value, std::string shown) const {
  if (shown != value) data[fmt::format("{}_digest", name)] = keys_.secret.tag({name, value});
  data[name] = std::move(shown);
}

Store::Store(db::Database& database, AfterCommit afterCommit, std::string secret)
    : database_(database),
      afterCommit_(afterCommit ? std::move(afterCommit) : [](const std::vector<ChangedSubject>&) {}),
      secret_(std::move(secret)),
      keys_{ledger::pendingKey(secret_), key("regesta secret in a ledger entry")} {
  setRowKey(rowKey(secret_));
}

std::string Store::processSecret() {
  static const std::string secret = randomBytes(32);
  return secret;
}

}  // namespace regesta::registry
