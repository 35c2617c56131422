#include "api/mlflow/webhooks.h"

#include <algorithm>

#include "api/mlflow/dialect.h"
#include "api/mlflow/rule_text.h"
#include "base/text.h"
#include "filter/filter.h"
#include "jobs/mlflow_event.h"
#include "jobs/webhook.h"
#include "jobs/webhook_send.h"
#include "tracking/ranking.h"

namespace regesta::api::mlflow {
namespace {

constexpr std::string_view entities[] = {
    "REGISTERED_MODEL", "MODEL_VERSION", "MODEL_VERSION_TAG",  "MODEL_VERSION_ALIAS", "PROMPT",
    "PROMPT_VERSION",   "PROMPT_TAG",    "PROMPT_VERSION_TAG", "PROMPT_ALIAS",        "BUDGET_POLICY"};
constexpr std::string_view eventActions[] = {"CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED"};
constexpr std::string_view statuses[] = {"ACTIVE", "DISABLED"};
constexpr std::size_t longestName = 63;
constexpr std::int64_t largestPage = 1000;

struct WebhookEvent {
  std::string entity, action;
  static constexpr Field fields[] = {field<&WebhookEvent::entity>("entity", required | oneOf(entities)),
                                     field<&WebhookEvent::action>("action", required | oneOf(eventActions))};
};
struct Webhook {
  std::string webhook_id, name, url;
  std::vector<WebhookEvent> events;
  std::optional<std::string> description;
  std::string status;
  std::int64_t creation_timestamp = 0, last_updated_timestamp = 0;
  static constexpr Field fields[] = {field<&Webhook::webhook_id>("webhook_id"),
                                     field<&Webhook::name>("name"),
                                     field<&Webhook::url>("url"),
                                     field<&Webhook::events>("events"),
                                     field<&Webhook::description>("description"),
                                     field<&Webhook::status>("status"),
                                     field<&Webhook::creation_timestamp>("creation_timestamp"),
                                     field<&Webhook::last_updated_timestamp>("last_updated_timestamp")};
};
struct OneWebhook {
  Webhook webhook;
  static constexpr Field fields[] = {field<&OneWebhook::webhook>("webhook")};
};
struct WebhookList {
  std::vector<Webhook> webhooks;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&WebhookList::webhooks>("webhooks"),
                                     field<&WebhookList::next_page_token>("next_page_token")};
};
struct CreateWebhook {
  std::string name, url;
  std::vector<WebhookEvent> events;
  std::string description, secretText, status;
  static constexpr Field fields[] = {field<&CreateWebhook::name>("name", required),
                                     field<&CreateWebhook::url>("url", required),
                                     field<&CreateWebhook::events>("events"),
                                     field<&CreateWebhook::description>("description"),
                                     field<&CreateWebhook::secretText>("secret", secret),
                                     field<&CreateWebhook::status>("status", oneOf(statuses))};
};
struct UpdateWebhook {
  std::string webhook_id, name;
  std::optional<std::string> description;
  std::string url;
  std::vector<WebhookEvent> events;
  std::optional<std::string> secretText;
  std::string status;
  static constexpr Field fields[] = {field<&UpdateWebhook::webhook_id>("webhook_id", required),
                                     field<&UpdateWebhook::name>("name"),
                                     field<&UpdateWebhook::description>("description"),
                                     field<&UpdateWebhook::url>("url"),
                                     field<&UpdateWebhook::events>("events"),
                                     field<&UpdateWebhook::secretText>("secret", secret),
                                     field<&UpdateWebhook::status>("status", oneOf(statuses))};
};
struct WebhookRef {
  std::string webhook_id;
  static constexpr Field fields[] = {field<&WebhookRef::webhook_id>("webhook_id", required)};
};
struct ListWebhooks {
  std::int64_t max_results = 100;
  std::string page_token;
  static constexpr Field fields[] = {field<&ListWebhooks::max_results>("max_results"),
                                     field<&ListWebhooks::page_token>("page_token")};
};
struct TestWebhook {
  std::string webhook_id;
  std::optional<WebhookEvent> event;
  static constexpr Field fields[] = {field<&TestWebhook::webhook_id>("webhook_id", required),
                                     field<&TestWebhook::event>("event")};
};
struct TestResult {
  bool success = false;
  std::optional<std::int64_t> response_status;
  std::optional<std::string> response_body, error_message;
  static constexpr Field fields[] = {
      field<&TestResult::success>("success"), field<&TestResult::response_status>("response_status"),
      field<&TestResult::response_body>("response_body"), field<&TestResult::error_message>("error_message")};
};
struct TestAnswer {
  TestResult result;
  static constexpr Field fields[] = {field<&TestAnswer::result>("result")};
};

/// Events tell of every asset, so a right on some names is not enough.
void requireWorkspace(const Call& call) { call.require(access::Verb::administer, "*"); }

bool isNameCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

void checkWebhookName(std::string_view name) {
  bool known = std::ranges::all_of(name, [](char c) { return isNameCharacter(c) || c == '.' || c == '_' || c == '-'; });
  if (!name.empty() && name.size() <= longestName && known && isNameCharacter(name.front()) &&
      isNameCharacter(name.back()))
    return;
  throw error(Code::invalid,
              "Webhook name {} is invalid. It must start and end with a letter or digit, be less than 63 characters "
              "long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).",
              pythonText(shorten(name, 200)));
}

void checkWebhookUrl(const Call& call, const std::string& url) {
  if (trim(url).empty())
    throw error(Code::invalid, "Webhook URL cannot be empty or just whitespace: {}", pythonText(url));
  std::size_t colon = url.find("://");
  std::string scheme = colon == std::string::npos ? "" : lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https")
    throw error(Code::invalid, "Invalid webhook URL scheme: {}. Allowed schemes are: https, http.", pythonText(scheme));
  std::string host = url.substr(colon + 3, url.find_first_of("/?#", colon + 3) - colon - 3);
  if ((host.find('[') == std::string::npos) != (host.find(']') == std::string::npos))
    throw error(Code::invalid, "Invalid webhook URL {}: ValueError('Invalid IPv6 URL')", pythonText(url));
  if (host.empty()) throw error(Code::invalid, "Webhook URL must include a hostname: {}", pythonText(url));
  if (!call.core.egress.mayAllow(url))
    throw error(Code::invalid,
                "Webhook URL must not resolve to a non-public IP address: {}. An operator can allow it with the "
                "setting webhooks.allow",
                pythonText(url));
}

std::string eventOf(const WebhookEvent& event) {
  std::string entity = lower(event.entity), action = lower(event.action), name = entity + "." + action;
  if (jobs::isMlflowEvent(name)) return name;
  std::vector<std::string> valid;
  for (std::string_view other : eventActions)
    if (jobs::isMlflowEvent(entity + "." + lower(other))) valid.push_back(lower(other));
  std::ranges::sort(valid);
  throw error(Code::invalid, "Invalid action '{}' for entity '{}'. Valid actions are: {}", action, entity,
              pythonList(valid));
}

std::vector<std::string> eventsOf(const std::vector<WebhookEvent>& events) {
  std::vector<std::string> names;
  for (const WebhookEvent& event : events)
    if (std::string name = eventOf(event); std::ranges::find(names, name) == names.end()) names.push_back(name);
  return names;
}

Webhook wireOf(const jobs::Webhook& webhook) {
  Webhook shown{.webhook_id = std::to_string(webhook.id),
                .name = webhook.name,
                .url = webhook.url,
                .events = {},
                .description = webhook.description.empty() ? std::nullopt : std::optional(webhook.description),
                .status = std::string(statuses[webhook.active ? 0 : 1]),
                .creation_timestamp = webhook.createdAt,
                .last_updated_timestamp = std::max(webhook.createdAt, webhook.updatedAt)};
  for (const std::string& event : webhook.events) {
    std::size_t dot = event.find('.');
    shown.events.push_back({upper(event.substr(0, dot)), upper(event.substr(dot + 1))});
  }
  return shown;
}

jobs::Webhook webhookFor(db::Transaction& transaction, const Call& call, const std::string& id) {
  std::optional<std::int64_t> number = parseInteger(id);
  auto webhook = number ? jobs::findWebhook(transaction, call.workspace, *number) : std::nullopt;
  if (!webhook || !webhook->isMlflow()) throw error(Code::notFound, "Webhook with ID {} not found.", shorten(id, 100));
  return *std::move(webhook);
}

OneWebhook createWebhook(Call& call, const CreateWebhook& in) {
  requireWorkspace(call);
  if (in.events.empty()) missing("events");
  checkWebhookName(in.name);
  checkWebhookUrl(call, in.url);
  jobs::Webhook wanted;
  wanted.workspace = call.workspace;
  wanted.name = in.name;
  wanted.url = in.url;
  wanted.description = in.description;
  wanted.events = eventsOf(in.events);
  wanted.secret = in.secretText;
  wanted.active = in.status != statuses[1];
  return {wireOf(call.core.store.change(
      call.actor(), [&](registry::Change& change) { return jobs::createWebhook(change, wanted); }))};
}

OneWebhook getWebhook(Call& call, const WebhookRef& in) {
  requireWorkspace(call);
  return {wireOf(call.core.store.read(
      [&](db::Transaction& transaction) { return webhookFor(transaction, call, in.webhook_id); }))};
}

WebhookList listWebhooks(Call& call, const ListWebhooks& in) {
  requireWorkspace(call);
  std::int64_t most = in.max_results == 0 ? 100 : in.max_results;
  if (most < 1 || most > largestPage) throw Error(Code::invalid, "max_results must be between 1 and 1000.");
  std::int64_t skip = tracking::pageOffset(in.page_token);
  std::vector<jobs::Webhook> all = call.core.store.read(
      [&](db::Transaction& transaction) { return jobs::listWebhooks(transaction, call.workspace); });
  std::erase_if(all, [](const jobs::Webhook& webhook) { return !webhook.isMlflow(); });
  std::ranges::reverse(all);  // newest first
  WebhookList page;
  for (std::int64_t at = skip; at < std::ssize(all) && at < skip + most; ++at)
    page.webhooks.push_back(wireOf(all[static_cast<std::size_t>(at)]));
  if (skip + most < std::ssize(all)) page.next_page_token = filter::pageToken(skip + most);
  return page;
}

OneWebhook updateWebhook(Call& call, const UpdateWebhook& in) {
  requireWorkspace(call);
  return {wireOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::Webhook webhook = webhookFor(change.transaction, call, in.webhook_id);
    if (!in.name.empty()) {
      checkWebhookName(in.name);
      webhook.name = in.name;
    }
    if (!in.url.empty()) {
      checkWebhookUrl(call, in.url);
      webhook.url = in.url;
    }
    if (!in.events.empty()) webhook.events = eventsOf(in.events);
    if (in.description) webhook.description = *in.description;
    if (in.secretText) webhook.secret = *in.secretText;
    if (!in.status.empty()) webhook.active = in.status == statuses[0];
    return jobs::changeWebhook(change, webhook);
  }))};
}

Empty deleteWebhook(Call& call, const WebhookRef& in) {
  requireWorkspace(call);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::deleteWebhook(change, webhookFor(change.transaction, call, in.webhook_id));
  });
  return {};
}

TestAnswer testWebhook(Call& call, const TestWebhook& in) {
  requireWorkspace(call);
  jobs::Webhook webhook =
      call.core.store.read([&](db::Transaction& transaction) { return webhookFor(transaction, call, in.webhook_id); });
  std::string event = in.event ? eventOf(*in.event) : std::string();
  jobs::Sent sent = jobs::sendTest(call.core.store, call.core.egress, webhook, call.actor(), event);
  if (sent.status == 0)
    return {{.success = false,
             .response_status = {},
             .response_body = {},
             .error_message = "Failed to test webhook: " + sent.problem}};
  return {{.success = sent.status < 400,
           .response_status = sent.status,
           .response_body = sent.answer,
           .error_message = {}}};
}

}  // namespace

std::span<const Route> webhookRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/webhooks", "Create a webhook", administers("webhooks"), createWebhook),
      get("/api/2.0/mlflow/webhooks", "List webhooks", administers("webhooks"), listWebhooks),
      get("/api/2.0/mlflow/webhooks/{webhook_id}", "Get a webhook", administers("webhooks"), getWebhook),
      patch("/api/2.0/mlflow/webhooks/{webhook_id}", "Update a webhook", administers("webhooks"), updateWebhook),
      del("/api/2.0/mlflow/webhooks/{webhook_id}", "Delete a webhook", administers("webhooks"), deleteWebhook),
      post("/api/2.0/mlflow/webhooks/{webhook_id}/test", "Send a test to a webhook", administers("webhooks"),
           testWebhook),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
