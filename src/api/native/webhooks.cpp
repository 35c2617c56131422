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
  answer.problem = textOrNothing(webhook.problem);
  answer.createdAt = timeText(webhook.createdAt);
  answer.createdBy = webhook.createdBy;
  return answer;
}

DeliveryAnswer answerOf(const jobs::Delivery& delivery) {
  DeliveryAnswer answer;
  if (delivery.index >= 0) answer.index = delivery.index;
  answer.action = delivery.action;
  answer.attempt = delivery.attempt;
  answer.delivered = delivery.problem.empty();
  if (delivery.status != 0) answer.status = delivery.status;
  answer.problem = textOrNothing(delivery.problem);
  answer.millis = delivery.millis;
  answer.at = timeText(delivery.at);
  return answer;
}

/// Events tell of every asset, so a right on some names is not enough.
void requireWorkspace(const Call& call) { call.require(governance::Verb::administer, "*"); }

jobs::Webhook found(db::Session& session, const Call& call, std::int64_t id) {
  auto webhook = jobs::findWebhook(session, call.workspace, id);
  if (!webhook) throw error(Code::notFound, "workspace '{}' has no webhook {}", call.workspace, id);
  return *std::move(webhook);
}

}  // namespace

Page<WebhookAnswer> listWebhooks(Call& call, const PageQuery& query) {
  requireWorkspace(call);
  auto all = call.core.store.read([&](db::Session& session) { return jobs::listWebhooks(session, call.workspace); });
  return pageOf(
      all, query.pageToken, query.pageSize, [](const jobs::Webhook& webhook) { return webhook.id; },
      [](const jobs::Webhook& webhook) { return answerOf(webhook); });
}

WebhookAnswer createWebhook(Call& call, const NewWebhook& asked) {
  requireWorkspace(call);
  jobs::Webhook wanted;
  wanted.workspace = call.workspace;
  wanted.url = asked.url;
  wanted.description = asked.description;
  wanted.filter.actions = asked.actions;
  if (!asked.names.empty()) wanted.filter.names = asked.names;
  wanted.secret = asked.secretText;
  jobs::Webhook made = call.core.store.change(
      call.actor(), [&](registry::Change& change) { return jobs::createWebhook(change, wanted); });
  call.status = 201;
  WebhookAnswer answer = answerOf(made);
  answer.secretText = made.secret;
  return answer;
}

WebhookAnswer getWebhook(Call& call, const NumberOnly& path) {
  requireWorkspace(call);
  return call.core.store.read([&](db::Session& session) { return answerOf(found(session, call, path.id)); });
}

WebhookAnswer changeWebhook(Call& call, const WebhookChange& asked) {
  requireWorkspace(call);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::Webhook webhook = found(change.session, call, asked.id);
    if (asked.url) webhook.url = *asked.url;
    if (asked.description) webhook.description = *asked.description;
    if (asked.actions) webhook.filter.actions = *asked.actions;
    if (asked.names) webhook.filter.names = *asked.names;
    if (asked.active) webhook.active = *asked.active;
    if (asked.secretText) webhook.secret = *asked.secretText;
    return answerOf(jobs::changeWebhook(change, webhook));
  });
}

Nothing deleteWebhook(Call& call, const NumberOnly& path) {
  requireWorkspace(call);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::deleteWebhook(change, found(change.session, call, path.id));
  });
  call.status = 204;
  return {};
}

DeliveryAnswer testWebhook(Call& call, const NumberOnly& path) {
  requireWorkspace(call);
  jobs::Webhook webhook = call.core.store.read([&](db::Session& session) { return found(session, call, path.id); });
  jobs::Sent sent = jobs::sendTest(call.core.store, webhook, call.actor());
  return answerOf(jobs::Delivery{0, -1, "webhook.test", 1, sent.status, sent.problem, sent.millis, 0});
}

Page<DeliveryAnswer> listDeliveries(Call& call, const DeliveryQuery& query) {
  requireWorkspace(call);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Session& session) {
    found(session, call, query.id);
    Page<DeliveryAnswer> page;
    std::int64_t last = 0;
    for (const jobs::Delivery& delivery : jobs::listDeliveries(session, query.id, limits::webhookDeliveries)) {
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
