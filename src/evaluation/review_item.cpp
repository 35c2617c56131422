#include "evaluation/review_item.h"

#include <algorithm>

#include "base/error.h"
#include "base/limits_evaluation.h"
#include "base/text.h"
#include "db/columns.h"
#include "filter/filter.h"
#include "tracking/missing.h"
#include "tracking/ranking.h"

namespace regesta::evaluation {
namespace {

constexpr std::string_view columns = "trace_id, status, completed_by, completed_at, created_at, updated_at";

ReviewItem readItem(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {.traceId = rows.text(at["trace_id"]),
          .status = rows.text(at["status"]),
          .completedBy = rows.text(at["completed_by"]),
          .completedAt = rows.integer(at["completed_at"]),
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"])};
}

std::optional<ReviewItem> findItem(db::Transaction& transaction, const ReviewQueue& queue, std::string_view traceId) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM review_item WHERE queue = $1 AND trace_id = $2", columns), {queue.row, traceId});
  return rows.next() ? std::optional(readItem(rows)) : std::nullopt;
}

/// Who set the status; empty for pending.
std::string reviewerFor(std::string_view status, const std::optional<std::string>& told) {
  std::string reviewer = told ? lower(trim(*told)) : "";
  if (status == reviewStatuses[0]) {
    if (told) throw Error(Code::invalid, "`completed_by` must not be set when reopening an item to `pending`.");
    return {};
  }
  if (reviewer.empty()) throw error(Code::invalid, "`completed_by` is required when setting status to `{}`.", status);
  if (characterCount(reviewer) > limits::labelName)
    throw error(Code::invalid, "`completed_by` must be at most {} characters; got {}.", limits::labelName,
                characterCount(reviewer));
  return reviewer;
}

}  // namespace

std::vector<std::string> reviewedIds(const std::vector<std::string>& ids) {
  if (ids.empty()) throw Invalid("item_ids", "must be a non-empty list");
  if (ids.size() > limits::reviewItemsPerCall)
    throw Invalid("item_ids", fmt::format("must have at most {} entries", limits::reviewItemsPerCall));
  std::vector<std::string> distinct;
  for (const std::string& id : ids) {
    std::string_view trimmed = trim(id);
    if (trimmed.empty()) throw Invalid("item_ids", "must contain non-empty strings only");
    if (characterCount(trimmed) > limits::reviewItemId)
      throw Invalid("item_ids", fmt::format("must contain strings of at most {} characters", limits::reviewItemId));
    if (std::ranges::find(distinct, trimmed) == distinct.end()) distinct.emplace_back(trimmed);
  }
  return distinct;
}

std::vector<ReviewItem> addReviewItems(registry::Change& change, const ReviewQueue& queue,
                                       std::span<const ReviewedTrace> traces) {
  std::vector<ReviewItem> items;
  json::array added;
  for (const ReviewedTrace& trace : traces) {
    std::optional<ReviewItem> item = findItem(change.transaction, queue, trace.traceId);
    if (!item) {
      item = ReviewItem{.traceId = trace.traceId, .createdAt = change.now, .updatedAt = change.now};
      change.transaction.run(
          "INSERT INTO review_item (queue, trace, trace_id, status, completed_by, completed_at, created_at, "
          "updated_at) VALUES ($1, $2, $3, $4, '', 0, $5, $5)",
          {queue.row, trace.row, trace.traceId, item->status, change.now});
      added.emplace_back(trace.traceId);
    }
    items.push_back(*std::move(item));
  }
  if (!added.empty())
    recordReviewQueue(change, registry::Action::reviewQueueChanged, queue, {{"traces_added", std::move(added)}});
  return items;
}

void removeReviewItems(registry::Change& change, const ReviewQueue& queue, const std::vector<std::string>& ids) {
  json::array removed;
  for (const std::string& id : ids)
    if (change.transaction.run("DELETE FROM review_item WHERE queue = $1 AND trace_id = $2", {queue.row, id}) > 0)
      removed.emplace_back(id);
  if (!removed.empty())
    recordReviewQueue(change, registry::Action::reviewQueueChanged, queue, {{"traces_removed", std::move(removed)}});
}

tracking::Page<ReviewItem> listReviewItems(db::Transaction& transaction, const ReviewQueue& queue,
                                           std::string_view status, std::int64_t maxResults,
                                           const std::string& pageToken) {
  tracking::checkMaxResults(maxResults);
  std::int64_t skip = tracking::pageOffset(pageToken);
  db::Rows rows =
      transaction.query(fmt::format("SELECT {} FROM review_item WHERE queue = $1 AND ($2 = '' OR status = $2) "
                                    "ORDER BY created_at DESC, trace_id LIMIT $3 OFFSET $4",
                                    columns),
                        {queue.row, status, maxResults + 1, skip});
  tracking::Page<ReviewItem> page;
  while (rows.next()) page.items.push_back(readItem(rows));
  if (std::ssize(page.items) > maxResults) {
    page.items.pop_back();
    page.nextPageToken = filter::pageToken(skip + maxResults);
  }
  return page;
}

ReviewItem setReviewStatus(registry::Change& change, const ReviewQueue& queue, std::string_view traceId,
                           std::string_view status, const std::optional<std::string>& reviewer) {
  if (std::ranges::find(reviewStatuses, status) == std::end(reviewStatuses))
    throw Error(Code::invalid, "`status` must be one of PENDING, COMPLETE, or DECLINED");
  std::string completedBy = reviewerFor(status, reviewer);
  std::string_view id = trim(traceId);
  std::optional<ReviewItem> item = findItem(change.transaction, queue, id);
  if (!item) throw tracking::Missing("review item", id, "review queue", queue.queueId);
  if (item->status == status) return *std::move(item);
  item->status = status;
  item->completedBy = completedBy;
  item->completedAt = completedBy.empty() ? 0 : change.now;
  item->updatedAt = change.now;
  change.transaction.run(
      "UPDATE review_item SET status = $3, completed_by = $4, completed_at = $5, updated_at = $6 "
      "WHERE queue = $1 AND trace_id = $2",
      {queue.row, id, item->status, item->completedBy, item->completedAt, item->updatedAt});
  recordReviewQueue(change, registry::Action::reviewQueueChanged, queue,
                    {{"trace", item->traceId}, {"status", item->status}});
  return *std::move(item);
}

}  // namespace regesta::evaluation
