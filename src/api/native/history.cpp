#include "api/native/history.h"

#include <map>

#include "base/json.h"

namespace regesta::api::native {

namespace {

struct Entry {
  std::int64_t id = 0;
  std::optional<std::int64_t> index;
  std::int64_t at = 0;
  json::object body;
};

const json::object& dataOf(const json::object& body) {
  static const json::object nothing;
  const json::value* data = body.if_contains("data");
  return data && data->is_object() ? data->as_object() : nothing;
}

std::vector<Entry> refusals(db::Session& session, const registry::AssetKey& key, std::string_view pointer) {
  std::vector<Entry> entries;
  auto rows = session.query(
      "SELECT e.id, e.idx, e.time, e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry "
      "WHERE s.workspace = $1 AND s.subject = $2 ORDER BY s.entry",
      {key.workspace, fmt::format("{}#{}", key.subject(), pointer)});
  while (rows.next()) {
    json::value body = parseJson(rows.view(3));
    if (body.is_object() && memberText(body.as_object(), "action").ends_with(".move-refused"))
      entries.push_back({rows.integer(0), rows.maybeInteger(1), rows.integer(2) / 1000, std::move(body.as_object())});
  }
  return entries;
}

/// The change request that a decision carried out, if one did: who asked and who approved.
void addPeople(db::Session& session, const registry::AssetKey& key, HistoryItem& item) {
  if (!item.decision) return;
  auto request = session.query(
      "SELECT id, requested_by FROM change_request WHERE decision = $1 AND workspace = $2 AND status = 'applied'",
      {*item.decision, key.workspace});
  if (!request.next()) return;
  std::int64_t id = request.integer(0);
  item.requestedBy = request.text(1);
  auto approvals =
      session.query("SELECT actor FROM approval WHERE change_request = $1 ORDER BY created_at, actor", {id});
  while (approvals.next()) item.approvedBy.push_back(approvals.text(0));
}

HistoryItem itemOf(const Entry& entry) {
  const json::object& data = dataOf(entry.body);
  HistoryItem item;
  item.at = timeText(entry.at);
  item.action = "move-refused";
  item.from = memberInteger(data, "from");
  item.to = memberInteger(data, "to");
  item.actor = memberText(entry.body, "actor");
  item.decision = textOrNothing(memberText(data, "decision"));
  item.entryIndex = entry.index;
  if (const json::value* codes = data.if_contains("codes"); codes && codes->is_array())
    for (const json::value& code : codes->as_array())
      if (code.is_string()) item.codes.emplace_back(code.as_string());
  return item;
}

HistoryItem itemOf(const registry::Position& position) {
  HistoryItem item;
  item.at = timeText(position.at);
  item.action = position.action.substr(position.action.find('.') + 1);  // alias.moved: moved
  item.from = position.from;
  item.to = position.to;
  item.actor = position.actor;
  item.decision = textOrNothing(position.decision);
  item.entryIndex = position.entryIndex;
  return item;
}

}  // namespace

HistoryItem movementItem(db::Session& session, const registry::AssetKey& key, const registry::Position& position) {
  HistoryItem item = itemOf(position);
  addPeople(session, key, item);
  return item;
}

Page<HistoryItem> pointerHistoryPage(db::Session& session, const registry::AssetKey& key, std::string_view pointer,
                                     std::int64_t before, std::size_t rows) {
  std::map<std::int64_t, HistoryItem, std::greater<>> byEntry;
  for (const registry::Position& position : registry::pointerHistory(session, key, pointer))
    byEntry.emplace(position.entryId, itemOf(position));
  for (const Entry& entry : refusals(session, key, pointer)) byEntry.emplace(entry.id, itemOf(entry));
  Page<HistoryItem> page;
  std::int64_t last = 0;
  for (auto& [id, item] : byEntry) {
    if (before != 0 && id >= before) continue;
    if (page.items.size() == rows) {
      page.nextPageToken = makeToken(std::to_string(last));
      break;
    }
    addPeople(session, key, item);
    page.items.push_back(std::move(item));
    last = id;
  }
  return page;
}

}  // namespace regesta::api::native
