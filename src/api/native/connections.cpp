#include "api/native/connections.h"

#include "api/native/users.h"
#include "api/native/webhooks.h"
#include "base/encoding.h"
#include "base/id.h"
#include "base/text.h"
#include "base/time.h"
#include "connect/connector.h"
#include "connect/incoming.h"
#include "connect/link.h"
#include "crypto/hash.h"
#include "jobs/receiver.h"

namespace regesta::api::native {

namespace {

constexpr std::string_view signaturePrefix = "sha256=";

/// A connection shows requests about any asset to everyone who sees the project.
void requireConnections(const Call& call) { call.require(access::Verb::administer, "*"); }

ConnectionAnswer answerOf(const Call& call, const connect::Connection& connection) {
  ConnectionAnswer answer;
  answer.name = connection.name;
  answer.type = connection.type;
  answer.url = connection.url;
  answer.user = connection.user;
  answer.edition = connection.edition;
  answer.project = connection.project;
  answer.issueType = connection.issueType;
  answer.reviewField = connection.field;
  answer.patterns = connection.patterns;
  answer.statuses = connection.statuses;
  answer.users = connection.users;
  answer.pollSeconds = connection.pollSeconds;
  answer.active = connection.active;
  answer.state = connection.active ? connection.state : "stopped";
  answer.problem = optionalText(connection.problem);
  answer.connectedAt = timeText(connection.connectedAt);
  answer.nextAttemptAt = timeText(connection.blockedUntil);
  answer.createdAt = timeText(connection.createdAt);
  answer.createdBy = connection.createdBy;
  answer.updatedAt = timeText(connection.updatedAt);
  answer.eventsUrl = fmt::format("{}/api/v1/connections/{}/events?workspace={}", call.core.publicUrl,
                                 percentEncode(connection.name), percentEncode(connection.workspace));
  return answer;
}

connect::Connection found(db::Transaction& transaction, const Call& call, const std::string& name) {
  auto connection = connect::findConnection(transaction, call.workspace, name);
  if (!connection) throw error(Code::notFound, "workspace '{}' has no connection '{}'", call.workspace, name);
  return *std::move(connection);
}

/// "https://prod-1.example" of "https://prod-1.example/workflows/…"; the rest is a secret.
std::string originOf(const std::string& url) {
  std::size_t scheme = url.find("://");
  if (scheme == url.npos) throw Invalid("token", "must be the URL of the incoming webhook");
  return url.substr(0, url.find_first_of("/?#", scheme + 3));
}

bool isCloudUrl(std::string_view url) {
  std::string_view host = url.substr(std::min(url.find("://") + 3, url.size()));
  return host.substr(0, host.find_first_of("/:?#")).ends_with(".atlassian.net");
}

connect::Connection fresh(const Call& call, const NewConnection& request) {
  connect::Connection connection;
  connection.workspace = call.workspace;
  connection.name = request.name;
  connection.type = request.type.value_or(request.name);
  if (connection.type == "servicenow") {
    connection.field = "approval";
    connection.statuses = {{"open", "requested"}, {"approve", "approved"}, {"reject", "rejected"}};
    return connection;
  }
  if (connection.type != "jira") {
    if (connection.type == "slack") connection.url = "https://slack.com/api";
    for (std::string_view meaning : connect::meanings) connection.statuses.emplace(meaning, meaning);
    return connection;
  }
  connection.issueType = "Task";
  connection.edition = isCloudUrl(request.url.value_or("")) ? "cloud" : "data-center";
  connection.statuses = {{"approve", "Approved"}, {"reject", "Rejected"}};
  return connection;
}

template <class Value>
void replace(Value& value, const std::optional<Value>& with) {
  if (with) value = *with;
}

/// None if they can no longer be read, because the key of the ledger is another one: then the token must be given
/// again.
connect::Secrets secretsOf(const Call& call, const connect::Connection& connection) {
  try {
    return connect::openSecrets(call.core.store, connection);
  } catch (const Error& failure) {
    if (failure.code != Code::corrupt) throw;
    return {};
  }
}

/// The wanted connection with its secrets. `former`: the existing one.
connect::Connection merged(const Call& call, const NewConnection& request,
                           const std::optional<connect::Connection>& former, connect::Secrets& secrets) {
  connect::Connection wanted = former ? *former : fresh(call, request);
  if (former) secrets = secretsOf(call, *former);
  replace(wanted.type, request.type);
  if (request.url) wanted.url = withoutSlash(*request.url);
  replace(wanted.user, request.user);
  replace(wanted.edition, request.edition);
  replace(wanted.project, request.project);
  replace(wanted.issueType, request.issueType);
  replace(wanted.field, request.reviewField);
  replace(wanted.patterns, request.patterns);
  replace(wanted.statuses, request.statuses);
  replace(wanted.users, request.users);
  replace(wanted.pollSeconds, request.pollSeconds);
  replace(wanted.active, request.active);
  replace(secrets.token, request.token);
  replace(secrets.webhook, request.webhookSecret);
  if (wanted.type == "teams") wanted.url = originOf(secrets.token);
  if (wanted.type == "slack" && secrets.webhook.empty())
    throw Invalid("webhook_secret", "is required: the signing secret of the Slack app");
  if (secrets.webhook.empty()) secrets.webhook = randomHex(32);
  // Credentials for one program are not handed to another one.
  if (former && !request.token && (wanted.url != former->url || wanted.user != former->user))
    throw Invalid("token", "is required with another url or user");
  jobs::checkReceiverUrl(wanted.url);
  requireReachable(call, wanted.url);
  // The owner of a mapped account reviews as the user: as much as creating users. So does who chooses the program that
  // says which account did something, its secrets, or what counts as a review.
  bool mapped = former ? !former->users.empty() || !wanted.users.empty() : request.users.has_value();
  if (mapped && (!former || connect::differInReviewers(*former, secretsOf(call, *former), wanted, secrets)))
    requireAdministrator(call);
  return wanted;
}

/// Slack waits for the answer. The same for a wrong name and a wrong signature.
Plain takeSlackCall(Call& call, const std::optional<connect::Connection>& connection) {
  connect::SignedCall given{std::string(call.http.headers.get("X-Slack-Request-Timestamp").value_or("")),
                            std::string(call.http.headers.get("X-Slack-Signature").value_or("")), call.http.body};
  bool known = connection && connection->type == "slack";
  connect::takeSignedCall(call.core.store, known ? *connection : connect::Connection(),
                          known ? connect::openSecrets(call.core.store, *connection) : connect::Secrets(), given,
                          nowMillis());
  return {};
}

bool isSigned(const connect::Secrets& secrets, const http::Request& request) {
  std::string_view given = request.headers.get("X-Hub-Signature").value_or("");
  std::string expected =
      fmt::format("{}{}", signaturePrefix, hexEncode(crypto::hmacSha256(secrets.webhook, request.body)));
  if (given.size() != expected.size()) return false;
  unsigned char difference = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) difference |= static_cast<unsigned char>(given[i] ^ expected[i]);
  return difference == 0;
}

}  // namespace

Page<ConnectionAnswer> listConnections(Call& call, const PageQuery& query) {
  requireConnections(call);
  auto all = call.core.store.read(
      [&](db::Transaction& transaction) { return connect::listConnections(transaction, call.workspace); });
  return pageOf(
      all, query.pageToken, query.pageSize, [](const connect::Connection& connection) { return connection.name; },
      [&](const connect::Connection& connection) { return answerOf(call, connection); });
}

ConnectionAnswer getConnection(Call& call, const NameOnly& path) {
  requireConnections(call);
  return call.core.store.read(
      [&](db::Transaction& transaction) { return answerOf(call, found(transaction, call, path.name)); });
}

ConnectionAnswer setConnection(Call& call, const NewConnection& request) {
  requireConnections(call);
  bool created = false;
  connect::Secrets secrets;
  std::string shown;  // a secret that was made
  connect::Connection set = call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto former = connect::findConnection(change.transaction, call.workspace, request.name);
    secrets = {};
    connect::Connection wanted = merged(call, request, former, secrets);
    wanted.sealed = connect::sealSecrets(call.core.store, wanted, secrets);
    created = !former;
    bool known = request.webhookSecret || (former && secretsOf(call, *former).webhook == secrets.webhook);
    shown = known ? "" : secrets.webhook;
    return connect::setConnection(change, std::move(wanted));
  });
  if (created) call.status = 201;
  ConnectionAnswer answer = answerOf(call, set);
  answer.webhookSecret = optionalText(shown);
  return answer;
}

Empty deleteConnection(Call& call, const NameOnly& path) {
  requireConnections(call);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    connect::deleteConnection(change, found(change.transaction, call, path.name));
  });
  call.status = 204;
  return {};
}

ConnectionTestAnswer testConnection(Call& call, const NameOnly& path) {
  requireConnections(call);
  connect::Connection connection =
      call.core.store.read([&](db::Transaction& transaction) { return found(transaction, call, path.name); });
  ConnectionTestAnswer answer;
  try {
    auto connector =
        connect::makeConnector(connection, connect::openSecrets(call.core.store, connection), call.core.egress);
    connect::Account account = connector->self();
    answer.connected = true;
    answer.account = optionalText(account.id);
    answer.name = optionalText(account.name);
  } catch (const connect::ConnectorError& failure) {
    answer.problem = failure.message;
  }
  return answer;
}

Plain takeConnectionEvent(Call& call, const NameOnly& path) {
  std::string workspace = call.workspace;
  for (const auto& [name, value] : http::parseQuery(call.http.query))
    if (name == "workspace" && !value.empty()) workspace = value;
  auto connection = call.core.store.read(
      [&](db::Transaction& transaction) { return connect::findConnection(transaction, workspace, path.name); });
  if (call.http.headers.get("X-Slack-Signature")) return takeSlackCall(call, connection);
  // One answer for a wrong name and a wrong signature: callers without the secret learn nothing.
  if (!connection || !isSigned(connect::openSecrets(call.core.store, *connection), call.http))
    throw Error(Code::unauthenticated,
                "X-Hub-Signature is not the signature of this body with the connection's secret");
  call.core.store.write([&](db::Transaction& transaction) { connect::lookSoon(transaction, *connection); });
  Plain answer;
  answer.status = 202;
  answer.body = "{}";
  return answer;
}

}  // namespace regesta::api::native
