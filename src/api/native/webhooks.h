#pragma once
#include "api/native/users.h"

namespace regesta::api::native {

struct WebhookAnswer {
  std::int64_t id = 0;
  std::string url, description;
  std::vector<std::string> actions;
  std::string names;
  bool active = true;
  std::optional<std::string> secretText;
  std::int64_t next = 0, attempts = 0;
  std::optional<std::string> nextAttemptAt, problem, createdAt;
  std::string createdBy;
  std::optional<std::string> name;
  std::vector<std::string> events, kinds, headers;
  std::optional<std::string> bodyTemplate;
  static constexpr Field fields[] = {
      field<&WebhookAnswer::kinds>("kinds", about("of assets; empty: every kind")),
      field<&WebhookAnswer::headers>("headers", about("names of the further headers; their values are not shown")),
      field<&WebhookAnswer::bodyTemplate>("template", about("of the body; absent: the event as it is")),
      field<&WebhookAnswer::id>("id"),
      field<&WebhookAnswer::url>("url"),
      field<&WebhookAnswer::description>("description"),
      field<&WebhookAnswer::actions>("actions"),
      field<&WebhookAnswer::names>("names"),
      field<&WebhookAnswer::active>("active"),
      field<&WebhookAnswer::secretText>("secret", about("shown once, by the call that made it")),
      field<&WebhookAnswer::next>("next_index", about("of the ledger entry that is looked at next")),
      field<&WebhookAnswer::attempts>("attempts", about("failed ones of the event that is next")),
      field<&WebhookAnswer::nextAttemptAt>("next_attempt_at"),
      field<&WebhookAnswer::problem>("problem", about("why the newest attempt failed")),
      field<&WebhookAnswer::createdAt>("created_at"),
      field<&WebhookAnswer::createdBy>("created_by"),
      field<&WebhookAnswer::name>("name", about("of a webhook of MLflow's API")),
      field<&WebhookAnswer::events>("events", about("MLflow's; empty for a webhook of this API"))};
};
struct NewWebhook {
  std::string url, description, names, secretText;
  std::vector<std::string> actions, kinds;
  RawJson headers, bodyTemplate;
  static constexpr Field fields[] = {
      field<&NewWebhook::kinds>("kinds", about("of assets: model, prompt …; none: every kind")),
      field<&NewWebhook::headers>("headers", about("object: further headers of each request, for example "
                                                   "Authorization; never shown again")),
      field<&NewWebhook::bodyTemplate>("template", about("JSON for the body; {{type}}, {{subject}}, {{data.reason}} in "
                                                         "its strings stand for members of the event")),
      field<&NewWebhook::url>("url", required),
      field<&NewWebhook::description>("description"),
      field<&NewWebhook::actions>("actions", about("patterns of actions: rollout.*, alias.moved; none: every action")),
      field<&NewWebhook::names>("names", about("a pattern of asset names; absent: every entry of the workspace")),
      field<&NewWebhook::secretText>("secret", secret | about("whsec_ + base64; absent: one is made"))};
};
struct WebhookChange {
  std::int64_t id = 0;
  std::optional<std::string> url, description, names, secretText;
  std::optional<std::vector<std::string>> actions, kinds;
  std::optional<bool> active;
  RawJson headers, bodyTemplate;
  static constexpr Field fields[] = {field<&WebhookChange::kinds>("kinds"),
                                     field<&WebhookChange::headers>("headers", about("replaces all; {}: none")),
                                     field<&WebhookChange::bodyTemplate>("template", about("null: the event as it is")),
                                     field<&WebhookChange::id>("id", present | atLeast(1)),
                                     field<&WebhookChange::url>("url"),
                                     field<&WebhookChange::description>("description"),
                                     field<&WebhookChange::actions>("actions"),
                                     field<&WebhookChange::names>("names"),
                                     field<&WebhookChange::active>("active", about("true goes on where it stopped")),
                                     field<&WebhookChange::secretText>("secret", secret)};
};
struct DeliveryAnswer {
  std::optional<std::int64_t> index;
  std::string action;
  std::int64_t attempt = 0;
  bool delivered = false;
  std::optional<std::int64_t> status;
  std::optional<std::string> problem;
  std::int64_t millis = 0;
  std::optional<std::string> at;
  static constexpr Field fields[] = {
      field<&DeliveryAnswer::index>("index", about("of the ledger entry; absent: a test")),
      field<&DeliveryAnswer::action>("action"),
      field<&DeliveryAnswer::attempt>("attempt"),
      field<&DeliveryAnswer::delivered>("delivered"),
      field<&DeliveryAnswer::status>("status", about("HTTP; absent: no answer")),
      field<&DeliveryAnswer::problem>("problem"),
      field<&DeliveryAnswer::millis>("millis"),
      field<&DeliveryAnswer::at>("at")};
};
struct DeliveryQuery {
  std::int64_t id = 0;
  std::string pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&DeliveryQuery::id>("id", present | atLeast(1)),
                                     field<&DeliveryQuery::pageToken>("page_token"),
                                     field<&DeliveryQuery::pageSize>("page_size", pageRule)};
};

/// What an address that a caller chose says itself; where its name leads is checked at each connection. Throws
/// Invalid{field "url"}.
void requireReachable(const Call& call, const std::string& url);

Page<WebhookAnswer> listWebhooks(Call& call, const PageQuery& query);
WebhookAnswer createWebhook(Call& call, const NewWebhook& request);
WebhookAnswer getWebhook(Call& call, const NumberOnly& path);
WebhookAnswer changeWebhook(Call& call, const WebhookChange& request);
Empty deleteWebhook(Call& call, const NumberOnly& path);
/// Waits for the receiver.
DeliveryAnswer testWebhook(Call& call, const NumberOnly& path);
/// Newest first.
Page<DeliveryAnswer> listDeliveries(Call& call, const DeliveryQuery& query);

}  // namespace regesta::api::native
