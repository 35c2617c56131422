#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/client.h"
#include "http/egress.h"
#include "jobs/webhook.h"

namespace regesta::jobs {

/// Result of one POST to a receiver.
struct Sent {
  int status = 0;       ///< HTTP; 0: no response
  std::string problem;  ///< empty: a 2xx response
  std::int64_t millis = 0;
  std::string answer;  ///< the response's body
};

/// The webhook-signature header of Standard Webhooks (standardwebhooks.com, symmetric form v1): "v1," and the base64
/// of HMAC-SHA256 over "ID.TIMESTAMP.BODY" with the secret's bytes.
std::string signatureOf(std::string_view secret, std::string_view id, std::int64_t seconds, std::string_view body);

/// The body for a ledger entry: {"type","timestamp","workspace","subject","actor","index","data"}, where type
/// is the entry's action. `entry` is the entry's JSON.
std::string eventBody(std::int64_t index, std::string_view entry);
/// The same in the form that the webhook wants.
std::string eventBody(const Webhook& webhook, std::int64_t index, std::string_view entry);

/// POSTs `body` signed, with the headers webhook-id, webhook-timestamp and webhook-signature; for a webhook of MLflow's
/// API x-mlflow-delivery-id, x-mlflow-timestamp and, with a secret, x-mlflow-signature. Follows no redirect and
/// connects only to addresses that `egress` allows. All connection errors give the same message without timing, because
/// the author of the address must not learn about the network; the log has the reason.
Sent send(http::Client& client, const http::Egress& egress, const Webhook& webhook, std::string_view id,
          const std::string& body, int timeoutSeconds);

/// Sends a "webhook.test" event, or an example of the MLflow event (empty: of the webhook's first one), at once, active
/// or not, and stores the attempt in the list of deliveries. Waits at most ten seconds for the receiver.
Sent sendTest(registry::Store& store, const http::Egress& egress, const Webhook& webhook, const registry::Actor& actor,
              std::string_view event = {});

/// Stores one attempt and deletes the oldest ones.
void keepDelivery(db::Transaction& transaction, std::int64_t webhook, const Delivery& delivery);

}  // namespace regesta::jobs
