#include "evaluation/review_queue.h"

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/limits_evaluation.h"
#include "base/text.h"
#include "db/columns.h"
#include "evaluation/label_schema.h"
#include "filter/filter.h"
#include "tracking/missing.h"
#include "tracking/ranking.h"
#include "tracking/seen_name.h"

namespace regesta::evaluation {
namespace {

constexpr std::string_view columns =
    "id, queue_id, workspace, experiment, name, type, owner, users, schemas, created_at, updated_at";

/// The user queue of a server without users has this name.
constexpr std::string_view reservedName = "default";

std::string packed(const std::vector<std::string>& texts) { return writeJson(json::array(texts.begin(), texts.end())); }

std::vector<std::string> unpacked(std::string_view list) {
  std::vector<std::string> texts;
  json::value value = parseJson(list);
  for (const json::value& text : value.as_array()) texts.emplace_back(text.as_string());
  return texts;
}

ReviewQueue readQueue(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {.row = rows.integer(at["id"]),
          .queueId = rows.text(at["queue_id"]),
          .workspace = rows.text(at["workspace"]),
          .experiment = rows.integer(at["experiment"]),
          .name = rows.text(at["name"]),
          .type = rows.text(at["type"]),
          .owner = rows.text(at["owner"]),
          .users = unpacked(rows.view(at["users"])),
          .schemas = unpacked(rows.view(at["schemas"])),
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"])};
}

std::string checked(const std::string& field, std::string_view text) {
  std::string_view trimmed = trim(text);
  if (trimmed.empty()) throw Invalid(field, "must be a non-empty string");
  if (characterCount(trimmed) > limits::labelName)
    throw Invalid(field, fmt::format("must have at most {} characters", limits::labelName));
  tracking::checkSeen(field, trimmed);
  return std::string(trimmed);
}

void sortUnique(std::vector<std::string>& texts) {
  std::ranges::sort(texts);
  texts.erase(std::ranges::unique(texts).begin(), texts.end());
}

std::vector<std::string> checkedUsers(const std::vector<std::string>& told) {
  std::vector<std::string> users;
  for (const std::string& user : told) users.push_back(lower(checked("users", user)));
  sortUnique(users);
  if (users.size() > limits::reviewQueueUsers)
    throw error(Code::invalid, "A review queue can have at most {} assigned users; got {}.", limits::reviewQueueUsers,
                users.size());
  return users;
}

std::vector<std::string> checkedSchemas(db::Transaction& transaction, const ReviewQueue& queue,
                                        const std::vector<std::string>& told) {
  std::vector<std::string> schemas, missing;
  for (const std::string& id : told) schemas.push_back(checked("schema_ids", id));
  sortUnique(schemas);
  if (schemas.size() > limits::reviewQueueSchemas)
    throw Invalid("schema_ids", fmt::format("must have at most {} entries", limits::reviewQueueSchemas));
  for (const std::string& id : schemas) {
    auto schema = findLabelSchema(transaction, queue.workspace, id);
    if (!schema || schema->experiment != queue.experiment) missing.push_back("'" + shorten(id, 100) + "'");
  }
  if (!missing.empty())
    throw error(Code::invalid, "Label schema id(s) [{}] not found for experiment '{}'.", join(missing, ", "),
                queue.experiment);
  return schemas;
}

std::string customName(std::string_view told) {
  std::string name = checked("name", told);
  if (lower(name) == reservedName)
    throw error(Code::invalid, "`{}` is a reserved queue name and cannot be used for a custom queue.", name);
  return name;
}

void checkUserQueue(ReviewQueue& queue) {
  queue.name = lower(checked("name", queue.name));
  if (queue.users.empty()) queue.users = {queue.name};
  if (queue.users != std::vector{queue.name})
    throw Error(Code::invalid, "A user queue must have exactly one assigned user equal to its name.");
  if (!queue.schemas.empty())
    throw Error(Code::invalid,
                "A user queue cannot have explicitly-attached schemas; it asks all of the experiment's.");
}

std::optional<ReviewQueue> findByName(db::Transaction& transaction, std::int64_t experiment, std::string_view name) {
  db::Rows rows =
      transaction.query(fmt::format("SELECT {} FROM review_queue WHERE experiment = $1 AND name_key = $2", columns),
                        {experiment, lower(name)});
  return rows.next() ? std::optional(readQueue(rows)) : std::nullopt;
}

void requireFreeName(db::Transaction& transaction, const ReviewQueue& queue) {
  auto other = findByName(transaction, queue.experiment, queue.name);
  if (other && other->queueId != queue.queueId)
    throw error(Code::exists, "Review queue with name '{}' already exists (names are case-insensitive).", queue.name);
}

bool hasItems(db::Transaction& transaction, const ReviewQueue& queue) {
  return transaction.query("SELECT 1 FROM review_item WHERE queue = $1 LIMIT 1", {queue.row}).next();
}

}  // namespace

ReviewQueue createReviewQueue(registry::Change& change, ReviewQueue told) {
  db::Transaction& transaction = change.transaction;
  if (std::ranges::find(reviewQueueTypes, told.type) == std::end(reviewQueueTypes))
    throw Error(Code::invalid, "`queue_type` must be one of USER or CUSTOM");
  told.users = checkedUsers(told.users);
  if (told.type == "user")
    checkUserQueue(told);
  else
    told.name = customName(told.name);
  tracking::getActiveExperiment(transaction, told.workspace, told.experiment);
  told.schemas = checkedSchemas(transaction, told, told.schemas);
  requireFreeName(transaction, told);
  told.queueId = "rq-" + randomHex(16);
  told.createdAt = told.updatedAt = change.now;
  told.row = transaction.insert(
      "INSERT INTO review_queue (queue_id, workspace, experiment, name, name_key, type, owner, users, schemas, "
      "created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id",
      {told.queueId, told.workspace, told.experiment, told.name, lower(told.name), told.type, told.owner,
       packed(told.users), packed(told.schemas), told.createdAt, told.updatedAt});
  recordReviewQueue(change, registry::Action::reviewQueueChanged, told);
  return told;
}

ReviewQueue userQueue(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                      std::string_view user) {
  std::string name = lower(checked("user", user));
  tracking::getActiveExperiment(change.transaction, workspace, experiment);
  if (auto existing = findByName(change.transaction, experiment, name)) {
    if (existing->type == "user") return *std::move(existing);
    throw error(Code::exists,
                "A non-user queue named '{}' already exists; cannot get-or-create a user queue with that name.", name);
  }
  return createReviewQueue(
      change,
      {.workspace = std::string(workspace), .experiment = experiment, .name = name, .type = "user", .owner = name});
}

std::optional<ReviewQueue> findReviewQueue(db::Transaction& transaction, std::string_view workspace,
                                           std::string_view queueId) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM review_queue WHERE workspace = $1 AND queue_id = $2", columns), {workspace, queueId});
  return rows.next() ? std::optional(readQueue(rows)) : std::nullopt;
}

ReviewQueue getReviewQueue(db::Transaction& transaction, std::string_view workspace, std::string_view queueId) {
  auto found = findReviewQueue(transaction, workspace, queueId);
  if (!found) throw tracking::Missing("review queue", queueId);
  return *std::move(found);
}

ReviewQueue getReviewQueueByName(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                                 std::string_view name) {
  tracking::getActiveExperiment(transaction, workspace, experiment);
  auto found = findByName(transaction, experiment, name);
  if (!found) throw tracking::Missing("review queue", name, "experiment", std::to_string(experiment));
  return *std::move(found);
}

tracking::Page<ReviewQueue> listReviewQueues(db::Transaction& transaction, std::string_view workspace,
                                             const ReviewQueueSearch& search) {
  tracking::checkMaxResults(search.maxResults);
  tracking::getActiveExperiment(transaction, workspace, search.experiment);
  std::int64_t skip = tracking::pageOffset(search.pageToken), seen = 0;
  std::string user = search.user ? lower(trim(*search.user)) : "";
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM review_queue WHERE experiment = $1 AND ($2 = 0 OR EXISTS (SELECT 1 FROM review_item "
                  "i WHERE i.queue = review_queue.id AND i.trace_id = $3)) ORDER BY created_at DESC, id DESC",
                  columns),
      {search.experiment, std::int64_t{search.traceId.has_value()}, search.traceId.value_or("")});
  tracking::Page<ReviewQueue> page;
  while (rows.next()) {
    ReviewQueue queue = readQueue(rows);
    if (search.user && std::ranges::find(queue.users, user) == queue.users.end()) continue;
    if (seen++ < skip) continue;
    if (std::ssize(page.items) == search.maxResults) {
      page.nextPageToken = filter::pageToken(skip + search.maxResults);
      break;
    }
    page.items.push_back(std::move(queue));
  }
  return page;
}

ReviewQueue updateReviewQueue(registry::Change& change, const ReviewQueue& stored, const ReviewQueueUpdate& update) {
  db::Transaction& transaction = change.transaction;
  if (stored.type == "user")
    throw Error(Code::invalid,
                "A user queue's name, assigned user, schemas, and owner are fixed and cannot be updated.");
  if (!update.name && !update.owner && !update.users && !update.schemas) return stored;
  ReviewQueue changed = stored;
  if (update.owner) changed.owner = checked("new_owner", *update.owner);
  if (update.name) changed.name = customName(*update.name);
  if (update.users) changed.users = checkedUsers(*update.users);
  if (update.schemas) {
    if (hasItems(transaction, stored))
      throw Error(Code::invalid,
                  "A review queue's questions are locked once items are assigned to it. Remove the items before "
                  "changing its questions.");
    changed.schemas = checkedSchemas(transaction, stored, *update.schemas);
  }
  requireFreeName(transaction, changed);
  changed.updatedAt = change.now;
  transaction.run(
      "UPDATE review_queue SET name = $2, name_key = $3, owner = $4, users = $5, schemas = $6, updated_at = $7 "
      "WHERE id = $1",
      {changed.row, changed.name, lower(changed.name), changed.owner, packed(changed.users), packed(changed.schemas),
       changed.updatedAt});
  recordReviewQueue(change, registry::Action::reviewQueueChanged, changed);
  return changed;
}

void deleteReviewQueue(registry::Change& change, const ReviewQueue& stored) {
  change.transaction.run("DELETE FROM review_queue WHERE id = $1", {stored.row});
  recordReviewQueue(change, registry::Action::reviewQueueDeleted, stored);
}

void recordReviewQueue(registry::Change& change, registry::Action action, const ReviewQueue& queue, json::object data) {
  data["experiment"] = queue.experiment;
  data["name"] = queue.name;
  change.record(action, queue.workspace, "review-queue/" + queue.queueId, std::move(data));
}

}  // namespace regesta::evaluation
