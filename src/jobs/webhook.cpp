#include "jobs/webhook.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/limits_delivery.h"
#include "base/redact.h"
#include "base/text.h"
#include "jobs/mlflow_event.h"
#include "jobs/receiver.h"
#include "jobs/webhook_rows.h"
#include "registry/action.h"
#include "registry/asset.h"
#include "registry/entry_search.h"

namespace regesta::jobs {
namespace {

constexpr std::string_view secretPrefix = "whsec_";

void checkFilter(const WebhookFilter& filter) {
  if (filter.actions.size() > limits::webhookPatterns)
    throw Invalid("actions", fmt::format("must be at most {} patterns", limits::webhookPatterns));
  for (const std::string& pattern : filter.actions)
    if (pattern.empty() || pattern.size() > limits::nameLength || !isUtf8(pattern))
      throw Invalid("actions", "must be patterns such as rollout.* or alias.moved");
  if (filter.kinds.size() > limits::webhookPatterns)
    throw Invalid("kinds", fmt::format("must be at most {}", limits::webhookPatterns));
  for (const std::string& kind : filter.kinds)
    if (!registry::parseKind(kind)) throw Invalid("kinds", "must be model, prompt, dataset, policy or artifact");
  if (filter.names.empty() || filter.names.size() > limits::nameLength)
    throw Invalid("names", "must be a pattern of asset names such as * or loan-*");
}

/// A webhook that no event matches is sent by triggers only.
constexpr std::string_view noAction = "none";

void checkActions(const Webhook& webhook) {
  for (const std::string& pattern : webhook.filter.actions)
    if (pattern != noAction) registry::requireActionPattern("actions", pattern);
}

void checkSecret(std::string_view secret) {
  auto key = secret.starts_with(secretPrefix) ? base64Decode(secret.substr(secretPrefix.size())) : std::nullopt;
  if (!key || key->size() < 24 || key->size() > 64)
    throw Invalid("secret", "must be whsec_ and the base64 of 24 to 64 random bytes; leave it out to have one made");
}

void checkMlflow(const Webhook& webhook) {
  if (webhook.name.empty() || webhook.name.size() > limits::nameLength || !isUtf8(webhook.name))
    throw Invalid("name", fmt::format("must have 1 to {} bytes", limits::nameLength));
  if (webhook.secret.size() > limits::webhookSecret)
    throw Invalid("secret", fmt::format("must have at most {} bytes", limits::webhookSecret));
  for (const std::string& event : webhook.events)
    if (!isMlflowEvent(event)) throw Invalid("events", fmt::format("'{}' is not a known event", shorten(event, 100)));
}

void check(const Webhook& webhook) {
  checkReceiverUrl(webhook.url);
  checkFilter(webhook.filter);
  if (webhook.isMlflow())
    checkMlflow(webhook);
  else
    checkSecret(webhook.secret);
  checkHeaders(webhook.headers);
  if (!webhook.bodyTemplate.empty()) checkTemplate(webhook.bodyTemplate);
  if (webhook.isMlflow() &&
      (!webhook.headers.empty() || !webhook.bodyTemplate.empty() || !webhook.filter.kinds.empty()))
    throw Invalid("events", "MLflow's events cannot be combined with headers, a template or kinds");
  if (webhook.description.size() > limits::descriptionLength)
    throw Invalid("description", fmt::format("must have at most {} bytes", limits::descriptionLength));
}

std::string subjectOf(const Webhook& webhook) { return fmt::format("webhook/{}", webhook.id); }

json::object dataOf(const registry::Change& change, const Webhook& webhook) {
  json::array actions(webhook.filter.actions.begin(), webhook.filter.actions.end());
  json::object data{{"actions", actions}, {"active", webhook.active}, {"names", webhook.filter.names}};
  // Anyone who knows the URL of a chat's webhook can write there: path and query are credentials.
  change.conceal(data, "url", webhook.url, redactPath(webhook.url));
  if (webhook.isMlflow()) {
    data["events"] = json::array(webhook.events.begin(), webhook.events.end());
    data["name"] = webhook.name;
  }
  if (!webhook.filter.kinds.empty())
    data["kinds"] = json::array(webhook.filter.kinds.begin(), webhook.filter.kinds.end());
  if (!webhook.bodyTemplate.empty()) data["template"] = webhook.bodyTemplate;
  if (!webhook.headers.empty()) {
    std::string names;
    for (const auto& header : webhook.headers) names += (names.empty() ? "" : " ") + header.first;
    change.conceal(data, "headers", rows::headersText(webhook), names);
  }
  change.conceal(data, "secret", webhook.secret, std::string(redacted));
  data.erase("secret");
  return data;
}

/// "prompt/loan-summary" of "prompt/loan-summary@3" and "prompt/loan-summary#production".
std::string_view assetPart(std::string_view subject) {
  if (std::size_t hash = subject.rfind('#'); hash != std::string_view::npos) return subject.substr(0, hash);
  std::size_t at = subject.rfind('@');
  bool version = at != std::string_view::npos && parseInteger(subject.substr(at + 1)).has_value();
  return version ? subject.substr(0, at) : subject;
}

}  // namespace

bool WebhookFilter::wants(std::string_view action, std::string_view subject) const {
  bool named = actions.empty();
  for (const std::string& pattern : actions) named = named || globMatch(pattern, action);
  if (!named || (names == "*" && kinds.empty())) return named;
  std::string_view asset = assetPart(subject);
  std::size_t slash = asset.find('/');
  if (!kinds.empty() && std::ranges::find(kinds, asset.substr(0, slash)) == kinds.end()) return false;
  if (names == "*") return slash != std::string_view::npos;
  return slash != std::string_view::npos && globMatch(names, asset.substr(slash + 1));
}

bool Webhook::wants(std::string_view action, std::string_view subject) const {
  if (!filter.wants(action, subject)) return false;
  return !isMlflow() || std::ranges::find(events, mlflowEventOf(action, subject)) != events.end();
}

std::string newWebhookSecret() { return std::string(secretPrefix) + base64Encode(randomBytes(32)); }

Webhook createWebhook(registry::Change& change, const Webhook& asked) {
  Webhook made = asked;
  if (made.isMlflow())
    made.filter.actions = actionsOf(made.events);
  else if (made.secret.empty())
    made.secret = newWebhookSecret();
  check(made);
  checkActions(made);
  db::Rows count = change.transaction.query("SELECT COUNT(*) FROM webhook WHERE workspace = $1", {made.workspace});
  count.next();
  if (count.integer(0) >= static_cast<std::int64_t>(limits::webhooks))
    throw limitReached(fmt::format("workspace '{}'", made.workspace), limits::webhooks, "webhooks");
  made.cursor = registry::entryCount(change.transaction);
  made.createdAt = change.now;
  made.createdBy = change.actor.name;
  made.id = change.transaction.insert(
      "INSERT INTO webhook (workspace, url, description, actions, names, secret, active, cursor, attempts, next_at, "
      "problem, created_at, created_by, name, events, updated_at, headers, template, kinds) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, '', $9, $10, $11, $12, 0, $13, $14, $15) RETURNING id",
      {made.workspace, made.url, made.description, rows::actionsText(made.filter), made.filter.names, made.secret,
       made.active, made.cursor, made.createdAt, made.createdBy, made.name, rows::eventsText(made),
       rows::headersText(made), made.bodyTemplate, rows::kindsText(made)});
  change.record(registry::Action::webhookCreated, made.workspace, subjectOf(made), dataOf(change, made));
  return made;
}

std::vector<Webhook> listWebhooks(db::Transaction& transaction, std::string_view workspace) {
  std::vector<Webhook> found;
  db::Rows all = transaction.query(
      fmt::format("SELECT {} FROM webhook WHERE workspace = $1 ORDER BY id", rows::webhookColumns), {workspace});
  while (all.next()) found.push_back(rows::webhook(all));
  return found;
}

std::optional<Webhook> findWebhook(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  db::Rows one = transaction.query(
      fmt::format("SELECT {} FROM webhook WHERE workspace = $1 AND id = $2", rows::webhookColumns), {workspace, id});
  if (!one.next()) return std::nullopt;
  return rows::webhook(one);
}

Webhook changeWebhook(registry::Change& change, const Webhook& wanted) {
  Webhook changed = wanted;
  if (changed.isMlflow()) changed.filter.actions = actionsOf(changed.events);
  check(changed);
  auto present = findWebhook(change.transaction, changed.workspace, changed.id);
  // What an older server accepted can still be switched off.
  if (!present || present->filter.actions != changed.filter.actions) checkActions(changed);
  changed.updatedAt = change.now;
  // Reset attempts, so that the next event is sent at once.
  change.transaction.run(
      "UPDATE webhook SET url = $2, description = $3, actions = $4, names = $5, active = $6, secret = $7, name = $8, "
      "events = $9, updated_at = $10, headers = $11, template = $12, kinds = $13, attempts = 0, next_at = 0, problem = "
      "'' WHERE id = $1",
      {changed.id, changed.url, changed.description, rows::actionsText(changed.filter), changed.filter.names,
       changed.active, changed.secret, changed.name, rows::eventsText(changed), changed.updatedAt,
       rows::headersText(changed), changed.bodyTemplate, rows::kindsText(changed)});
  change.record(registry::Action::webhookChanged, changed.workspace, subjectOf(changed), dataOf(change, changed));
  changed.attempts = changed.nextAt = 0;
  changed.problem.clear();
  return changed;
}

void deleteWebhook(registry::Change& change, const Webhook& webhook) {
  if (change.transaction.run("DELETE FROM webhook WHERE id = $1", {webhook.id}) == 0) return;
  change.record(registry::Action::webhookDeleted, webhook.workspace, subjectOf(webhook),
                {{"url", redactPath(webhook.url)}});
}

std::vector<Delivery> listDeliveries(db::Transaction& transaction, std::int64_t webhook, std::size_t limit) {
  std::vector<Delivery> found;
  db::Rows all = transaction.query(
      "SELECT id, idx, action, attempt, status, problem, millis, at FROM webhook_delivery WHERE webhook = $1 "
      "ORDER BY id DESC LIMIT $2",
      {webhook, limit});
  while (all.next())
    found.push_back({all.integer(0), all.integer(1), all.text(2), all.integer(3), static_cast<int>(all.integer(4)),
                     all.text(5), all.integer(6), all.integer(7)});
  return found;
}

}  // namespace regesta::jobs
