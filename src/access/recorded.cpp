#include "access/recorded.h"

#include <optional>

#include "base/json.h"
#include "registry/actor.h"
#include "registry/row_note.h"

namespace regesta::access {
namespace {

/// What an entry says of a row; no value: nothing. An empty digest: the row was deleted.
std::optional<std::string> digestIn(const json::object& entry, std::string_view table, std::string_view key) {
  const json::value* rows = entry.if_contains("rows");
  const json::value* ofTable = rows && rows->is_object() ? rows->get_object().if_contains(table) : nullptr;
  const json::value* digest = ofTable && ofTable->is_object() ? ofTable->get_object().if_contains(key) : nullptr;
  if (!digest) return std::nullopt;
  if (digest->is_array() && !digest->get_array().empty()) digest = &digest->get_array().back();
  return digest->is_string() ? std::string(digest->get_string()) : std::string();
}

/// An entry of an earlier version carries no rows; what was there at the upgrade is in the entries of the adoption.
bool wasAdopted(db::Transaction& transaction) {
  return transaction.query("SELECT 1 FROM ledger_entry WHERE action = 'state.adopted' AND idx IS NOT NULL LIMIT 1")
      .next();
}

}  // namespace

std::string subjectOf(std::string_view actor) {
  registry::ActorId id = registry::ActorId::read(actor);
  return fmt::format("{}/{}", registry::kindName(id.kind), id.name);
}

bool isRecorded(db::Transaction& transaction, std::string_view table, db::Param key, std::string_view actor) {
  const registry::TableClass& known = *registry::findTableClass(table);
  registry::RowText row;
  {
    db::Rows rows = transaction.query(
        fmt::format("SELECT {}, mac FROM {} WHERE {} = $1", known.list, known.table, known.key.front()), {key});
    if (!rows.next()) return false;
    row = registry::rowText(known, rows);
    if (!registry::isGenuine(row, rows.view(static_cast<int>(known.columns.size())))) return false;
  }
  // Sessions have separate entries, which do not concern the account.
  std::string_view actions = table == "session" ? "" : "AND e.action NOT LIKE 'session.%' ";
  db::Rows entries = transaction.query(
      fmt::format("SELECT e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry WHERE s.workspace = '' AND "
                  "s.subject = $1 {}ORDER BY s.entry DESC",
                  actions),
      {subjectOf(actor)});
  while (entries.next()) {
    json::value entry = parseJson(entries.view(0));
    if (!entry.is_object()) continue;
    if (auto digest = digestIn(entry.get_object(), table, row.key)) return *digest == row.digest;
  }
  return wasAdopted(transaction);
}

}  // namespace regesta::access
