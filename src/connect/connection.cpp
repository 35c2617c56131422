#include "connect/connection.h"

#include <algorithm>
#include <cctype>
#include <tuple>

#include "access/grants.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/sealed_stream.h"
#include "db/columns.h"
#include "jobs/receiver.h"
#include "registry/asset.h"

namespace regesta::connect {
namespace {

constexpr std::string_view connectionColumns =
    "id, workspace, name, type, url, settings, users, secret, active, created_at, created_by, updated_at, state, "
    "problem, attempts, blocked_until, connected_at";
constexpr std::string_view sealedFor = "secrets of a connection";

json::object texts(const std::map<std::string, std::string>& map) {
  json::object object;
  for (const auto& [name, value] : map) object[name] = value;
  return object;
}

std::map<std::string, std::string> mapOf(const json::value& value) {
  std::map<std::string, std::string> map;
  for (const auto& member : value.as_object()) map[std::string(member.key())] = std::string(member.value().as_string());
  return map;
}

json::object settingsOf(const Connection& connection) {
  return {{"edition", connection.edition},
          {"field", connection.field},
          {"issue_type", connection.issueType},
          {"patterns", json::array(connection.patterns.begin(), connection.patterns.end())},
          {"poll_seconds", connection.pollSeconds},
          {"project", connection.project},
          {"statuses", texts(connection.statuses)},
          {"user", connection.user}};
}

Connection read(const db::Rows& rows) {
  constexpr db::Columns at(connectionColumns);
  Connection one;
  one.id = rows.integer(at["id"]);
  one.workspace = rows.text(at["workspace"]);
  one.name = rows.text(at["name"]);
  one.type = rows.text(at["type"]);
  one.url = rows.text(at["url"]);
  json::value parsed = parseJson(rows.view(at["settings"]));
  const json::object& settings = parsed.as_object();
  one.edition = memberText(settings, "edition");
  one.field = memberText(settings, "field");
  one.issueType = memberText(settings, "issue_type");
  for (const json::value& pattern : settings.at("patterns").as_array()) one.patterns.emplace_back(pattern.as_string());
  one.pollSeconds = memberInteger(settings, "poll_seconds");
  one.project = memberText(settings, "project");
  one.statuses = mapOf(settings.at("statuses"));
  one.user = memberText(settings, "user");
  one.users = mapOf(parseJson(rows.view(at["users"])));
  one.sealed = rows.text(at["secret"]);
  one.active = rows.integer(at["active"]) != 0;
  one.createdAt = rows.integer(at["created_at"]);
  one.createdBy = rows.text(at["created_by"]);
  one.updatedAt = rows.integer(at["updated_at"]);
  one.state = rows.text(at["state"]);
  one.problem = rows.text(at["problem"]);
  one.attempts = rows.integer(at["attempts"]);
  one.blockedUntil = rows.integer(at["blocked_until"]);
  one.connectedAt = rows.integer(at["connected_at"]);
  return one;
}

std::vector<Connection> readAll(db::Rows rows) {
  std::vector<Connection> found;
  while (rows.next()) found.push_back(read(rows));
  return found;
}

void checkText(std::string_view field, std::string_view text, bool needed) {
  if (text.empty() && needed) throw Invalid(std::string(field), "is required");
  if (text.size() > settingLength)
    throw Invalid(std::string(field), fmt::format("must have at most {} bytes", settingLength));
  if (!isUtf8(text)) throw Invalid(std::string(field), "must be UTF-8");
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7f) throw Invalid(std::string(field), "must not contain control characters");
}

bool isMeaning(std::string_view meaning) {
  if (meaning.starts_with("approve:")) return meaning.size() > 8;
  return std::ranges::find(meanings, meaning) != std::end(meanings);
}

void checkStatuses(const Connection& connection) {
  for (const auto& [meaning, value] : connection.statuses) {
    if (!isMeaning(meaning))
      throw Invalid("statuses",
                    fmt::format("'{}' is not one of open, approve, approve:ROLE, reject, applied, rejected, "
                                "withdrawn, stale and expired",
                                shorten(meaning, 100)));
    checkText("statuses", value, false);
  }
  bool approves = std::ranges::any_of(
      connection.statuses, [](const auto& one) { return one.first.starts_with("approve") && !one.second.empty(); });
  if (!approves) throw Invalid("statuses", "must name the status that approves: {\"approve\": \"Approved\"}");
  for (const auto& [meaning, value] : connection.statuses)
    if (meaning.starts_with("approve") && !value.empty() && equalsIgnoreCase(value, connection.statusOf("reject")))
      throw Invalid("statuses", fmt::format("'{}' cannot both approve and reject", value));
}

void checkPatterns(const Connection& connection) {
  if (connection.patterns.size() > 50) throw Invalid("patterns", "must be at most 50");
  for (const std::string& pattern : connection.patterns) {
    checkText("patterns", pattern, true);
    if (!registry::isKindAndName(pattern)) throw Invalid("patterns", "must be KIND/NAME, such as model/loan-* or */*");
  }
}

void checkUsers(db::Transaction& transaction, const Connection& connection) {
  if (connection.users.size() > mappedUsers) throw Invalid("users", fmt::format("must be at most {}", mappedUsers));
  for (const auto& [account, user] : connection.users) {
    checkText("users", account, true);
    if (!transaction.query("SELECT 1 FROM user_account WHERE name = $1", {user}).next())
      throw Invalid("users", fmt::format("'{}' is not a user of this server", shorten(user, 100)));
  }
}

void check(db::Transaction& transaction, const Connection& connection) {
  if (!access::isActorName(connection.name))
    throw Invalid("name", "must be 1 to 100 letters, digits, '.', '_' and '-'");
  if (std::ranges::find(connectionTypes, connection.type) == std::end(connectionTypes))
    throw Invalid("type", "must be jira, servicenow, slack or teams");
  bool jira = connection.type == "jira", serviceNow = connection.type == "servicenow";
  jobs::checkReceiverUrl(connection.url);
  checkText("user", connection.user, serviceNow || connection.edition == "cloud");
  if (jira && connection.edition != "cloud" && connection.edition != "data-center")
    throw Invalid("edition", "must be cloud or data-center");
  if (!jira && !connection.edition.empty()) throw Invalid("edition", "is for jira");
  checkText("project", connection.project, jira || connection.type == "slack");
  for (unsigned char c : connection.project)  // it becomes a part of queries
    if (!std::isalnum(c) && c != '_') throw Invalid("project", "must be a key of letters, digits and '_'");
  checkText("issue_type", connection.issueType, jira);
  checkText("field", connection.field, true);
  if (serviceNow && !std::ranges::all_of(connection.field, [](unsigned char c) { return std::isalnum(c) || c == '_'; }))
    throw Invalid("field", "must be the name of a column: letters, digits and '_'");
  if (serviceNow && connection.user.find('^') != std::string::npos) throw Invalid("user", "must not contain '^'");
  if (connection.pollSeconds < 1 || connection.pollSeconds > 86'400)
    throw Invalid("poll_seconds", "must be 1 to 86400");
  checkStatuses(connection);
  checkPatterns(connection);
  checkUsers(transaction, connection);
}

void checkCount(db::Transaction& transaction, std::string_view workspace) {
  db::Rows count = transaction.query("SELECT COUNT(*) FROM connection WHERE workspace = $1", {workspace});
  count.next();
  if (count.integer(0) >= static_cast<std::int64_t>(connectionsOfWorkspace))
    throw limitReached(fmt::format("workspace '{}'", workspace), connectionsOfWorkspace, "connections");
}

std::string keyOf(const registry::Store& store, const Connection& connection) {
  return *hexDecode(store.key(sealedFor).tag({connection.workspace, connection.name}));
}

}  // namespace

std::string Connection::statusOf(std::string_view meaning) const {
  auto found = statuses.find(std::string(meaning));
  return found == statuses.end() ? std::string() : found->second;
}

bool differInReviewers(const Connection& one, const Secrets& ofOne, const Connection& other, const Secrets& ofOther) {
  auto said = [](const Connection& connection, const Secrets& secrets) {
    return std::tie(connection.type, connection.url, connection.user, connection.edition, connection.project,
                    connection.field, connection.statuses, connection.users, secrets.token, secrets.webhook);
  };
  return said(one, ofOne) != said(other, ofOther);
}

std::string sealSecrets(const registry::Store& store, const Connection& connection, const Secrets& secrets) {
  if (secrets.token.empty()) throw Invalid("token", "is required");
  if (secrets.token.size() > tokenLength)
    throw Invalid("token", fmt::format("must have at most {} bytes", tokenLength));
  for (unsigned char c : secrets.token)
    if (c <= 0x20 || c >= 0x7f) throw Invalid("token", "must not contain spaces or control characters");
  if (secrets.webhook.size() < 16 || secrets.webhook.size() > tokenLength)
    throw Invalid("webhook_secret", fmt::format("must have 16 to {} bytes", tokenLength));
  crypto::Sealer sealer(keyOf(store, connection), sealedFor);
  std::string sealed = sealer.header();
  sealed += sealer.seal(canonicalJson(json::object{{"token", secrets.token}, {"webhook", secrets.webhook}}), true);
  return base64Encode(sealed);
}

Secrets openSecrets(const registry::Store& store, const Connection& connection) {
  std::string sealed = base64Decode(connection.sealed).value_or("");
  if (sealed.size() <= crypto::sealedHeader)
    throw error(Code::corrupt, "the secrets of connection '{}' are missing", connection.name);
  crypto::Opener opener(keyOf(store, connection), sealedFor, std::string_view(sealed).substr(0, crypto::sealedHeader));
  json::value parsed = parseJson(opener.open(std::string_view(sealed).substr(crypto::sealedHeader)));
  return {memberText(parsed.as_object(), "token"), memberText(parsed.as_object(), "webhook")};
}

Connection setConnection(registry::Change& change, Connection connection) {
  check(change.transaction, connection);
  auto former = findConnection(change.transaction, connection.workspace, connection.name);
  connection.updatedAt = change.now;
  if (!former) {
    checkCount(change.transaction, connection.workspace);
    connection.createdAt = change.now;
    connection.createdBy = change.actor.name;
    connection.id = change.transaction.insert(
        "INSERT INTO connection (workspace, name, type, url, settings, users, secret, active, created_at, created_by, "
        "updated_at, state, problem, attempts, blocked_until, connected_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'new', '', 0, 0, 0) RETURNING id",
        {connection.workspace, connection.name, connection.type, connection.url, canonicalJson(settingsOf(connection)),
         canonicalJson(texts(connection.users)), connection.sealed, connection.active, connection.createdAt,
         connection.createdBy, connection.updatedAt});
  } else {
    connection.id = former->id;
    connection.createdAt = former->createdAt;
    connection.createdBy = former->createdBy;
    change.transaction.run(
        "UPDATE connection SET type = $2, url = $3, settings = $4, users = $5, secret = $6, active = $7, updated_at = "
        "$8, state = 'new', problem = '', attempts = 0, blocked_until = 0 WHERE id = $1",
        {connection.id, connection.type, connection.url, canonicalJson(settingsOf(connection)),
         canonicalJson(texts(connection.users)), connection.sealed, connection.active, connection.updatedAt});
  }
  connection.state = "new";
  connection.problem.clear();
  connection.attempts = connection.blockedUntil = 0;
  json::object data = settingsOf(connection);
  data["active"] = connection.active;
  data["type"] = connection.type;
  data["url"] = connection.url;
  data["users"] = texts(connection.users);
  change.record(registry::Action::connectionSet, connection.workspace, connection.subject(), std::move(data));
  return connection;
}

std::vector<Connection> listConnections(db::Transaction& transaction, std::string_view workspace) {
  return readAll(transaction.query(
      fmt::format("SELECT {} FROM connection WHERE workspace = $1 ORDER BY name", connectionColumns), {workspace}));
}

std::optional<Connection> findConnection(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view name) {
  auto found = readAll(
      transaction.query(fmt::format("SELECT {} FROM connection WHERE workspace = $1 AND name = $2", connectionColumns),
                        {workspace, name}));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::vector<Connection> activeConnections(db::Transaction& transaction) {
  return readAll(
      transaction.query(fmt::format("SELECT {} FROM connection WHERE active = 1 ORDER BY id", connectionColumns)));
}

void deleteConnection(registry::Change& change, const Connection& connection) {
  change.transaction.run("DELETE FROM change_request_link WHERE connection = $1", {connection.id});
  if (change.transaction.run("DELETE FROM connection WHERE id = $1", {connection.id}) == 0) return;
  change.record(registry::Action::connectionDeleted, connection.workspace, connection.subject(),
                {{"type", connection.type}, {"url", connection.url}});
}

void noteState(registry::Store& store, const Connection& connection) {
  store.write([&](db::Transaction& transaction) {
    transaction.run(
        "UPDATE connection SET state = $2, problem = $3, attempts = $4, blocked_until = $5, connected_at = $6 "
        "WHERE id = $1 AND updated_at = $7",
        {connection.id, connection.state, connection.problem, connection.attempts, connection.blockedUntil,
         connection.connectedAt, connection.updatedAt});
  });
}

}  // namespace regesta::connect
