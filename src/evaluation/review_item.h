#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluation/review_queue.h"

namespace regesta::evaluation {

/// A trace in a queue; it leaves the queue when the trace is deleted.
struct ReviewItem {
  std::string traceId;
  std::string status = "pending";                              ///< pending, complete or declined
  std::string completedBy;                                     ///< empty while pending
  std::int64_t completedAt = 0, createdAt = 0, updatedAt = 0;  ///< milliseconds; completedAt 0: pending
};

inline constexpr std::string_view reviewStatuses[] = {"pending", "complete", "declined"};

/// Trimmed, without repetitions. Throws Invalid if there is none or one is empty or too long.
std::vector<std::string> reviewedIds(const std::vector<std::string>& ids);

struct ReviewedTrace {
  std::int64_t row = 0;
  std::string traceId;
};
/// Items in the order of `traces`, which the queue's experiment has. Those that it has already keep their status.
std::vector<ReviewItem> addReviewItems(registry::Change& change, const ReviewQueue& queue,
                                       std::span<const ReviewedTrace> traces);
void removeReviewItems(registry::Change& change, const ReviewQueue& queue, const std::vector<std::string>& ids);
/// The newest first, then by trace. `status` empty: all.
tracking::Page<ReviewItem> listReviewItems(db::Transaction& transaction, const ReviewQueue& queue,
                                           std::string_view status, std::int64_t maxResults,
                                           const std::string& pageToken);
/// `reviewer` sets the status; nobody for pending, which forgets who did. The same status again changes nothing. Throws
/// tracking::Missing for a trace that the queue does not have, Error{invalid}.
ReviewItem setReviewStatus(registry::Change& change, const ReviewQueue& queue, std::string_view traceId,
                           std::string_view status, const std::optional<std::string>& reviewer);

}  // namespace regesta::evaluation
