#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "registry/change.h"
#include "tracking/experiment.h"

namespace regesta::evaluation {

/// Traces of an experiment that wait for reviewers. A user queue is one reviewer's own list and asks all questions of
/// the experiment; a custom queue has a chosen set of reviewers and questions.
struct ReviewQueue {
  std::int64_t row = 0;
  std::string queueId;  ///< "rq-" and 32 hexadecimal digits
  std::string workspace;
  std::int64_t experiment = 0;
  std::string name;                           ///< unique in the experiment, without regard to case
  std::string type;                           ///< user or custom; never changes
  std::string owner;                          ///< empty: none
  std::vector<std::string> users;             ///< in lower case, sorted
  std::vector<std::string> schemas;           ///< ids of label schemas, sorted
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
};

inline constexpr std::string_view reviewQueueTypes[] = {"user", "custom"};

/// Sets id and times. Throws tracking::Missing for an unknown experiment, Error{exists} for a name that is taken,
/// Invalid.
ReviewQueue createReviewQueue(registry::Change& change, ReviewQueue told);
/// The queue of a user, created if there is none. Throws Error{exists} if a custom queue has the name.
ReviewQueue userQueue(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                      std::string_view user);
ReviewQueue getReviewQueue(db::Transaction& transaction, std::string_view workspace,
                           std::string_view queueId);  ///< throws tracking::Missing
std::optional<ReviewQueue> findReviewQueue(db::Transaction& transaction, std::string_view workspace,
                                           std::string_view queueId);
/// Throws tracking::Missing.
ReviewQueue getReviewQueueByName(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                                 std::string_view name);

struct ReviewQueueSearch {
  std::int64_t experiment = 0;
  std::optional<std::string> user, traceId;  ///< queues with this reviewer, with this trace
  std::int64_t maxResults = 1000;
  std::string pageToken;
};
/// The newest first.
tracking::Page<ReviewQueue> listReviewQueues(db::Transaction& transaction, std::string_view workspace,
                                             const ReviewQueueSearch& search);

struct ReviewQueueUpdate {
  std::optional<std::string> name, owner;
  std::optional<std::vector<std::string>> users;
  std::optional<std::vector<std::string>> schemas;  ///< only while the queue has no items
};
/// Throws like createReviewQueue(), and Error{invalid} for a user queue.
ReviewQueue updateReviewQueue(registry::Change& change, const ReviewQueue& stored, const ReviewQueueUpdate& update);
/// With its items; what reviewers wrote stays.
void deleteReviewQueue(registry::Change& change, const ReviewQueue& stored);
/// The ledger entry of a change of the queue or its items; `data` says what changed.
void recordReviewQueue(registry::Change& change, registry::Action action, const ReviewQueue& queue,
                       json::object data = {});

}  // namespace regesta::evaluation
