#include "api/native/history.h"

#include <map>

#include "governance/change_request.h"

namespace regesta::api::native {

namespace {

/// The change request that a decision carried out, if one did: who asked and who approved.
void addPeople(db::Session& session, const registry::AssetKey& key, HistoryItem& item) {
  if (!item.decision) return;
  auto request = governance::findApplied(session, key.workspace, *item.decision);
  if (!request) return;
  item.requestedBy = request->requestedBy;
  for (const governance::Approval& approval : governance::approvalsOf(session, request->id))
    item.approvedBy.push_back(approval.actor);
}

HistoryItem itemOf(const registry::RefusedMove& refused) {
  HistoryItem item;
  item.at = timeText(refused.at);
  item.action = "move-refused";
  item.from = refused.from;
  item.to = refused.to;
  item.actor = refused.actor;
  item.decision = textOrNothing(refused.decision);
  item.entryIndex = refused.entryIndex;
  item.codes = refused.codes;
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
  for (const registry::RefusedMove& refused : registry::refusedMoves(session, key, pointer))
    byEntry.emplace(refused.entryId, itemOf(refused));
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
