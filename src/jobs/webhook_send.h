#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "http/client.h"
#include "jobs/webhook.h"

namespace regesta::jobs {

/// How one POST to a receiver went.
struct Sent {
  int status = 0;       ///< HTTP; 0: no answer
  std::string problem;  ///< empty: a 2xx answer
  std::int64_t millis = 0;
};

/// The webhook-signature header of Standard Webhooks (standardwebhooks.com, symmetric form v1): "v1," and the base64
/// of HMAC-SHA256 over "ID.TIMESTAMP.BODY" with the secret's bytes.
std::string signatureOf(std::string_view secret, std::string_view id, std::int64_t seconds, std::string_view body);

/// What receivers get for a ledger entry: {"type","timestamp","workspace","subject","actor","index","data"}, where type
/// is the entry's action. `entry` is the entry's JSON.
std::string eventBody(std::int64_t index, std::string_view entry);

/// POSTs `body` signed, with the headers webhook-id, webhook-timestamp and webhook-signature. Follows no redirect.
Sent send(http::Client& client, const Webhook& webhook, std::string_view id, const std::string& body,
          int timeoutSeconds);

/// Sends a "webhook.test" event at once, active or not, and keeps the attempt in the list of deliveries. Waits for the
/// receiver, ten seconds at most.
Sent sendTest(registry::Store& store, const Webhook& webhook, const registry::Actor& actor);

/// Notes one attempt and forgets the oldest ones.
void keepDelivery(db::Session& session, std::int64_t webhook, const Delivery& delivery);

}  // namespace regesta::jobs
