#include "connect/jira/jira.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "connect/jira/adf.h"

namespace regesta::connect::jira {
namespace {

constexpr std::int64_t pageSize = 100;
constexpr std::int64_t mostItems = 20'000;  // comments or changes of one issue
constexpr std::size_t longestSummary = 250;

std::string authorizationOf(const Connection& connection, const Secrets& secrets) {
  if (connection.user.empty()) return "Bearer " + secrets.token;
  return "Basic " + base64Encode(fmt::format("{}:{}", connection.user, secrets.token));
}

[[noreturn]] void fail(std::string_view what) {
  throw ConnectorError(ConnectorError::Kind::unreachable,
                       fmt::format("JIRA's answer has no {}: check the URL and the edition", what));
}

const json::object& objectIn(const json::value& value, std::string_view name) {
  const json::value* found = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (!found || !found->is_object()) fail(name);
  return found->get_object();
}

const json::array& listIn(const json::value& value, std::string_view name) {
  const json::value* found = value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (!found || !found->is_array()) fail(name);
  return found->get_array();
}

std::string textIn(const json::object& object, std::string_view name) {
  std::string text = memberText(object, name);
  if (text.empty()) fail(name);
  return text;
}

/// "2026-12-01T20:15:30.123+0100": the offset has no colon, as RFC 3339 has it.
std::int64_t timeOf(std::string text) {
  if (text.size() > 5 && (text[text.size() - 5] == '+' || text[text.size() - 5] == '-'))
    text.insert(text.size() - 2, ":");
  auto time = parseTime(text);
  if (!time) fail("valid time");
  return *time;
}

std::string pathOf(const Ticket& ticket, std::string_view below = {}) {
  return fmt::format("/issue/{}{}", percentEncode(ticket.id), below);
}

/// Texts and names of a value: a status is {"name"}, other fields are texts or {"value"}.
std::string nameIn(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  if (!found) return {};
  if (found->is_string()) return std::string(found->get_string());
  if (!found->is_object()) return {};
  std::string text = memberText(found->get_object(), "name");
  return text.empty() ? memberText(found->get_object(), "value") : text;
}

void requireIssue(const WebCall::Answer& answer, const Ticket& ticket) {
  if (answer.status == 404)
    throw ConnectorError(ConnectorError::Kind::refused, fmt::format("JIRA has no issue {}", ticket.key));
}

}  // namespace

Jira::Jira(const Connection& connection, const Secrets& secrets, const http::Egress& egress)
    : connection_(connection),
      call_(egress, "JIRA", fmt::format("{}/rest/api/{}", connection.url, connection.edition == "cloud" ? 3 : 2),
            authorizationOf(connection, secrets)) {}

json::value Jira::markup(const Document& document) const {
  if (isCloud()) return adf(document);
  return json::value(wiki(document));
}

/// Names, e-mail addresses and (in Data Center) user names can be changed; these cannot.
Account Jira::accountOf(const json::value* value) const {
  if (!value || !value->is_object()) return {};
  const json::object& user = value->get_object();
  return {memberText(user, isCloud() ? "accountId" : "key"), memberText(user, "displayName")};
}

Ticket Jira::ticketOf(const json::object& issue) const {
  std::string key = textIn(issue, "key");
  return {textIn(issue, "id"), key, fmt::format("{}/browse/{}", connection_.url, percentEncode(key))};
}

Account Jira::self() {
  if (self_) return *self_;
  WebCall::Answer answer = call_.get("/myself");
  if (answer.status == 404) fail("user");
  Account account = accountOf(&answer.body);
  if (account.id.empty()) fail(isCloud() ? "accountId" : "key");
  self_ = account;
  return account;
}

std::optional<Ticket> Jira::find(std::string_view label) {
  // Anyone who may edit issues can set labels: only an issue that this account created is ours.
  std::string jql = fmt::format("project = \"{}\" AND labels = \"{}\"", connection_.project, label);
  WebCall::Answer answer = call_.get(fmt::format("{}?jql={}&fields=creator&maxResults={}",
                                                 isCloud() ? "/search/jql" : "/search", percentEncode(jql), pageSize));
  if (answer.status == 404) fail("issues");
  for (const json::value& value : listIn(answer.body, "issues")) {
    const json::object& fields = objectIn(value, "fields");
    if (accountOf(fields.if_contains("creator")).id == self().id) return ticketOf(value.as_object());
  }
  return std::nullopt;
}

Ticket Jira::create(const Draft& draft) {
  json::object fields{{"project", json::object{{"key", connection_.project}}},
                      {"issuetype", json::object{{"name", connection_.issueType}}},
                      {"summary", titleLine(draft.title, longestSummary)},
                      {"description", markup(draft.body)},
                      {"labels", json::array{"regesta", json::value(draft.label)}}};
  WebCall::Answer answer = call_.send("POST", "/issue", json::object{{"fields", std::move(fields)}});
  if (answer.status == 404 || !answer.body.is_object()) fail("issue");
  return ticketOf(answer.body.get_object());
}

std::optional<TicketState> Jira::look(const Ticket& ticket) {
  WebCall::Answer answer = call_.get(pathOf(ticket, "?fields=status,updated"));
  if (answer.status == 404) return std::nullopt;
  const json::object& fields = objectIn(answer.body, "fields");
  std::string updated = textIn(fields, "updated");
  return TicketState{updated, timeOf(updated), nameIn(fields, "status")};
}

TicketChange Jira::changeOf(const json::object& history) const {
  TicketChange change{
      textIn(history, "id"), accountOf(history.if_contains("author")), timeOf(textIn(history, "created")), {}};
  if (const json::value* items = history.if_contains("items"); items && items->is_array())
    for (const json::value& item : items->get_array())
      if (item.is_object()) {
        const json::object& one = item.get_object();
        // Anyone who administers a project can add a field of their own with the name of the workflow's.
        if (memberText(one, "field") == "status" && memberText(one, "fieldtype") == "custom") continue;
        change.items.push_back({memberText(one, "field"), memberText(one, "toString")});
        // Cloud names a custom field by its id, too: people can rename the field.
        if (std::string id = memberText(one, "fieldId"); !id.empty() && id != change.items.back().field)
          change.items.push_back({id, change.items.back().to});
      }
  return change;
}

std::vector<TicketChange> Jira::changes(const Ticket& ticket) {
  std::vector<TicketChange> found;
  if (isCloud()) {
    for (std::int64_t start = 0; start < mostItems;) {
      WebCall::Answer answer =
          call_.get(pathOf(ticket, fmt::format("/changelog?startAt={}&maxResults={}", start, pageSize)));
      if (answer.status == 404) return {};
      const json::array& values = listIn(answer.body, "values");
      for (const json::value& value : values)
        if (value.is_object()) found.push_back(changeOf(value.get_object()));
      start += static_cast<std::int64_t>(values.size());
      if (values.empty() || start >= memberInteger(answer.body.as_object(), "total")) break;
    }
  } else {
    WebCall::Answer answer = call_.get(pathOf(ticket, "?fields=updated&expand=changelog"));
    if (answer.status == 404) return {};
    for (const json::value& value : listIn(objectIn(answer.body, "changelog"), "histories"))
      if (value.is_object()) found.push_back(changeOf(value.get_object()));
  }
  auto order = [](const TicketChange& change) {
    return std::tuple(change.at, parseInteger(change.id).value_or(0), change.id);
  };
  std::ranges::sort(found, {}, order);
  return found;
}

std::vector<TicketComment> Jira::comments(const Ticket& ticket) {
  std::vector<TicketComment> found;
  for (std::int64_t start = 0; start < mostItems;) {
    WebCall::Answer answer =
        call_.get(pathOf(ticket, fmt::format("/comment?startAt={}&maxResults={}&orderBy=created", start, pageSize)));
    if (answer.status == 404) return {};
    const json::array& values = listIn(answer.body, "comments");
    for (const json::value& value : values) {
      if (!value.is_object()) continue;
      const json::object& one = value.get_object();
      const json::value* body = one.if_contains("body");
      std::string text = !body ? "" : body->is_string() ? std::string(body->get_string()) : textOfAdf(*body);
      const json::value* visibility = one.if_contains("visibility");
      found.push_back({textIn(one, "id"), accountOf(one.if_contains("author")), std::move(text),
                       visibility != nullptr && !visibility->is_null()});
    }
    start += static_cast<std::int64_t>(values.size());
    if (values.empty() || start >= memberInteger(answer.body.as_object(), "total")) break;
  }
  return found;
}

void Jira::describe(const Ticket& ticket, const Draft& draft) {
  json::object fields{{"summary", titleLine(draft.title, longestSummary)}, {"description", markup(draft.body)}};
  requireIssue(call_.send("PUT", pathOf(ticket), json::object{{"fields", std::move(fields)}}), ticket);
}

void Jira::comment(const Ticket& ticket, const Document& text) {
  requireIssue(call_.send("POST", pathOf(ticket, "/comment"), json::object{{"body", markup(text)}}), ticket);
}

bool Jira::moveTo(const Ticket& ticket, std::string_view status) {
  WebCall::Answer answer = call_.get(pathOf(ticket, "/transitions"));
  requireIssue(answer, ticket);
  for (const json::value& value : listIn(answer.body, "transitions")) {
    if (!value.is_object() || !equalsIgnoreCase(nameIn(value.get_object(), "to"), status)) continue;
    json::object body{{"transition", json::object{{"id", textIn(value.get_object(), "id")}}}};
    // A transition's own conditions may refuse: as if there were none.
    if (call_.send("POST", pathOf(ticket, "/transitions"), body, true).status / 100 == 2) return true;
  }
  return false;
}

bool Jira::isDescription(std::string_view field) const {
  return equalsIgnoreCase(field, "description") || equalsIgnoreCase(field, "summary");
}

}  // namespace regesta::connect::jira
