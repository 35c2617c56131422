#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct ConnectionAnswer {
  std::string name, type, url, user, edition, project, issueType, reviewField;
  std::vector<std::string> patterns;
  TextMap statuses, users;
  std::int64_t pollSeconds = 0;
  bool active = true;
  std::string state;
  std::optional<std::string> problem, connectedAt, nextAttemptAt, createdAt, updatedAt;
  std::string createdBy, eventsUrl;
  std::optional<std::string> webhookSecret;
  static constexpr Field fields[] = {
      field<&ConnectionAnswer::name>("name"),
      field<&ConnectionAnswer::type>("type"),
      field<&ConnectionAnswer::url>("url"),
      field<&ConnectionAnswer::user>("user", about("of the token; empty: the token alone is sent")),
      field<&ConnectionAnswer::edition>("edition", about("cloud or data-center")),
      field<&ConnectionAnswer::project>("project", about("key of the project for the issues")),
      field<&ConnectionAnswer::issueType>("issue_type"),
      field<&ConnectionAnswer::reviewField>("field",
                                            about("whose values are reviews: status, or the ID of a custom field")),
      field<&ConnectionAnswer::patterns>("patterns", about("KIND/NAME of assets; empty: every asset")),
      field<&ConnectionAnswer::statuses>("statuses", about("open, approve, approve:ROLE, reject, applied, rejected, "
                                                           "withdrawn, stale: the status that stands for it")),
      field<&ConnectionAnswer::users>("users", about("account ID in the other program: name of the user here")),
      field<&ConnectionAnswer::pollSeconds>("poll_seconds"),
      field<&ConnectionAnswer::active>("active"),
      field<&ConnectionAnswer::state>("state", about("new, connected, unreachable, limited, unauthorized, refused")),
      field<&ConnectionAnswer::problem>("problem", about("why the newest exchange failed")),
      field<&ConnectionAnswer::connectedAt>("connected_at", about("of the newest exchange that succeeded")),
      field<&ConnectionAnswer::nextAttemptAt>("next_attempt_at"),
      field<&ConnectionAnswer::createdAt>("created_at"),
      field<&ConnectionAnswer::createdBy>("created_by"),
      field<&ConnectionAnswer::updatedAt>("updated_at"),
      field<&ConnectionAnswer::eventsUrl>("events_url", about("for a webhook in the other program")),
      field<&ConnectionAnswer::webhookSecret>("webhook_secret", about("shown once, by the call that made it"))};
};
struct NewConnection {
  std::string name;
  std::optional<std::string> type, url, user, edition, project, issueType, reviewField, token, webhookSecret;
  std::optional<std::vector<std::string>> patterns;
  std::optional<TextMap> statuses, users;
  std::optional<std::int64_t> pollSeconds;
  std::optional<bool> active;
  static constexpr std::string_view documentation =
      "Creates the connection, or replaces the given members of an existing one. A new URL or user needs the token "
      "again. Only administrators of the server may set `users`, because anyone who owns a mapped account reviews as "
      "that user. While accounts are mapped, they alone may set what says who reviews and what counts as a review, "
      "too: "
      "all but `patterns`, `issue_type`, `poll_seconds` and `active`.";
  static constexpr Field fields[] = {
      field<&NewConnection::name>("name", required),
      field<&NewConnection::type>("type", about("jira, servicenow, slack or teams; absent: the name")),
      field<&NewConnection::url>("url", about("https://example.atlassian.net")),
      field<&NewConnection::user>("user", about("e-mail address of the token's account, for JIRA Cloud; empty for a "
                                                "personal access token of JIRA Data Center")),
      field<&NewConnection::edition>("edition", about("cloud or data-center; absent: by the URL")),
      field<&NewConnection::project>(
          "project",
          about("key of the project in JIRA, ID of the channel in Slack, sys_id of the group in ServiceNow")),
      field<&NewConnection::issueType>("issue_type", about("absent: Task")),
      field<&NewConnection::reviewField>("field", about("absent: status")),
      field<&NewConnection::patterns>("patterns"),
      field<&NewConnection::statuses>("statuses"),
      field<&NewConnection::users>("users"),
      field<&NewConnection::pollSeconds>("poll_seconds", about("absent: 60")),
      field<&NewConnection::active>("active"),
      field<&NewConnection::token>(
          "token", secret | about("API token, personal access token, bot token of Slack, or the URL of the incoming "
                                  "webhook of Teams; never shown again")),
      field<&NewConnection::webhookSecret>("webhook_secret",
                                           secret | about("absent: one is made; for Slack the app's signing secret"))};
};
struct ConnectionTestAnswer {
  bool connected = false;
  std::optional<std::string> account, name, problem;
  static constexpr Field fields[] = {
      field<&ConnectionTestAnswer::connected>("connected"),
      field<&ConnectionTestAnswer::account>("account", about("ID of the token's account")),
      field<&ConnectionTestAnswer::name>("name"), field<&ConnectionTestAnswer::problem>("problem")};
};

Page<ConnectionAnswer> listConnections(Call& call, const PageQuery& query);
ConnectionAnswer getConnection(Call& call, const NameOnly& path);
ConnectionAnswer setConnection(Call& call, const NewConnection& request);
Empty deleteConnection(Call& call, const NameOnly& path);
/// Asks the other program who the token's account is; waits for it.
ConnectionTestAnswer testConnection(Call& call, const NameOnly& path);
/// For the other program, which signs with the connection's secret. Only a reason to look soon: nothing in it counts.
Plain takeConnectionEvent(Call& call, const NameOnly& path);

}  // namespace regesta::api::native
