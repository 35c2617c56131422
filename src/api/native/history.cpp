#include "api/native/history.h"

#include <algorithm>

#include "governance/change_request.h"

namespace regesta::api::native {

namespace {

void addSemvers(db::Transaction& transaction, const registry::AssetKey& key, HistoryItem& item) {
  item.fromSemver = optionalText(registry::semverOf(transaction, key, item.from));
  item.toSemver = optionalText(registry::semverOf(transaction, key, item.to));
}

/// The change request that a decision carried out, if any: who requested it and who approved.
void addPeople(db::Transaction& transaction, const registry::AssetKey& key, HistoryItem& item) {
  if (!item.decision) return;
  auto request = governance::findApplied(transaction, key.workspace, *item.decision);
  if (!request) return;
  item.requestedBy = request->requestedBy;
  for (const governance::Approval& approval : governance::approvalsOf(transaction, request->id))
    item.approvedBy.push_back(approval.actor);
}

HistoryItem itemOf(const registry::RefusedMove& refused) {
  HistoryItem item;
  item.at = timeText(refused.at);
  item.action = "move-refused";
  item.from = refused.from;
  item.to = refused.to;
  item.actor = refused.actor;
  item.decision = optionalText(refused.decision);
  item.entryIndex = refused.entryIndex;
  item.codes = refused.codes;
  item.reason = optionalText(refused.reason);
  return item;
}

HistoryItem itemOf(const registry::Position& position) {
  HistoryItem item;
  item.at = timeText(position.at);
  item.action = std::string(registry::verbOf(position.action));  // alias.moved: moved
  item.from = position.from;
  item.to = position.to;
  item.actor = position.actor;
  item.decision = optionalText(position.decision);
  item.entryIndex = position.entryIndex;
  item.reason = optionalText(position.reason);
  return item;
}

}  // namespace

HistoryItem movementItem(db::Transaction& transaction, const registry::AssetKey& key,
                         const registry::Position& position) {
  HistoryItem item = itemOf(position);
  addPeople(transaction, key, item);
  addSemvers(transaction, key, item);
  return item;
}

Page<HistoryItem> pointerHistoryPage(db::Transaction& transaction, const registry::AssetKey& key,
                                     const registry::Pointer& pointer, std::int64_t before, std::size_t rows) {
  struct Row {
    std::int64_t index = 0, id = 0;  ///< what waits for the tree is the newest
    HistoryItem item;
  };
  std::vector<Row> all;
  auto add = [&](const auto& moved) {
    all.push_back({moved.entryIndex.value_or(INT64_MAX), moved.entryId, itemOf(moved)});
  };
  std::ranges::for_each(registry::pointerHistory(transaction, key, pointer), add);
  std::ranges::for_each(registry::refusedMoves(transaction, key, pointer), add);
  std::ranges::sort(all, std::greater<>(), [](const Row& row) { return std::pair(row.index, row.id); });
  auto next = all.begin();
  if (before != 0) {
    next = std::ranges::find(all, before, &Row::id);
    if (next != all.end()) ++next;
  }
  Page<HistoryItem> page;
  for (; next != all.end(); ++next) {
    if (page.items.size() == rows) {
      page.nextPageToken = makeToken(std::to_string(std::prev(next)->id));
      break;
    }
    addPeople(transaction, key, next->item);
    addSemvers(transaction, key, next->item);
    page.items.push_back(std::move(next->item));
  }
  return page;
}

}  // namespace regesta::api::native
