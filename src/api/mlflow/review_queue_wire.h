#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/shape.h"

namespace regesta::api::mlflow::wire {

inline constexpr std::string_view reviewQueueTypes[] = {"USER", "CUSTOM"};
inline constexpr std::string_view reviewItemTypes[] = {"TRACE"};
inline constexpr std::string_view reviewStatuses[] = {"PENDING", "COMPLETE", "DECLINED"};

struct ReviewQueue {
  std::string queue_id, experiment_id, name, queue_type;
  std::optional<std::string> created_by;
  std::int64_t creation_time_ms = 0, last_update_time_ms = 0;
  std::vector<std::string> users, schema_ids;
  static constexpr Field fields[] = {field<&ReviewQueue::queue_id>("queue_id"),
                                     field<&ReviewQueue::experiment_id>("experiment_id"),
                                     field<&ReviewQueue::name>("name"),
                                     field<&ReviewQueue::queue_type>("queue_type", oneOf(reviewQueueTypes)),
                                     field<&ReviewQueue::created_by>("created_by"),
                                     field<&ReviewQueue::creation_time_ms>("creation_time_ms"),
                                     field<&ReviewQueue::last_update_time_ms>("last_update_time_ms"),
                                     field<&ReviewQueue::users>("users"),
                                     field<&ReviewQueue::schema_ids>("schema_ids")};
};
struct OneReviewQueue {
  ReviewQueue review_queue;
  static constexpr Field fields[] = {field<&OneReviewQueue::review_queue>("review_queue")};
};
struct CreateReviewQueue {
  std::string experiment_id, name, queue_type;
  std::vector<std::string> users, schema_ids;
  static constexpr std::string_view documentation = "The owner is the user who calls; none on a server without users.";
  static constexpr Field fields[] = {field<&CreateReviewQueue::experiment_id>("experiment_id", required),
                                     field<&CreateReviewQueue::name>("name", required),
                                     field<&CreateReviewQueue::queue_type>("queue_type", oneOf(reviewQueueTypes)),
                                     field<&CreateReviewQueue::users>("users"),
                                     field<&CreateReviewQueue::schema_ids>("schema_ids")};
};
struct ReviewQueueUser {
  std::string experiment_id, user;
  static constexpr Field fields[] = {field<&ReviewQueueUser::experiment_id>("experiment_id", required),
                                     field<&ReviewQueueUser::user>("user", required)};
};
struct ReviewQueueRef {
  std::string queue_id;
  static constexpr Field fields[] = {field<&ReviewQueueRef::queue_id>("queue_id", required)};
};
struct ReviewQueueName {
  std::string experiment_id, name;
  static constexpr Field fields[] = {field<&ReviewQueueName::experiment_id>("experiment_id", required),
                                     field<&ReviewQueueName::name>("name", required)};
};
struct ListReviewQueues {
  std::string experiment_id;
  std::optional<std::string> user, item_id;
  std::int64_t max_results = 1000;
  std::string page_token;
  static constexpr Field fields[] = {
      field<&ListReviewQueues::experiment_id>("experiment_id", required), field<&ListReviewQueues::user>("user"),
      field<&ListReviewQueues::item_id>("item_id", about("id of a trace")),
      field<&ListReviewQueues::max_results>("max_results"), field<&ListReviewQueues::page_token>("page_token")};
};
struct ReviewQueues {
  std::vector<ReviewQueue> review_queues;
  std::string next_page_token;  ///< empty, not absent, on the last page: MLflow's own
  static constexpr Field fields[] = {field<&ReviewQueues::review_queues>("review_queues"),
                                     field<&ReviewQueues::next_page_token>("next_page_token")};
};
struct UpdateReviewQueue {
  std::string queue_id;
  bool update_users = false;
  std::vector<std::string> users;
  bool update_schema_ids = false;
  std::vector<std::string> schema_ids;
  std::optional<std::string> name, new_owner;
  static constexpr Field fields[] = {
      field<&UpdateReviewQueue::queue_id>("queue_id", required),
      field<&UpdateReviewQueue::update_users>("update_users"),
      field<&UpdateReviewQueue::users>("users", about("replaces the users if update_users is true")),
      field<&UpdateReviewQueue::update_schema_ids>("update_schema_ids"),
      field<&UpdateReviewQueue::schema_ids>("schema_ids", about("replaces the schemas if update_schema_ids is true")),
      field<&UpdateReviewQueue::name>("name"),
      field<&UpdateReviewQueue::new_owner>("new_owner")};
};

struct ReviewItem {
  std::string queue_id, item_type, item_id, status;
  std::optional<std::string> completed_by;
  std::optional<std::int64_t> completed_time_ms;
  std::int64_t creation_time_ms = 0, last_update_time_ms = 0;
  static constexpr Field fields[] = {field<&ReviewItem::queue_id>("queue_id"),
                                     field<&ReviewItem::item_type>("item_type", oneOf(reviewItemTypes)),
                                     field<&ReviewItem::item_id>("item_id"),
                                     field<&ReviewItem::status>("status", oneOf(reviewStatuses)),
                                     field<&ReviewItem::completed_by>("completed_by"),
                                     field<&ReviewItem::completed_time_ms>("completed_time_ms"),
                                     field<&ReviewItem::creation_time_ms>("creation_time_ms"),
                                     field<&ReviewItem::last_update_time_ms>("last_update_time_ms")};
};
struct AddReviewItems {
  std::string queue_id, item_type;
  std::vector<std::string> item_ids;
  static constexpr Field fields[] = {field<&AddReviewItems::queue_id>("queue_id", required),
                                     field<&AddReviewItems::item_type>("item_type", oneOf(reviewItemTypes)),
                                     field<&AddReviewItems::item_ids>("item_ids", about("ids of traces"))};
};
struct ReviewItems {
  std::vector<ReviewItem> items;
  static constexpr Field fields[] = {field<&ReviewItems::items>("items")};
};
struct RemoveReviewItems {
  std::string queue_id;
  std::vector<std::string> item_ids;
  static constexpr Field fields[] = {field<&RemoveReviewItems::queue_id>("queue_id", required),
                                     field<&RemoveReviewItems::item_ids>("item_ids")};
};
struct ListReviewItems {
  std::string queue_id, status;
  std::int64_t max_results = 1000;
  std::string page_token;
  static constexpr Field fields[] = {field<&ListReviewItems::queue_id>("queue_id", required),
                                     field<&ListReviewItems::status>("status", oneOf(reviewStatuses)),
                                     field<&ListReviewItems::max_results>("max_results"),
                                     field<&ListReviewItems::page_token>("page_token")};
};
struct ListedReviewItems {
  std::vector<ReviewItem> items;
  std::string next_page_token;  ///< empty, not absent, on the last page: MLflow's own
  static constexpr Field fields[] = {field<&ListedReviewItems::items>("items"),
                                     field<&ListedReviewItems::next_page_token>("next_page_token")};
};
struct SetReviewStatus {
  std::string queue_id, item_id, status;
  std::optional<std::string> completed_by;
  static constexpr Field fields[] = {
      field<&SetReviewStatus::queue_id>("queue_id", required), field<&SetReviewStatus::item_id>("item_id", required),
      field<&SetReviewStatus::status>("status", oneOf(reviewStatuses)),
      field<&SetReviewStatus::completed_by>("completed_by",
                                            about("only on a server without users; otherwise the user who calls"))};
};
struct OneReviewItem {
  ReviewItem item;
  static constexpr Field fields[] = {field<&OneReviewItem::item>("item")};
};

}  // namespace regesta::api::mlflow::wire
