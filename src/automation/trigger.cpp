#include "automation/trigger.h"

#include <algorithm>

#include "access/grants.h"
#include "automation/trigger_member.h"
#include "base/error.h"
#include "base/name_pattern.h"
#include "base/redact.h"
#include "base/text.h"
#include "db/columns.h"
#include "governance/governor.h"
#include "jobs/webhook.h"
#include "jobs/webhook_template.h"
#include "registry/action.h"
#include "registry/entry_search.h"

namespace regesta::automation {
namespace {

constexpr std::size_t nameLength = 100, whenLength = 4000, descriptionLength = 2000, annotationBytes = 32 * 1024;
constexpr std::string_view plainName = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

constexpr std::string_view triggerColumns =
    "SELECT id, workspace, name, body, after_index, set_at, set_by FROM trigger_rule ";
constexpr std::string_view firingColumns =
    "SELECT id, rule, cause, subject, parent, depth, job, outcome, problem, attempts, fired_at, event "
    "FROM "
    "trigger_firing ";

Trigger readTrigger(const db::Rows& rows) {
  constexpr db::Columns at(triggerColumns);
  Trigger trigger;
  trigger.id = rows.integer(at["id"]);
  trigger.workspace = rows.text(at["workspace"]);
  trigger.name = rows.text(at["name"]);
  trigger.body = rows.text(at["body"]);
  trigger.rule = readRule(parseJson(trigger.body).as_object(), trigger.workspace);
  trigger.afterIndex = rows.integer(at["after_index"]);
  trigger.setAt = rows.integer(at["set_at"]);
  trigger.setBy = rows.text(at["set_by"]);
  return trigger;
}

Firing readFiring(const db::Rows& rows) {
  constexpr db::Columns at(firingColumns);
  return {rows.integer(at["id"]),       rows.integer(at["rule"]),     rows.integer(at["cause"]),
          rows.text(at["subject"]),     rows.integer(at["parent"]),   rows.integer(at["depth"]),
          rows.integer(at["job"]),      rows.text(at["outcome"]),     rows.text(at["problem"]),
          rows.integer(at["attempts"]), rows.integer(at["fired_at"]), rows.text(at["event"])};
}

std::optional<Firing> firstFiring(db::Rows rows) {
  if (!rows.next()) return std::nullopt;
  return readFiring(rows);
}

bool isPlain(std::string_view name) {
  return !name.empty() && name.size() <= nameLength && name.find_first_not_of(plainName) == name.npos;
}

const json::object& objectOf(const json::object& body, std::string_view name) {
  static const json::object none;
  const json::value* found = body.if_contains(name);
  if (!found || found->is_null()) return none;
  if (!found->is_object()) throw Invalid(std::string(name), "must be an object");
  return found->get_object();
}

bool isTrue(const json::object& from, std::string_view name, bool fallback) {
  const json::value* found = from.if_contains(name);
  if (!found || found->is_null()) return fallback;
  if (!found->is_bool()) throw Invalid(std::string(name), "must be true or false");
  return found->get_bool();
}

void readOn(const json::object& on, TriggerRule& rule) {
  requireKnownMembers(on, "on", {"actions", "action", "kind", "names", "every_minutes"});
  if (std::string one = memberTextOf(on, "action", "on.action"); !one.empty()) rule.actions.push_back(std::move(one));
  if (const json::value* list = on.if_contains("actions")) {
    if (!list->is_array()) throw Invalid("on.actions", "must be a list of actions");
    for (const json::value& one : list->get_array()) {
      if (!one.is_string()) throw Invalid("on.actions", "must be a list of actions");
      rule.actions.emplace_back(one.get_string());
    }
  }
  rule.everyMinutes = memberCountOf(on, "every_minutes", "on.every_minutes", 0, 525'600);
  if (rule.run) {
    if (!rule.actions.empty() || rule.everyMinutes != 0 || on.contains("kind"))
      throw Invalid("on", "must have only 'names' with 'run': which experiments the runs belong to");
    rule.kind = experimentKind;
  } else if (rule.actions.empty() == (rule.everyMinutes == 0))
    throw Invalid("on", "must name either actions such as version.created, or every_minutes");
  if (rule.actions.size() > 20) throw Invalid("on.actions", "must be at most 20");
  for (const std::string& action : rule.actions)
    if (action.empty() || action.size() > 100) throw Invalid("on.actions", "must have 1 to 100 bytes each");
  if (std::string kind = memberTextOf(on, "kind", "on.kind"); !kind.empty()) rule.kind = kind;
  if (!rule.run && rule.kind != "*" && !registry::parseKind(rule.kind))
    throw Invalid("on.kind", "must be prompt, model, dataset, policy, artifact or \"*\"");
  if (std::string names = memberTextOf(on, "names", "on.names"); !names.empty()) rule.names = names;
  if (rule.names.size() > 250 || !isUtf8(rule.names)) throw Invalid("on.names", "must be a name or a pattern");
}

void readJob(const json::object& job, std::string_view workspace, TriggerRule& rule) {
  if (job.empty()) return;
  requireKnownMembers(job, "job", {"command", "parameters", "grants", "minutes"});
  rule.command = memberTextOf(job, "command", "job.command");
  if (!isPlain(rule.command))
    throw Invalid("job.command", "must be the name of a command that runners know: a-z, 0-9, '-', '_' and '.'");
  rule.minutes = memberCountOf(job, "minutes", "job.minutes", 60, 24 * 60);
  if (const json::value* parameters = job.if_contains("parameters")) {
    if (!parameters->is_object()) throw Invalid("job.parameters", "must be an object");
    jobs::checkTemplate(writeJson(*parameters));
    rule.parameters = *parameters;
  }
  const json::value* grants = job.if_contains("grants");
  if (!grants) return;
  if (!grants->is_array() || grants->get_array().size() > 20)
    throw Invalid("job.grants", "must be a list of at most 20");
  for (const json::value& one : grants->get_array()) {
    if (!one.is_object()) throw Invalid("job.grants", "must be a list of objects");
    requireKnownMembers(one.get_object(), "job.grants", {"role", "name_pattern"});
    access::Grant grant;
    grant.role = memberTextOf(one.get_object(), "role", "job.grants.role");
    grant.workspace = workspace;
    grant.namePattern = memberTextOf(one.get_object(), "name_pattern", "job.grants.name_pattern");
    // More than a job of a pipeline needs: an approval is a person's, administration would change its own trigger.
    if (grant.role != "reader" && grant.role != "contributor")
      throw Invalid("job.grants.role", "must be reader or contributor");
    if (grant.namePattern.empty()) throw Invalid("job.grants.name_pattern", "is required");
    access::checkGrant(grant, "job.grants");
    rule.grants.push_back(std::move(grant));
  }
}

void readPayload(const json::object& body, TriggerRule& rule) {
  const json::value* payload = body.if_contains("payload");
  if (!payload || payload->is_null()) return;
  if (rule.webhook == 0) throw Invalid("payload", "requires 'webhook'");
  if (!payload->is_object()) throw Invalid("payload", "must be an object");
  jobs::checkTemplate(writeJson(*payload));
  rule.payload = *payload;
}

governance::Binding coverage(std::string_view workspace, std::string_view kind, std::string_view names) {
  return {.workspace = std::string(workspace), .kind = std::string(kind), .namePattern = std::string(names)};
}

}  // namespace

TriggerRule readRule(const json::object& body, std::string_view workspace) {
  requireKnownMembers(body, "",
                      {"on", "run", "filter", "when", "job", "webhook", "payload", "note", "limit", "enabled",
                       "description", "annotations"});
  TriggerRule rule;
  if (const json::object& run = objectOf(body, "run"); !run.empty()) rule.run = readRunCondition(run);
  readOn(objectOf(body, "on"), rule);
  rule.filter = objectOf(body, "filter");
  if (rule.filter.size() > 20) throw Invalid("filter", "must have at most 20 members");
  for (const auto& member : rule.filter)
    if (member.value().is_object() || member.value().is_array())
      throw Invalid("filter", "must name members of the event and the text, number or boolean that each must be");
  rule.when = memberTextOf(body, "when", "when");
  if (rule.when.size() > whenLength || !isUtf8(rule.when))
    throw Invalid("when", fmt::format("must be at most {} bytes of Rego", whenLength));
  readJob(objectOf(body, "job"), workspace, rule);
  rule.webhook = memberCountOf(body, "webhook", "webhook", 0, INT64_MAX);
  rule.note = isTrue(body, "note", false);
  if ((rule.command.empty() ? 0 : 1) + (rule.webhook == 0 ? 0 : 1) + (rule.note ? 1 : 0) != 1)
    throw Invalid("job", "set exactly one of 'job', 'webhook' and 'note'");
  readPayload(body, rule);
  rule.enabled = isTrue(body, "enabled", true);
  if (memberTextOf(body, "description", "description").size() > descriptionLength)
    throw Invalid("description", fmt::format("must be at most {} bytes", descriptionLength));
  if (writeJson(objectOf(body, "annotations")).size() > annotationBytes)
    throw Invalid("annotations", fmt::format("must be at most {} bytes of JSON", annotationBytes));
  if (rule.webhook != 0 && rule.everyMinutes != 0)
    throw Invalid("webhook", "requires on.action: a schedule can only start a job");
  const json::object& limit = objectOf(body, "limit");
  requireKnownMembers(limit, "limit", {"count", "minutes"});
  rule.limitCount = memberCountOf(limit, "count", "limit.count", 10, 10'000);
  rule.limitMinutes = memberCountOf(limit, "minutes", "limit.minutes", 60, 525'600);
  return rule;
}

void requireTriggerRights(const access::Identity& identity, std::string_view workspace, const TriggerRule& rule) {
  governance::requireGovernor(identity, coverage(workspace, rule.kind, rule.names));
  for (const access::Grant& grant : rule.grants)
    governance::requireGovernor(identity, coverage(workspace, "*", grant.namePattern));
  if (rule.webhook != 0) identity.require(access::Verb::administer, workspace, access::everyName);
}

bool maySee(const access::Identity& identity, const Trigger& trigger) {
  return governance::concerns(identity, coverage(trigger.workspace, trigger.rule.kind, trigger.rule.names),
                              trigger.workspace);
}

Trigger setTrigger(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                   std::string_view name, const json::object& body) {
  if (!isPlain(name)) throw Invalid("name", "must be 1 to 100 of a-z, 0-9, '-', '_' and '.'");
  Trigger trigger;
  trigger.workspace = workspace;
  trigger.name = name;
  trigger.rule = readRule(body, workspace);
  requireTriggerRights(identity, workspace, trigger.rule);
  // Not in readRule, which also reads the stored rules: an older server accepted any action.
  for (const std::string& action : trigger.rule.actions) registry::requireActionPattern("on.actions", action);
  if (trigger.rule.webhook != 0 && !jobs::findWebhook(change.transaction, workspace, trigger.rule.webhook))
    throw Invalid("webhook", "must be the id of a webhook of this workspace");
  trigger.body = canonicalJson(body);
  trigger.setAt = change.now;
  trigger.setBy = change.actor.name;
  trigger.afterIndex = registry::entryCount(change.transaction);
  if (auto present = findTrigger(change.transaction, workspace, name)) {
    // Who replaces a trigger takes away what it did for others.
    requireTriggerRights(identity, workspace, present->rule);
    trigger.id = present->id;
    change.transaction.run(
        "UPDATE trigger_rule SET body = $2, after_index = $3, set_at = $4, set_by = $5 WHERE id = $1",
        {trigger.id, trigger.body, trigger.afterIndex, trigger.setAt, trigger.setBy});
  } else {
    if (listTriggers(change.transaction, workspace).size() >= triggersOfWorkspace)
      throw limitReached(fmt::format("workspace '{}'", workspace), triggersOfWorkspace, "triggers");
    trigger.id = change.transaction.insert(
        "INSERT INTO trigger_rule (workspace, name, body, after_index, set_at, set_by) VALUES ($1, $2, $3, $4, $5, $6) "
        "RETURNING id",
        {trigger.workspace, trigger.name, trigger.body, trigger.afterIndex, trigger.setAt, trigger.setBy});
  }
  change.record(registry::Action::triggerSet, trigger.workspace, trigger.subject(),
                {{"kind", trigger.rule.kind}, {"names", trigger.rule.names}, {"rule", redactText(trigger.body)}});
  return trigger;
}

void deleteTrigger(registry::Change& change, const access::Identity& identity, const Trigger& trigger) {
  requireTriggerRights(identity, trigger.workspace, trigger.rule);
  change.transaction.run("DELETE FROM trigger_rule WHERE id = $1", {trigger.id});
  change.record(registry::Action::triggerDeleted, trigger.workspace, trigger.subject(),
                {{"kind", trigger.rule.kind}, {"names", trigger.rule.names}});
}

std::optional<Trigger> findTrigger(db::Transaction& transaction, std::string_view workspace, std::string_view name) {
  db::Rows rows =
      transaction.query(fmt::format("{}WHERE workspace = $1 AND name = $2", triggerColumns), {workspace, name});
  if (!rows.next()) return std::nullopt;
  return readTrigger(rows);
}

std::vector<Trigger> listTriggers(db::Transaction& transaction, std::string_view workspace) {
  std::vector<Trigger> triggers;
  db::Rows rows = transaction.query(
      fmt::format("{}WHERE workspace = $1 OR $1 = '' ORDER BY workspace, name", triggerColumns), {workspace});
  while (rows.next()) triggers.push_back(readTrigger(rows));
  return triggers;
}

std::vector<Firing> firingsOf(db::Transaction& transaction, const Trigger& trigger, std::size_t limit) {
  std::vector<Firing> firings;
  db::Rows rows =
      transaction.query(fmt::format("{}WHERE rule = $1 ORDER BY id DESC LIMIT $2", firingColumns), {trigger.id, limit});
  while (rows.next()) firings.push_back(readFiring(rows));
  return firings;
}

std::optional<Firing> findFiring(db::Transaction& transaction, std::int64_t id) {
  return firstFiring(transaction.query(fmt::format("{}WHERE id = $1", firingColumns), {id}));
}

std::optional<Firing> firingOfActor(db::Transaction& transaction, std::string_view actor) {
  // job_token.cpp names them.
  constexpr std::string_view token = "token:job-";
  if (!actor.starts_with(token)) return std::nullopt;
  actor.remove_prefix(token.size());
  auto job = parseInteger(actor.substr(0, actor.find('-')));
  return job ? firingOfJob(transaction, *job) : std::nullopt;
}

std::optional<Firing> firingOfJob(db::Transaction& transaction, std::int64_t job) {
  return firstFiring(transaction.query(fmt::format("{}WHERE job = $1 ORDER BY id LIMIT 1", firingColumns), {job}));
}

}  // namespace regesta::automation
