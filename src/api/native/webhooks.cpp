#include "api/native/webhooks.h"

#include "base/limits_delivery.h"
#include "jobs/webhook.h"
#include "jobs/webhook_send.h"

namespace regesta::api::native {

namespace {

WebhookAnswer answerOf(const jobs::Webhook& webhook) {
  WebhookAnswer answer;
  answer.id = webhook.id;
  answer.url = webhook.url;
  answer.description = webhook.description;
  answer.actions = webhook.filter.actions;
  answer.names = webhook.filter.names;
  answer.active = webhook.active;
  answer.next = webhook.cursor;
  answer.attempts = webhook.attempts;
  answer.nextAttemptAt = timeText(webhook.nextAt);
  answer.problem = optionalText(webhook.problem);
  answer.createdAt = timeText(webhook.createdAt);
  answer.createdBy = webhook.createdBy;
  answer.name = optionalText(webhook.name);
  answer.events = webhook.events;
  answer.kinds = webhook.filter.kinds;
  for (const auto& header : webhook.headers) answer.headers.push_back(header.first);
  answer.bodyTemplate = optionalText(webhook.bodyTemplate);
  return answer;
}

DeliveryAnswer answerOf(const jobs::Delivery& delivery) {
  DeliveryAnswer answer;
  if (delivery.index >= 0) answer.index = delivery.index;
  answer.action = delivery.action;
  answer.attempt = delivery.attempt;
  answer.delivered = delivery.problem.empty();
  if (delivery.status != 0) answer.status = delivery.status;
  answer.problem = optionalText(delivery.problem);
  answer.millis = delivery.millis;
  answer.at = timeText(delivery.at);
  return answer;
}

jobs::WebhookHeaders headersOf(const RawJson& wire) {
  jobs::WebhookHeaders headers;
  json::value value = parseJson(wire.text);
  if (!value.is_object()) throw Invalid("headers", "must be an object");
  for (const auto& header : value.get_object()) {
    if (!header.value().is_string()) throw Invalid("headers", "must have strings as values");
    headers[std::string(header.key())] = std::string(header.value().get_string());
  }
  return headers;
}

/// Events tell of every asset, so a right on some names is not enough.
void requireWorkspace(const Call& call) { call.require(access::Verb::administer, "*"); }

jobs::Webhook found(db::Transaction& transaction, const Call& call, std::int64_t id) {
  auto webhook = jobs::findWebhook(transaction, call.workspace, id);
  if (!webhook) throw error(Code::notFound, "workspace '{}' has no webhook {}", call.workspace, id);
  return *std::move(webhook);
}

}  // namespace

void requireReachable(const Call& call, const std::string& url) {
  if (!call.core.egress.mayAllow(url))
    throw Invalid("url", "is not on the public internet; an operator can allow it with the setting webhooks.allow");
}

Page<WebhookAnswer> listWebhooks(Call& call, const PageQuery& query) {
  requireWorkspace(call);
  auto all = call.core.store.read(
      [&](db::Transaction& transaction) { return jobs::listWebhooks(transaction, call.workspace); });
  return pageOf(
      all, query.pageToken, query.pageSize, [](const jobs::Webhook& webhook) { return webhook.id; },
      [](const jobs::Webhook& webhook) { return answerOf(webhook); });
}

WebhookAnswer createWebhook(Call& call, const NewWebhook& request) {
  requireWorkspace(call);
  jobs::Webhook wanted;
  wanted.workspace = call.workspace;
  wanted.url = request.url;
  wanted.description = request.description;
  wanted.filter.actions = request.actions;
  if (!request.names.empty()) wanted.filter.names = request.names;
  wanted.secret = request.secretText;
  wanted.filter.kinds = request.kinds;
  if (!request.headers.text.empty()) wanted.headers = headersOf(request.headers);
  if (request.bodyTemplate.text != "null") wanted.bodyTemplate = request.bodyTemplate.text;
  requireReachable(call, wanted.url);
  jobs::Webhook made = call.core.store.change(
      call.actor(), [&](registry::Change& change) { return jobs::createWebhook(change, wanted); });
  call.status = 201;
  WebhookAnswer answer = answerOf(made);
  answer.secretText = made.secret;
  return answer;
}

WebhookAnswer getWebhook(Call& call, const NumberOnly& path) {
  requireWorkspace(call);
  return call.core.store.read(
      [&](db::Transaction& transaction) { return answerOf(found(transaction, call, path.id)); });
}

WebhookAnswer changeWebhook(Call& call, const WebhookChange& request) {
  requireWorkspace(call);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::Webhook webhook = found(change.transaction, call, request.id);
    if (request.url) {
      requireReachable(call, *request.url);
      webhook.url = *request.url;
    }
    if (request.description) webhook.description = *request.description;
    if (request.actions && webhook.isMlflow())
      throw Invalid("actions", "follow from the events of this webhook; change it through MLflow's API");
    if (request.actions) webhook.filter.actions = *request.actions;
    if (request.names) webhook.filter.names = *request.names;
    if (request.kinds) webhook.filter.kinds = *request.kinds;
    if (!request.headers.text.empty()) webhook.headers = headersOf(request.headers);
    if (!request.bodyTemplate.text.empty())
      webhook.bodyTemplate = request.bodyTemplate.text == "null" ? "" : request.bodyTemplate.text;
    // Credentials for one receiver are not handed to another one.
    if (request.url && request.headers.text.empty()) webhook.headers.clear();
    if (request.active) webhook.active = *request.active;
    if (request.secretText) webhook.secret = *request.secretText;
    return answerOf(jobs::changeWebhook(change, webhook));
  });
}

Empty deleteWebhook(Call& call, const NumberOnly& path) {
  requireWorkspace(call);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::deleteWebhook(change, found(change.transaction, call, path.id));
  });
  call.status = 204;
  return {};
}

DeliveryAnswer testWebhook(Call& call, const NumberOnly& path) {
  requireWorkspace(call);
  jobs::Webhook webhook =
      call.core.store.read([&](db::Transaction& transaction) { return found(transaction, call, path.id); });
  jobs::Sent sent = jobs::sendTest(call.core.store, call.core.egress, webhook, call.actor());
  return answerOf(jobs::Delivery{0, -1, "webhook.test", 1, sent.status, sent.problem, sent.millis, 0});
}

Page<DeliveryAnswer> listDeliveries(Call& call, const DeliveryQuery& query) {
  requireWorkspace(call);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    found(transaction, call, query.id);
    Page<DeliveryAnswer> page;
    std::int64_t last = 0;
    for (const jobs::Delivery& delivery : jobs::listDeliveries(transaction, query.id, limits::webhookDeliveries)) {
      if (before > 0 && delivery.id >= before) continue;
      if (page.items.size() == rowsOf(query.pageSize)) {
        page.nextPageToken = makeToken(std::to_string(last));
        break;
      }
      page.items.push_back(answerOf(delivery));
      last = delivery.id;
    }
    return page;
  });
}

}  // namespace regesta::api::native
