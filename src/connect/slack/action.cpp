#include "connect/slack/action.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "http/message.h"

namespace regesta::connect::slack {
namespace {

json::object payloadOf(std::string_view body) {
  for (const auto& [name, value] : http::parseQuery(body)) {
    if (name != "payload") continue;
    json::value parsed;
    try {
      parsed = parseJson(value);
    } catch (const Error&) {
      break;
    }
    if (parsed.is_object()) return parsed.as_object();
  }
  throw Invalid("payload", "must be the JSON object of an interactive callback");
}

}  // namespace

std::int64_t millisOf(std::string_view stamp) {
  std::size_t dot = stamp.find('.');
  auto seconds = parseInteger(stamp.substr(0, dot));
  if (!seconds || *seconds < 0 || *seconds > 1'000'000'000'000) return 0;
  std::string fraction(dot == stamp.npos ? "" : stamp.substr(dot + 1, 3));
  fraction.resize(3, '0');
  return *seconds * 1000 + parseInteger(fraction).value_or(0);
}

std::string ticketOf(std::string_view channel, std::string_view stamp) { return fmt::format("{}:{}", channel, stamp); }

std::optional<Incoming> readAction(std::string_view body) {
  json::object payload = payloadOf(body);
  const json::value* list = payload.if_contains("actions");
  if (memberText(payload, "type") != "block_actions" || !list || !list->is_array()) return std::nullopt;
  for (const json::value& item : list->get_array()) {
    if (!item.is_object()) continue;
    std::string name = memberText(item.get_object(), "action_id");
    if (name != approveAction && name != rejectAction) continue;
    const json::object &container = memberObject(payload, "container"), &user = memberObject(payload, "user");
    std::string channel = memberText(container, "channel_id"), message = memberText(container, "message_ts");
    std::string stamp = memberText(item.get_object(), "action_ts");
    Incoming action;
    action.ticket = ticketOf(channel, message);
    action.author = {memberText(user, "id"), memberText(user, "username")};
    action.team = memberText(memberObject(payload, "team"), "id");
    action.approves = name == approveAction;
    action.at = millisOf(stamp);
    if (channel.empty() || message.empty() || action.author.id.empty() || action.at == 0)
      throw Invalid("payload", "must name channel, message, user and time");
    action.id =
        crypto::sha256Hex(fmt::format("{}\n{}\n{}\n{}", action.ticket, action.author.id, name, stamp)).substr(0, 24);
    return action;
  }
  return std::nullopt;
}

}  // namespace regesta::connect::slack
