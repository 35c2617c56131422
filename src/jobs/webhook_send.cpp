#include "jobs/webhook_send.h"

#include <chrono>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits_delivery.h"
#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "jobs/mlflow_event.h"
#include "jobs/receiver.h"

namespace regesta::jobs {
namespace {

constexpr int testSeconds = 10;

std::string signatureWith(std::string_view key, std::string_view id, std::int64_t seconds, std::string_view body) {
  return "v1," + base64Encode(crypto::hmacSha256(key, fmt::format("{}.{}.{}", id, seconds, body)));
}

const json::value& memberOf(const json::object& entry, std::string_view name) {
  static const json::value nothing;
  const json::value* found = entry.if_contains(name);
  return found ? *found : nothing;
}

std::string inTemplate(const Webhook& webhook, std::string event) {
  if (webhook.bodyTemplate.empty()) return event;
  return writeJson(fillTemplate(webhook.bodyTemplate, templateEvent(parseJson(event).as_object())));
}

}  // namespace

std::string signatureOf(std::string_view secret, std::string_view id, std::int64_t seconds, std::string_view body) {
  std::string key = base64Decode(secret.substr(secret.find('_') + 1)).value_or("");
  return signatureWith(key, id, seconds, body);
}

std::string eventBody(std::int64_t index, std::string_view entry) {
  json::value parsed = parseJson(entry);
  const json::object& from = parsed.as_object();
  json::object event{{"type", memberOf(from, "action")},
                     {"timestamp", memberOf(from, "time")},
                     {"workspace", memberOf(from, "workspace")},
                     {"subject", memberOf(from, "subject")},
                     {"actor", memberOf(from, "actor")},
                     {"index", index},
                     {"data", memberOf(from, "data")}};
  return writeJson(event);
}

std::string eventBody(const Webhook& webhook, std::int64_t index, std::string_view entry) {
  return inTemplate(webhook, eventBody(index, entry));
}

Sent send(http::Client& client, const http::Egress& egress, const Webhook& webhook, std::string_view id,
          const std::string& body, int timeoutSeconds) {
  std::int64_t seconds = nowMillis() / 1000;
  http::ClientRequest request;
  request.method = "POST";
  request.url = webhook.url;
  request.body = body;
  request.timeoutSeconds = timeoutSeconds;
  request.answerLimit = limits::webhookAnswer;
  request.egress = &egress;
  request.headers.set("Content-Type", "application/json");
  request.headers.set("User-Agent", "regesta-webhook/1");
  for (const auto& [name, value] : webhook.headers) request.headers.set(name, value);
  std::string prefix = webhook.isMlflow() ? "x-mlflow" : "webhook";
  request.headers.set(webhook.isMlflow() ? "x-mlflow-delivery-id" : "webhook-id", std::string(id));
  request.headers.set(prefix + "-timestamp", std::to_string(seconds));
  if (!webhook.secret.empty())
    request.headers.set(prefix + "-signature", webhook.isMlflow() ? signatureWith(webhook.secret, id, seconds, body)
                                                                  : signatureOf(webhook.secret, id, seconds, body));
  auto begin = std::chrono::steady_clock::now();
  Sent sent;
  try {
    http::Response response = client.send(request);
    sent.status = response.status;
    sent.answer = std::move(response.body);
    if (sent.status / 100 == 3)
      sent.problem = fmt::format("HTTP {}: redirects are not followed; give the address it leads to", sent.status);
    else if (sent.status / 100 != 2)
      sent.problem = fmt::format("HTTP {}", sent.status);
  } catch (const Error& failure) {
    log(LogLevel::info, "a webhook's receiver was not reached",
        {{"webhook", webhook.id}, {"reason", shorten(failure.message, 500)}});
    sent.problem = receiverUnreached;
    return sent;
  }
  auto took = std::chrono::steady_clock::now() - begin;
  sent.millis = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  return sent;
}

Sent sendTest(registry::Store& store, const http::Egress& egress, const Webhook& webhook, const registry::Actor& actor,
              std::string_view mlflowEvent) {
  json::object event{{"type", "webhook.test"},
                     {"timestamp", formatTime(nowMillis())},
                     {"workspace", webhook.workspace},
                     {"subject", fmt::format("webhook/{}", webhook.id)},
                     {"actor", actor.name},
                     {"data", json::object()}};
  std::string body = webhook.isMlflow() ? mlflowExampleBody(mlflowEvent.empty() ? webhook.events.front() : mlflowEvent,
                                                            webhook.workspace)
                                        : inTemplate(webhook, writeJson(event));
  http::Client client;
  Sent sent = send(client, egress, webhook, "test_" + randomHex(8), body, testSeconds);
  store.write([&](db::Transaction& transaction) {
    keepDelivery(transaction, webhook.id,
                 {0, -1, "webhook.test", 1, sent.status, sent.problem, sent.millis, nowMillis()});
  });
  return sent;
}

void keepDelivery(db::Transaction& transaction, std::int64_t webhook, const Delivery& delivery) {
  // It may have been deleted while the receiver took its time.
  transaction.run(
      "INSERT INTO webhook_delivery (webhook, idx, action, attempt, status, problem, millis, at) "
      "SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM webhook WHERE id = $1",
      {webhook, delivery.index, delivery.action, delivery.attempt, delivery.status, delivery.problem, delivery.millis,
       delivery.at});
  transaction.run(
      "DELETE FROM webhook_delivery WHERE webhook = $1 AND id <= (SELECT id FROM webhook_delivery WHERE webhook = $1 "
      "ORDER BY id DESC LIMIT 1 OFFSET $2)",
      {webhook, limits::webhookDeliveries});
}

}  // namespace regesta::jobs
