#include "evaluation/review_queue.h"

#include "api/mlflow/evaluation.h"
#include "api/mlflow/experiment_scope.h"
#include "api/mlflow/review_queue_wire.h"
#include "api/mlflow/trace_scope.h"
#include "base/text.h"
#include "evaluation/review_item.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using tracking::parseExperimentId;

std::optional<std::string> unlessEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

wire::ReviewQueue wireOf(const evaluation::ReviewQueue& q) {
  return {.queue_id = q.queueId,
          .experiment_id = std::to_string(q.experiment),
          .name = q.name,
          .queue_type = q.type == "user" ? "USER" : "CUSTOM",
          .created_by = unlessEmpty(q.owner),
          .creation_time_ms = q.createdAt,
          .last_update_time_ms = q.updatedAt,
          .users = q.users,
          .schema_ids = q.schemas};
}

wire::ReviewItem wireOf(const evaluation::ReviewQueue& queue, const evaluation::ReviewItem& i) {
  std::size_t status = i.status == "pending" ? 0 : i.status == "complete" ? 1 : 2;
  return {.queue_id = queue.queueId,
          .item_type = "TRACE",
          .item_id = i.traceId,
          .status = std::string(wire::reviewStatuses[status]),
          .completed_by = unlessEmpty(i.completedBy),
          .completed_time_ms = i.completedAt == 0 ? std::nullopt : std::optional(i.completedAt),
          .creation_time_ms = i.createdAt,
          .last_update_time_ms = i.updatedAt};
}

/// Empty on a server without users.
std::string callerName(const Call& call) {
  if (call.identity->local) return {};
  return call.actor().shortName();
}

wire::OneReviewQueue createQueue(Call& call, const wire::CreateReviewQueue& in) {
  evaluation::ReviewQueue told{.workspace = call.workspace,
                               .experiment = parseExperimentId(in.experiment_id),
                               .name = in.name,
                               .type = lower(in.queue_type),
                               .owner = callerName(call),
                               .users = in.users,
                               .schemas = in.schema_ids};
  return changeIn(call, told.experiment, [&](registry::Change& change) -> wire::OneReviewQueue {
    return {wireOf(evaluation::createReviewQueue(change, told))};
  });
}

wire::OneReviewQueue getOrCreateUserQueue(Call& call, const wire::ReviewQueueUser& in) {
  std::int64_t experiment = parseExperimentId(in.experiment_id);
  return changeIn(call, experiment, [&](registry::Change& change) -> wire::OneReviewQueue {
    return {wireOf(evaluation::userQueue(change, call.workspace, experiment, in.user))};
  });
}

wire::OneReviewQueue getQueue(Call& call, const wire::ReviewQueueRef& in) {
  return readStored(
      call, evaluation::getReviewQueue, in.queue_id,
      [](db::Transaction&, const evaluation::ReviewQueue& queue) -> wire::OneReviewQueue { return {wireOf(queue)}; });
}

wire::OneReviewQueue getQueueByName(Call& call, const wire::ReviewQueueName& in) {
  std::int64_t experiment = parseExperimentId(in.experiment_id);
  return readIn(call, experiment, [&](db::Transaction& transaction) -> wire::OneReviewQueue {
    return {wireOf(evaluation::getReviewQueueByName(transaction, call.workspace, experiment, in.name))};
  });
}

wire::ReviewQueues listQueues(Call& call, const wire::ListReviewQueues& in) {
  evaluation::ReviewQueueSearch search{.experiment = parseExperimentId(in.experiment_id),
                                       .user = in.user,
                                       .traceId = in.item_id,
                                       .maxResults = in.max_results,
                                       .pageToken = in.page_token};
  return readIn(call, search.experiment, [&](db::Transaction& transaction) {
    auto page = evaluation::listReviewQueues(transaction, call.workspace, search);
    wire::ReviewQueues found{.review_queues = {}, .next_page_token = page.nextPageToken};
    for (const evaluation::ReviewQueue& queue : page.items) found.review_queues.push_back(wireOf(queue));
    return found;
  });
}

wire::OneReviewQueue updateQueue(Call& call, const wire::UpdateReviewQueue& in) {
  evaluation::ReviewQueueUpdate update{.name = in.name, .owner = in.new_owner, .users = {}, .schemas = {}};
  if (in.update_users) update.users = in.users;
  if (in.update_schema_ids) update.schemas = in.schema_ids;
  return changeStored(call, evaluation::getReviewQueue, in.queue_id,
                      [&](registry::Change& change, const evaluation::ReviewQueue& stored) -> wire::OneReviewQueue {
                        return {wireOf(evaluation::updateReviewQueue(change, stored, update))};
                      });
}

Empty deleteQueue(Call& call, const wire::ReviewQueueRef& in) {
  return deleteStored(call, evaluation::findReviewQueue, evaluation::deleteReviewQueue, in.queue_id);
}

std::vector<evaluation::ReviewedTrace> tracesFor(Call& call, db::Transaction& transaction,
                                                 const evaluation::ReviewQueue& queue,
                                                 const std::vector<std::string>& ids) {
  std::vector<evaluation::ReviewedTrace> traces;
  std::vector<std::string> missing;
  for (const std::string& id : ids) {
    auto trace = telemetry::findTrace(transaction, call.workspace, id,
                                      [&](std::int64_t experiment) { return experiment == queue.experiment; });
    if (trace)
      traces.push_back({trace->row, trace->traceId});
    else
      missing.push_back("'" + id + "'");
  }
  if (!missing.empty())
    throw error(Code::notFound,
                "Cannot attach trace(s) [{}] to review queue '{}': they do not exist in experiment '{}'.",
                shorten(join(missing, ", "), 500), queue.queueId, queue.experiment);
  return traces;
}

wire::ReviewItems addItems(Call& call, const wire::AddReviewItems& in) {
  std::vector<std::string> ids = evaluation::reviewedIds(in.item_ids);
  return changeStored(call, evaluation::getReviewQueue, in.queue_id,
                      [&](registry::Change& change, const evaluation::ReviewQueue& queue) {
                        auto traces = tracesFor(call, change.transaction, queue, ids);
                        wire::ReviewItems shown;
                        for (const evaluation::ReviewItem& item : evaluation::addReviewItems(change, queue, traces))
                          shown.items.push_back(wireOf(queue, item));
                        return shown;
                      });
}

Empty removeItems(Call& call, const wire::RemoveReviewItems& in) {
  std::vector<std::string> ids = evaluation::reviewedIds(in.item_ids);
  return changeStored(call, evaluation::getReviewQueue, in.queue_id,
                      [&](registry::Change& change, const evaluation::ReviewQueue& queue) -> Empty {
                        evaluation::removeReviewItems(change, queue, ids);
                        return {};
                      });
}

wire::ListedReviewItems listItems(Call& call, const wire::ListReviewItems& in) {
  return readStored(call, evaluation::getReviewQueue, in.queue_id,
                    [&](db::Transaction& transaction, const evaluation::ReviewQueue& queue) {
                      auto page = evaluation::listReviewItems(transaction, queue, lower(in.status), in.max_results,
                                                              in.page_token);
                      wire::ListedReviewItems found{.items = {}, .next_page_token = page.nextPageToken};
                      for (const evaluation::ReviewItem& item : page.items) found.items.push_back(wireOf(queue, item));
                      return found;
                    });
}

/// Who reviewed is who calls; only a server without users believes the client.
wire::OneReviewItem setStatus(Call& call, const wire::SetReviewStatus& in) {
  std::optional<std::string> reviewer = in.completed_by;
  if (std::string caller = callerName(call); !caller.empty())
    reviewer = in.status == wire::reviewStatuses[0] ? std::nullopt : std::optional(caller);
  return changeStored(
      call, evaluation::getReviewQueue, in.queue_id,
      [&](registry::Change& change, const evaluation::ReviewQueue& queue) -> wire::OneReviewItem {
        return {wireOf(queue, evaluation::setReviewStatus(change, queue, in.item_id, lower(in.status), reviewer))};
      });
}

}  // namespace

std::span<const Route> reviewQueueRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/review-queues/create", "Create a review queue", writes("review queues"), createQueue),
      post("/api/3.0/mlflow/review-queues/get-or-create-user", "Get or create a user's review queue",
           writes("review queues"), getOrCreateUserQueue),
      get("/api/3.0/mlflow/review-queues/get", "Get a review queue", reads("review queues"), getQueue),
      get("/api/3.0/mlflow/review-queues/get-by-name", "Get a review queue by name", reads("review queues"),
          getQueueByName),
      get("/api/3.0/mlflow/review-queues/list", "List review queues", reads("review queues"), listQueues),
      post("/api/3.0/mlflow/review-queues/update", "Update a review queue", writes("review queues"), updateQueue),
      post("/api/3.0/mlflow/review-queues/delete", "Delete a review queue", writes("review queues"), deleteQueue),
      post("/api/3.0/mlflow/review-queues/items/add", "Add traces to a review queue", writes("review queues"),
           addItems),
      post("/api/3.0/mlflow/review-queues/items/remove", "Remove traces from a review queue", writes("review queues"),
           removeItems),
      get("/api/3.0/mlflow/review-queues/items/list", "List traces of a review queue", reads("review queues"),
          listItems),
      post("/api/3.0/mlflow/review-queues/items/set-status", "Set the review status of a trace",
           writes("review queues"), setStatus),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
