#include "connect/incoming.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "connect/slack/action.h"
#include "connect/statement.h"
#include "crypto/hash.h"
#include "crypto/password.h"

namespace regesta::connect {

bool isSigned(const SignedCall& call, std::string_view secret, std::int64_t now) {
  auto stamp = parseInteger(call.stamp);
  if (!stamp || secret.empty() || call.body.size() > signedCallBytes) return false;
  if (now != 0 && (*stamp * 1000 > now + signedCallMillis || *stamp * 1000 < now - signedCallMillis)) return false;
  std::string wanted =
      fmt::format("v0={}", hexEncode(crypto::hmacSha256(secret, fmt::format("v0:{}:{}", call.stamp, call.body))));
  return crypto::constantTimeEquals(wanted, call.signature);
}

void takeSignedCall(registry::Store& store, const Connection& connection, const Secrets& secrets,
                    const SignedCall& call, std::int64_t now) {
  if (!isSigned(call, secrets.webhook, now))
    throw Error(Code::unauthenticated,
                "X-Slack-Signature is not the signature of this body with the signing secret, or is older than five "
                "minutes");
  std::optional<Incoming> action = slack::readAction(call.body);
  if (!action) return;
  store.write([&](db::Transaction& transaction) {
    db::Rows known = transaction.query("SELECT 1 FROM connection_event WHERE connection = $1 AND event = $2",
                                       {connection.id, action->id});
    if (known.next()) throw Error(Code::exists, "this call was received before");
    db::Rows count = transaction.query("SELECT COUNT(*) FROM connection_event WHERE connection = $1 AND ticket = $2",
                                       {connection.id, action->ticket});
    if (count.next() && count.integer(0) >= callsOfTicket)
      throw error(Code::tooLarge, "this message was answered {} times, which is the limit", callsOfTicket);
    transaction.run(
        "INSERT INTO connection_event (connection, event, ticket, stamp, signature, body, received_at) VALUES ($1, $2, "
        "$3, $4, $5, $6, $7)",
        {connection.id, action->id, action->ticket, call.stamp, call.signature, call.body, now});
    lookSoon(transaction, connection, action->ticket);
  });
}

std::vector<Incoming> incomingOf(registry::Store& store, const Connection& connection, const Secrets& secrets) {
  if (connection.type != "slack") return {};
  return store.read([&](db::Transaction& transaction) {
    std::vector<Incoming> list;
    db::Rows rows = transaction.query(
        "SELECT e.stamp, e.signature, e.body FROM connection_event e JOIN change_request_link l ON l.connection = "
        "e.connection AND l.ticket = e.ticket WHERE e.connection = $1 AND l.finished = 0 ORDER BY e.id",
        {connection.id});
    while (rows.next()) {
      SignedCall call{rows.text(0), rows.text(1), rows.text(2)};
      if (!isSigned(call, secrets.webhook, 0)) continue;
      if (auto action = slack::readAction(call.body)) list.push_back(*std::move(action));
    }
    return list;
  });
}

std::set<std::int64_t> unjudgedLinks(db::Transaction& transaction, const Connection& connection) {
  constexpr std::int64_t longestLook = 60'000;
  std::set<std::int64_t> links;
  if (connection.type != "slack") return links;
  db::Rows rows = transaction.query(
      "SELECT DISTINCT l.id FROM change_request_link l JOIN connection_event e ON e.connection = l.connection AND "
      "e.ticket = l.ticket WHERE l.connection = $1 AND l.finished = 0 AND e.received_at > l.looked_at - $2 AND NOT "
      "EXISTS (SELECT 1 FROM connection_mark m WHERE m.change_request = l.change_request AND m.connection = $3 AND "
      "m.mark = $4 || e.event)",
      {connection.id, longestLook, connection.name, changeMark("")});
  while (rows.next()) links.insert(rows.integer(0));
  return links;
}

}  // namespace regesta::connect
