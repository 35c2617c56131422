#include "connect/servicenow/servicenow.h"

#include <algorithm>
#include <tuple>

#include "base/encoding.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace regesta::connect::servicenow {
namespace {

using Kind = ConnectorError::Kind;

constexpr std::size_t recordsOfPage = 100;
constexpr std::size_t mostRecords = 20'000;  // comments or changes of one change request
constexpr std::size_t longestTitle = 160;    // of short_description

std::string authorizationFor(const Connection& connection, const Secrets& secrets) {
  return "Basic " + base64Encode(fmt::format("{}:{}", connection.user, secrets.token));
}

[[noreturn]] void failFor(std::string_view what) {
  throw ConnectorError(Kind::unreachable, fmt::format("ServiceNow's answer has no {}: check the URL", what));
}

std::string neededText(const json::object& record, std::string_view name) {
  std::string text = memberText(record, name);
  if (text.empty()) failFor(name);
  return text;
}

const json::object& resultOf(const WebCall::Answer& answer) {
  const json::value* result = answer.body.is_object() ? answer.body.get_object().if_contains("result") : nullptr;
  if (!result || !result->is_object()) failFor("result");
  return result->get_object();
}

/// "2026-12-01 20:15:30", in UTC: values, not display values, are asked for.
std::int64_t momentIn(const json::object& record, std::string_view name) {
  std::string text = neededText(record, name);
  if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
  auto time = parseTime(text + "Z");
  if (!time) failFor("valid time");
  return *time;
}

/// A part of an encoded query. What would end the condition or be evaluated cannot be a name or id.
bool isPlain(std::string_view value) {
  return !value.empty() && value.find('^') == value.npos && !value.starts_with("javascript:");
}

std::string pathTo(std::string_view table, const std::string& query, std::string_view fields, std::size_t limit,
                   std::size_t offset) {
  return fmt::format(
      "/{}?sysparm_query={}&sysparm_fields={}&sysparm_limit={}&sysparm_offset={}&sysparm_exclude_reference_link=true",
      table, percentEncode(query), percentEncode(fields), limit, offset);
}

std::string recordPath(const Ticket& ticket, std::string_view fields) {
  return fmt::format("/change_request/{}?sysparm_fields={}", percentEncode(ticket.id), percentEncode(fields));
}

/// In journals, [code]…[/code] encloses HTML.
std::string withoutCode(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    out += text[at];
    for (std::string_view tag : {"code]", "/code]"})
      if (text[at] == '[' && equalsIgnoreCase(text.substr(at + 1, tag.size()), tag)) out += ' ';
  }
  return out;
}

}  // namespace

std::string plainText(const Document& document) {
  std::string out;
  for (const Block& block : document) {
    if (!out.empty()) out += "\n";
    switch (block.kind) {
      case Block::Kind::heading:
        out += fmt::format("{}\n", block.text);
        break;
      case Block::Kind::table:
        for (const auto& row : block.rows) out += fmt::format("{}\n", fmt::join(row, " | "));
        break;
      case Block::Kind::link:
        out += fmt::format("{}: {}\n", block.text, block.url);
        break;
      case Block::Kind::text:
        out += fmt::format("{}\n", block.text);
        break;
    }
  }
  return withoutCode(trim(out));
}

ServiceNow::ServiceNow(const Connection& connection, const Secrets& secrets, const http::Egress& egress)
    : connection_(connection),
      call_(egress, "ServiceNow", connection.url + "/api/now/table", authorizationFor(connection, secrets)) {}

std::vector<json::object> ServiceNow::all(std::string_view table, const std::string& query, std::string_view fields) {
  std::vector<json::object> found;
  while (found.size() < mostRecords) {
    WebCall::Answer answer = call_.get(pathTo(table, query, fields, recordsOfPage, found.size()));
    if (answer.status == 404) return found;
    const json::value* list = answer.body.is_object() ? answer.body.get_object().if_contains("result") : nullptr;
    if (!list || !list->is_array()) failFor("result");
    for (const json::value& one : list->get_array())
      if (one.is_object()) found.push_back(one.get_object());
    if (list->get_array().size() < recordsOfPage) break;
  }
  return found;
}

/// Journals and the audit history name people by their user names, which only administrators of the instance change.
Account ServiceNow::accountNamed(const std::string& userName) {
  if (!isPlain(userName)) return {{}, userName};
  auto known = accounts_.find(userName);
  if (known != accounts_.end()) return known->second;
  Account account{{}, userName};
  std::vector<json::object> users = all("sys_user", "user_name=" + userName, "sys_id,user_name,name");
  if (users.size() == 1 && memberText(users[0], "user_name") == userName)
    account = {neededText(users[0], "sys_id"), memberText(users[0], "name")};
  accounts_.emplace(userName, account);
  return account;
}

Account ServiceNow::self() {
  Account account = accountNamed(connection_.user);
  if (account.id.empty()) failFor(fmt::format("user '{}'", connection_.user));
  return account;
}

Ticket ServiceNow::ticketOf(const json::object& record) const {
  std::string id = neededText(record, "sys_id");
  return {id, neededText(record, "number"),
          fmt::format("{}/change_request.do?sys_id={}", connection_.url, percentEncode(id))};
}

std::optional<Ticket> ServiceNow::find(std::string_view label) {
  // Anyone who may edit change requests can set the correlation: only one that this account created is ours.
  for (const json::object& record : all("change_request", fmt::format("correlation_id={}^ORDERBYsys_created_on", label),
                                        "sys_id,number,sys_created_by"))
    if (memberText(record, "sys_created_by") == connection_.user) return ticketOf(record);
  return std::nullopt;
}

Ticket ServiceNow::create(const Draft& draft) {
  json::object fields{{"short_description", titleLine(draft.title, longestTitle)},
                      {"description", plainText(draft.body)},
                      {"correlation_id", draft.label},
                      {"correlation_display", "Regesta"}};
  if (!connection_.project.empty()) fields["assignment_group"] = connection_.project;
  if (!connection_.issueType.empty()) fields["type"] = connection_.issueType;
  WebCall::Answer answer = call_.send("POST", "/change_request", fields);
  if (answer.status == 404) failFor("change request");
  return ticketOf(resultOf(answer));
}

std::optional<TicketState> ServiceNow::look(const Ticket& ticket) {
  WebCall::Answer answer =
      call_.get(recordPath(ticket, fmt::format("sys_id,sys_mod_count,sys_updated_on,{}", connection_.field)));
  if (answer.status == 404) return std::nullopt;
  const json::object& record = resultOf(answer);
  TicketState state{neededText(record, "sys_mod_count"), momentIn(record, "sys_updated_on"),
                    memberText(record, connection_.field)};
  if (!hasApprovers()) return state;
  // An approver's record changes without a change of the change request.
  for (const json::object& one :
       all("sysapproval_approver", "sysapproval=" + ticket.id + "^ORDERBYsys_created_on", "sys_id,sys_mod_count"))
    state.revision += fmt::format(" {}.{}", memberText(one, "sys_id"), memberText(one, "sys_mod_count"));
  state.revision = crypto::sha256Hex(state.revision);
  return state;
}

std::vector<TicketChange> ServiceNow::changes(const Ticket& ticket) {
  std::vector<TicketChange> found;
  for (const json::object& one :
       all("sys_audit", "tablename=change_request^documentkey=" + ticket.id + "^ORDERBYsys_created_on",
           "sys_id,fieldname,newvalue,user,sys_created_on")) {
    std::string field = memberText(one, "fieldname");
    if (hasApprovers() && field == connection_.field) continue;  // it follows the approvers' records
    found.push_back({neededText(one, "sys_id"),
                     accountNamed(memberText(one, "user")),
                     momentIn(one, "sys_created_on"),
                     {{field, memberText(one, "newvalue")}}});
  }
  if (hasApprovers())
    for (const json::object& one : all("sysapproval_approver", "sysapproval=" + ticket.id + "^ORDERBYsys_created_on",
                                       "sys_id,approver,state,sys_mod_count,sys_updated_on,sys_updated_by")) {
      Account author = accountNamed(memberText(one, "sys_updated_by"));
      // Administrators can set the approvals of others: those are nobody's review.
      if (author.id != memberText(one, "approver")) continue;
      found.push_back({fmt::format("{}.{}", neededText(one, "sys_id"), memberText(one, "sys_mod_count")),
                       author,
                       momentIn(one, "sys_updated_on"),
                       {{connection_.field, memberText(one, "state")}}});
    }
  // Times have seconds: within one, a changed description comes before a review.
  std::ranges::stable_sort(found, {}, [&](const TicketChange& change) {
    return std::tuple(change.at, change.items.front().field == connection_.field);
  });
  return found;
}

std::vector<TicketComment> ServiceNow::comments(const Ticket& ticket) {
  std::vector<TicketComment> found;
  for (const json::object& one :
       all("sys_journal_field", "name=change_request^element_id=" + ticket.id + "^ORDERBYsys_created_on",
           "sys_id,element,value,sys_created_by"))
    found.push_back({neededText(one, "sys_id"), accountNamed(memberText(one, "sys_created_by")),
                     memberText(one, "value"), memberText(one, "element") != "comments"});  // work notes stay there
  return found;
}

void ServiceNow::update(const Ticket& ticket, const json::object& fields) {
  WebCall::Answer answer = call_.send("PATCH", recordPath(ticket, "sys_id"), fields);
  if (answer.status == 404)
    throw ConnectorError(Kind::refused, fmt::format("ServiceNow has no change request {}", ticket.key));
}

void ServiceNow::describe(const Ticket& ticket, const Draft& draft) {
  update(ticket, {{"short_description", titleLine(draft.title, longestTitle)}, {"description", plainText(draft.body)}});
}

void ServiceNow::comment(const Ticket& ticket, const Document& text) {
  update(ticket, {{"comments", plainText(text)}});
}

bool ServiceNow::moveTo(const Ticket& ticket, std::string_view status) {
  WebCall::Answer answer =
      call_.send("PATCH", recordPath(ticket, connection_.field), json::object{{connection_.field, status}}, true);
  // A business rule may refuse, or set another value.
  return answer.status / 100 == 2 && equalsIgnoreCase(memberText(resultOf(answer), connection_.field), status);
}

bool ServiceNow::isDescription(std::string_view field) const {
  return field == "short_description" || field == "description";
}

}  // namespace regesta::connect::servicenow
