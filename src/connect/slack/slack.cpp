#include "connect/slack/slack.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "connect/slack/action.h"
#include "connect/slack/blocks.h"

namespace regesta::connect::slack {
namespace {

using Kind = ConnectorError::Kind;

constexpr std::string_view metadataType = "regesta_change_request";
constexpr int pageLength = 200;
constexpr int mostPages = 10;

bool isTrue(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found && found->is_bool() && found->get_bool();
}

std::pair<std::string, std::string> placeOf(const Ticket& ticket) {
  std::size_t colon = ticket.id.find(':');
  return {ticket.id.substr(0, colon), colon == std::string::npos ? "" : ticket.id.substr(colon + 1)};
}

json::object metadata(std::string_view label, std::string_view status) {
  return {{"event_type", metadataType}, {"event_payload", json::object{{"label", label}, {"status", status}}}};
}

const json::object& payloadOf(const json::object& message) {
  const json::object& found = memberObject(message, "metadata");
  static const json::object none;
  return memberText(found, "event_type") == metadataType ? memberObject(found, "event_payload") : none;
}

Kind kindOf(std::string_view error) {
  for (std::string_view one : {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired",
                               "missing_scope", "no_permission", "org_login_required"})
    if (error == one) return Kind::unauthorized;
  for (std::string_view one : {"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
    if (error == one) return Kind::unreachable;
  return error == "ratelimited" || error == "rate_limited" ? Kind::limited : Kind::refused;
}

}  // namespace

Slack::Slack(const Connection& connection, const Secrets& secrets, const http::Egress& egress,
             std::vector<Incoming> inbox)
    : connection_(connection),
      inbox_(std::move(inbox)),
      call_(egress, "Slack", connection.url, "Bearer " + secrets.token) {}

json::object Slack::checked(const std::string& method, const WebCall::Answer& answer) {
  if (!answer.body.is_object()) throw ConnectorError(Kind::refused, "Slack does not know the method " + method);
  const json::object& body = answer.body.get_object();
  if (isTrue(body, "ok")) return body;
  std::string error = memberText(body, "error");
  throw ConnectorError(kindOf(error), fmt::format("Slack refuses {}: {}", method, shorten(error, 200)));
}

json::object Slack::ask(const std::string& method, const json::object& arguments) {
  return checked(method, call_.send("POST", "/" + method, arguments));
}

json::object Slack::read(const std::string& methodWithQuery) {
  return checked(methodWithQuery.substr(0, methodWithQuery.find('?')), call_.get("/" + methodWithQuery));
}

Account Slack::self() {
  if (!self_) {
    json::object body = ask("auth.test", {});
    team_ = memberText(body, "team_id");
    self_ = Account{memberText(body, "user_id"), memberText(body, "user")};
  }
  return *self_;
}

Ticket Slack::ticketFor(const std::string& channel, const std::string& stamp) {
  json::object link = read(fmt::format("chat.getPermalink?channel={}&message_ts={}", percentEncode(channel), stamp));
  return {ticketOf(channel, stamp), fmt::format("message {}", stamp), memberText(link, "permalink")};
}

std::optional<Ticket> Slack::find(std::string_view label) {
  std::string cursor;
  for (int page = 0; page < mostPages; ++page) {
    json::object body = read(fmt::format("conversations.history?channel={}&limit={}&include_all_metadata=true{}",
                                         percentEncode(connection_.project), pageLength,
                                         cursor.empty() ? "" : "&cursor=" + percentEncode(cursor)));
    for (const json::value& one : memberArray(body, "messages"))
      if (one.is_object() && memberText(payloadOf(one.get_object()), "label") == label &&
          memberText(one.get_object(), "user") == self().id)
        return ticketFor(connection_.project, memberText(one.get_object(), "ts"));
    cursor = memberText(memberObject(body, "response_metadata"), "next_cursor");
    if (cursor.empty()) break;
  }
  return std::nullopt;
}

Ticket Slack::create(const Draft& draft) {
  json::object body = ask("chat.postMessage", {{"channel", connection_.project},
                                               {"text", escaped(draft.title)},
                                               {"blocks", blocksOf(draft.title, draft.body, true)},
                                               {"metadata", metadata(draft.label, "open")},
                                               {"unfurl_links", false}});
  return ticketFor(memberText(body, "channel"), memberText(body, "ts"));
}

std::optional<json::object> Slack::message(const Ticket& ticket) {
  auto [channel, stamp] = placeOf(ticket);
  json::object body = read(fmt::format(
      "conversations.history?channel={}&latest={}&oldest={}&inclusive=true&limit=1&include_all_metadata=true",
      percentEncode(channel), stamp, stamp));
  for (const json::value& one : memberArray(body, "messages"))
    if (one.is_object() && memberText(one.get_object(), "ts") == stamp) return one.get_object();
  return std::nullopt;
}

std::optional<TicketState> Slack::look(const Ticket& ticket) {
  auto found = message(ticket);
  if (!found) return std::nullopt;
  std::string edited = memberText(memberObject(*found, "edited"), "ts");
  auto clicks = std::ranges::count(inbox_, ticket.id, &Incoming::ticket);
  TicketState state;
  state.revision = fmt::format("{} {} {} {}", edited, memberInteger(*found, "reply_count"),
                               memberText(*found, "latest_reply"), clicks);
  state.changedAt = std::max(millisOf(placeOf(ticket).second), millisOf(edited));
  state.status = memberText(payloadOf(*found), "status");
  return state;
}

Account Slack::confirmed(const Incoming& action) {
  auto known = accounts_.find(action.author.id);
  if (known != accounts_.end()) return known->second;
  self();
  Account account = action.author;
  json::object user = memberObject(read("users.info?user=" + percentEncode(action.author.id)), "user");
  account.name = memberText(user, "name");
  std::string why;
  if (memberText(user, "id") != action.author.id || memberText(user, "team_id") != team_ || action.team != team_)
    why = "of another workspace of Slack";
  else if (isTrue(user, "deleted"))
    why = "deactivated";
  else if (isTrue(user, "is_bot"))
    why = "a bot";
  else if (isTrue(user, "is_restricted") || isTrue(user, "is_ultra_restricted") || isTrue(user, "is_stranger"))
    why = "a guest";
  if (!why.empty()) account.id += fmt::format(" ({})", why);  // no mapped account has such an id
  return accounts_[action.author.id] = account;
}

std::vector<TicketChange> Slack::changes(const Ticket& ticket) {
  std::vector<TicketChange> list;
  for (const Incoming& action : inbox_) {
    if (action.ticket != ticket.id) continue;
    std::string status = connection_.statusOf(action.approves ? "approve" : "reject");
    list.push_back({action.id, confirmed(action), action.at, {{connection_.field, status}}});
  }
  std::ranges::stable_sort(list, {}, &TicketChange::at);
  return list;
}

std::vector<TicketComment> Slack::comments(const Ticket& ticket) {
  auto [channel, stamp] = placeOf(ticket);
  std::vector<TicketComment> list;
  std::string cursor;
  for (int page = 0; page < mostPages; ++page) {
    json::object body = read(fmt::format("conversations.replies?channel={}&ts={}&limit={}{}", percentEncode(channel),
                                         stamp, pageLength, cursor.empty() ? "" : "&cursor=" + percentEncode(cursor)));
    for (const json::value& one : memberArray(body, "messages")) {
      if (!one.is_object() || memberText(one.get_object(), "ts") == stamp) continue;
      const json::object& reply = one.get_object();
      std::string author = memberText(reply, "user");
      if (author.empty()) author = memberText(reply, "bot_id");
      list.push_back({memberText(reply, "ts"), {author, author}, unescaped(memberText(reply, "text"))});
    }
    cursor = memberText(memberObject(body, "response_metadata"), "next_cursor");
    if (cursor.empty()) break;
  }
  return list;
}

void Slack::describe(const Ticket& ticket, const Draft& draft) {
  auto [channel, stamp] = placeOf(ticket);
  ask("chat.update", {{"channel", channel},
                      {"ts", stamp},
                      {"text", escaped(draft.title)},
                      {"blocks", blocksOf(draft.title, draft.body, true)},
                      {"metadata", metadata(draft.label, "open")}});
}

void Slack::comment(const Ticket& ticket, const Document& text) {
  auto [channel, stamp] = placeOf(ticket);
  ask("chat.postMessage", {{"channel", channel},
                           {"thread_ts", stamp},
                           {"text", escaped(textOf(text))},
                           {"mrkdwn", false},
                           {"unfurl_links", false}});
}

bool Slack::moveTo(const Ticket& ticket, std::string_view status) {
  auto found = message(ticket);
  if (!found) return true;
  auto [channel, stamp] = placeOf(ticket);
  json::array blocks;
  for (const json::value& block : memberArray(*found, "blocks"))
    if (!block.is_object() || memberText(block.get_object(), "block_id") != "regesta_review") blocks.push_back(block);
  if (status == connection_.statusOf("open")) blocks = memberArray(*found, "blocks");
  ask("chat.update", {{"channel", channel},
                      {"ts", stamp},
                      {"text", memberText(*found, "text")},
                      {"blocks", std::move(blocks)},
                      {"metadata", metadata(memberText(payloadOf(*found), "label"), status)}});
  return true;
}

// Nobody but its author can edit a message.
bool Slack::isDescription(std::string_view) const { return false; }

}  // namespace regesta::connect::slack
