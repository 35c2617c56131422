// Automations of W&B's clients: triggers, and webhooks as integrations.
#include <algorithm>
#include <map>

#include "access/grants.h"
#include "api/wandb/artifact_object.h"
#include "api/wandb/automation_rule.h"
#include "api/wandb/filter.h"
#include "api/wandb/names.h"
#include "api/wandb/resolvers.h"
#include "automation/trigger_event.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using automation::Trigger;

constexpr std::string_view ofTriggers = "names that triggers of the workspace are about";

/// What the client said of the automation; null for a trigger that is none.
const json::object* saidOf(const json::object& body) {
  const json::value* all = body.if_contains("annotations");
  const json::value* own = all && all->is_object() ? all->get_object().if_contains(automationAnnotation) : nullptr;
  return own ? own->if_object() : nullptr;
}

struct Automation {
  Trigger trigger;
  json::object said;  ///< name, created, and the input's scope, event and action
};

std::optional<Automation> automationOf(Trigger trigger) {
  json::value body = parseJson(trigger.body);
  const json::object* said = saidOf(body.as_object());
  if (!said) return std::nullopt;
  return Automation{std::move(trigger), *said};
}

/// Those that the caller may see.
std::vector<Automation> automationsOf(const Call& call, db::Transaction& transaction, std::string_view workspace) {
  std::vector<Automation> found;
  for (Trigger& trigger : automation::listTriggers(transaction, workspace)) {
    if (!automation::maySee(*call.identity, trigger)) continue;
    if (auto one = automationOf(std::move(trigger))) found.push_back(*std::move(one));
  }
  return found;
}

Automation getAutomation(const Call& call, db::Transaction& transaction, const std::string& id) {
  std::int64_t row = numberOf("Trigger", id);
  std::vector<Automation> all = automationsOf(call, transaction, "");
  auto found = std::ranges::find(all, row, [](const Automation& one) { return one.trigger.id; });
  if (found == all.end()) noSuch("automation", id);
  return std::move(*found);
}

json::object actionObject(db::Transaction& transaction, const Automation& one) {
  const json::object& config = one.said.at("triggeredActionConfig").as_object();
  std::string type = memberText(one.said, "triggeredActionType");
  if (type == "NO_OP") return {{"__typename", "NoOpTriggeredAction"}, {"noOp", true}};
  bool notifies = type == "NOTIFICATION";
  json::object action = config.at(notifies ? "notificationActionInput" : "genericWebhookActionInput").as_object();
  auto webhook = jobs::findWebhook(transaction, one.trigger.workspace, one.trigger.rule.webhook);
  json::object integration{{"__typename", notifies ? "SlackIntegration" : "GenericWebhookIntegration"},
                           {"id", memberText(action, "integrationID")},
                           {"name", "deleted"},
                           {"teamName", ""},
                           {"channelName", "deleted"},
                           {"urlEndpoint", ""}};
  if (webhook) integration = integrationObject(*webhook);
  action["__typename"] = notifies ? "NotificationTriggeredAction" : "GenericWebhookTriggeredAction";
  action["integration"] = std::move(integration);
  return action;
}

json::object triggerObject(db::Transaction& transaction, const Automation& one) {
  std::string type = memberText(one.said, "triggeringEventType"), filter = memberText(one.said, "eventFilter");
  // Clients read another form than they send: that of a mutation's event is one level deeper.
  if (!type.starts_with("RUN_")) filter = writeJson(json::object{{"filter", filter}});
  std::string description;
  json::value body = parseJson(one.trigger.body);
  description = memberText(body.as_object(), "description");
  return {{"id", idOf("Trigger", one.trigger.id)},
          {"createdAt", formatTime(memberInteger(one.said, "created"))},
          {"updatedAt", formatTime(one.trigger.setAt)},
          {"name", memberText(one.said, "name")},
          {"description", description.empty() ? json::value() : json::value(description)},
          {"enabled", one.trigger.rule.enabled},
          {"scope", one.said.at("scope")},
          {"triggeringCondition",
           json::object{{"__typename", "FilterEventTriggeringCondition"}, {"eventType", type}, {"filter", filter}}},
          {"triggeredAction", actionObject(transaction, one)},
          {"_workspace", one.trigger.workspace}};
}

/// The trigger's name: W&B's may have any letters.
std::string triggerName(const std::string& name) {
  std::string plain;
  for (unsigned char c : lower(name))
    plain += std::isalnum(c) || c == '-' || c == '_' || c == '.' ? static_cast<char>(c) : '-';
  if (plain == name && plain.size() <= 100) return plain;
  return fmt::format("{}-{}", plain.substr(0, 80), crypto::sha256Hex(name).substr(0, 12));
}

void requireNewName(const Call& call, db::Transaction& transaction, std::string_view workspace, const std::string& name,
                    std::int64_t except) {
  if (name.empty()) throw Invalid("name", "must be given");
  for (const Automation& one : automationsOf(call, transaction, workspace))
    if (one.trigger.id != except && memberText(one.said, "name") == name)
      throw error(Code::conflict, "the workspace '{}' has an automation '{}'", workspace, shorten(name, 200));
}

/// What is kept of the input to show it again.
json::object annotationOf(const json::object& input, const AutomationScope& scope, std::int64_t created) {
  json::object said{{"name", memberText(input, "name")}, {"created", created}};
  for (std::string_view member :
       {"scopeID", "scopeType", "triggeringEventType", "triggeredActionType", "triggeredActionConfig"})
    said[member] = input.contains(member) ? input.at(member) : json::value();
  if (!said.at("triggeredActionConfig").is_object()) throw Invalid("triggeredActionConfig", "must be an object");
  const json::value* filter = input.if_contains("eventFilter");
  said["eventFilter"] = filter && filter->is_string() ? *filter : json::value(filter ? writeJson(*filter) : "{}");
  json::object shown;
  for (std::string_view member : {"__typename", "id", "name"}) shown[member] = scope.shown.at(member);
  said["scope"] = std::move(shown);
  said["project"] = scope.project;
  return said;
}

/// `present`: the automation that is replaced.
json::value save(FieldCall& field, const json::object& input, const std::optional<Automation>& present) {
  Call call = field.call;
  std::string workspace;
  json::object body = call.core.store.read([&](db::Transaction& transaction) {
    AutomationScope scope =
        automationScope(call, transaction, memberText(input, "scopeType"), memberText(input, "scopeID"));
    workspace = scope.workspace;
    if (present && present->trigger.workspace != workspace)
      throw Error(Code::invalid, "an automation stays in its workspace; create another");
    requireNewName(call, transaction, workspace, memberText(input, "name"), present ? present->trigger.id : 0);
    json::object rule = ruleOf(transaction, scope, input);
    std::int64_t created = present ? memberInteger(present->said, "created") : nowMillis();
    rule["annotations"] = json::object{{automationAnnotation, annotationOf(input, scope, created)}};
    return rule;
  });
  automation::TriggerRule rule = automation::readRule(body, workspace);
  automation::requireTriggerRights(*call.identity, workspace, rule);
  automation::checkCondition(call.core.policy, rule);
  std::string name = present ? present->trigger.name : triggerName(memberText(input, "name"));
  Trigger trigger = call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto known = automation::findTrigger(change.transaction, workspace, name);
    if (known && (!present || known->id != present->trigger.id))
      throw error(Code::conflict, "the workspace '{}' has a trigger '{}'", workspace, name);
    return automation::setTrigger(change, *call.identity, workspace, name, body);
  });
  return call.core.store.read([&](db::Transaction& transaction) -> json::value {
    return json::object{{"trigger", triggerObject(transaction, *automationOf(trigger))}};
  });
}

json::value create(FieldCall& field) { return save(field, field.input(), std::nullopt); }

json::value update(FieldCall& field) {
  const json::object& given = field.input();
  Automation present = field.call.core.store.read(
      [&](db::Transaction& transaction) { return getAutomation(field.call, transaction, memberText(given, "id")); });
  json::object input = present.said;  // members that the client leaves out stay
  input["enabled"] = present.trigger.rule.enabled;
  json::value body = parseJson(present.trigger.body);
  input["description"] = memberText(body.as_object(), "description");
  for (const auto& [name, value] : given)
    if (!value.is_null()) input[name] = value;
  return save(field, input, present);
}

json::value remove(FieldCall& field) {
  field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    Automation one = getAutomation(field.call, change.transaction, memberText(field.input(), "triggerID"));
    automation::deleteTrigger(change, *field.call.identity, one.trigger);
  });
  return json::object{{"success", true}};
}

json::value list(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    Filter filter(field.text("filters"));
    json::array nodes;
    for (const Automation& one : automationsOf(field.call, transaction, field.call.workspace)) {
      json::value shown = triggerObject(transaction, one);
      auto valueOf = [&](std::string_view name) -> const json::value& {
        static const json::value none;
        const json::value* found = valueAt(shown, name);
        return found ? *found : none;
      };
      if (filter.accepts(valueOf)) nodes.push_back(std::move(shown));
    }
    return connection(std::move(nodes));
  });
}

/// Clients without an entity walk the projects of the user: those that automations are about.
json::value projectsOfUser(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    std::map<std::string, json::array> byProject;
    for (const Automation& one : automationsOf(field.call, transaction, field.call.workspace))
      byProject[memberText(one.said, "project")].push_back(triggerObject(transaction, one));
    json::array nodes;
    for (auto& [name, triggers] : byProject)
      nodes.push_back(json::object{{"__typename", "Project"},
                                   {"name", name},
                                   {"triggers", std::move(triggers)},
                                   {"_workspace", field.call.workspace}});
    return connection(std::move(nodes));
  });
}

json::value integrations(FieldCall& field) {
  field.call.require(Verb::administer, access::everyName);
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    json::array nodes;
    for (const jobs::Webhook& webhook : jobs::listWebhooks(transaction, field.call.workspace))
      if (!webhook.isMlflow()) nodes.push_back(integrationObject(webhook));
    return connection(std::move(nodes));
  });
}

constexpr Resolver table[] = {
    {"Entity", "triggers", reads(ofTriggers), Where::parent, list},
    {"Organization", "triggers", reads(ofTriggers), Where::parent, list},
    {"User", "projects", reads(ofTriggers), Where::parent, projectsOfUser},
    {"Entity", "integrations", administers("webhooks"), Where::parent, integrations},
    {"Mutation", "createFilterTrigger", signedIn(), Where::nowhere, create},
    {"Mutation", "updateFilterTrigger", signedIn(), Where::nowhere, update},
    {"Mutation", "deleteTrigger", signedIn(), Where::nowhere, remove},
};

}  // namespace

std::span<const Resolver> automationResolvers() { return table; }

}  // namespace regesta::api::wandb
