#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/webhook_template.h"
#include "registry/change.h"

namespace regesta::jobs {

/// Filter of a webhook: entries of its workspace whose action matches one of the patterns (none: every action) and
/// whose asset's name matches `names` ("*": any, and subjects without an asset).
struct WebhookFilter {
  std::vector<std::string> actions;     ///< globs: "rollout.*", "alias.moved"
  std::string names = "*";              ///< a glob
  std::vector<std::string> kinds = {};  ///< of assets: "model"; none: every kind, and subjects without an asset
  bool wants(std::string_view action, std::string_view subject) const;
};

/// A receiver of events. Each event is sent at least once, in the order of the ledger; an event that cannot be
/// delivered delays the following ones until the webhook is disabled.
struct Webhook {
  std::int64_t id = 0;
  std::string workspace, url, description;
  WebhookFilter filter;
  std::string secret;  ///< "whsec_" + base64, or MLflow's: any text, empty: unsigned. Never shown again after creation
  bool active = true;
  std::int64_t cursor = 0;    ///< ledger index of the next entry
  std::int64_t attempts = 0;  ///< failed attempts of the next event
  std::int64_t nextAt = 0;    ///< milliseconds; no attempt before
  std::string problem;        ///< why the newest attempt failed, or why the webhook was disabled; empty: no problem
  std::int64_t createdAt = 0;
  std::string createdBy;
  std::string name;                 ///< of a webhook of MLflow's API; empty for others
  std::vector<std::string> events;  ///< MLflow's (mlflow_event.h); empty for a webhook of the native API
  std::int64_t updatedAt = 0;       ///< milliseconds; 0: never changed
  WebhookHeaders headers = {};      ///< further headers of each request
  std::string bodyTemplate = {};    ///< empty: the event as it is
  bool isMlflow() const { return !events.empty(); }
  bool wants(std::string_view action, std::string_view subject) const;
};

struct Delivery {
  std::int64_t id = 0, index = 0;  ///< index: of the ledger entry; -1: a test
  std::string action;
  std::int64_t attempt = 1;  ///< counts from 1
  int status = 0;            ///< HTTP; 0: no response
  std::string problem;       ///< empty: delivered
  std::int64_t millis = 0, at = 0;
};

/// Standard Webhooks' form of a symmetric key.
std::string newWebhookSecret();

/// Receives entries from now on. With events, actions follow from them. Throws Invalid for a URL that is not http or
/// https or has credentials, for a pattern that is too long, and for a secret that is not "whsec_" and the base64 of 24
/// to 64 bytes; an empty secret is generated; MLflow's may be any text. Recorded as "webhook.created" about
/// "webhook/ID", like all of these.
Webhook createWebhook(registry::Change& change, const Webhook& asked);
std::vector<Webhook> listWebhooks(db::Transaction& transaction, std::string_view workspace);
std::optional<Webhook> findWebhook(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// Stores url, description, filter, active and secret. A reactivated webhook continues where it stopped.
Webhook changeWebhook(registry::Change& change, const Webhook& webhook);
void deleteWebhook(registry::Change& change, const Webhook& webhook);
/// Newest first; the newest limits::webhookDeliveries of each webhook are stored.
std::vector<Delivery> listDeliveries(db::Transaction& transaction, std::int64_t webhook, std::size_t limit);

}  // namespace regesta::jobs
