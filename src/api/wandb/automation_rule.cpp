#include "api/wandb/automation_rule.h"

#include <algorithm>

#include "api/wandb/artifact_object.h"
#include "api/wandb/artifact_record.h"
#include "api/wandb/automation_filter.h"
#include "api/wandb/names.h"
#include "api/wandb/run_object.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "tracking/experiment.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

[[noreturn]] void unsupported(std::string_view what) {
  throw error(Code::unsupported, "this server has no counterpart for {}", what);
}

[[noreturn]] void noScope(std::string_view id) {
  throw error(Code::notFound,
              "there is nothing with the id '{}' that an automation could be about, or you may not read it",
              shorten(std::string(id), 100));
}

AutomationScope collectionScope(const Call& call, db::Transaction& transaction, const std::string& id) {
  auto asset = registry::findAssetById(transaction, numberOf("ArtifactCollection", id));
  if (!asset || !call.identity->may(Verb::read, asset->key.workspace, asset->key.name)) noScope(id);
  auto collection = collectionOf(asset->key);
  if (!collection) noScope(id);
  return {.type = "ARTIFACT_COLLECTION",
          .workspace = asset->key.workspace,
          .kind = std::string(registry::kindName(asset->key.kind)),
          .names = asset->key.name,
          .project = collection->project,
          .collection = collection->name,
          .shown = collectionObject(transaction, *asset)};
}

AutomationScope registryScope(const Call& call, const std::string& id) {
  RegistryName name = registryOfId(id);
  if (!call.identity->may(Verb::read, name.entity)) noScope(id);
  registry::AssetKey key = assetOf(name.entity, name.project, "*");
  return {.type = "PROJECT",
          .workspace = name.entity,
          .kind = std::string(registry::kindName(key.kind)),
          .names = key.name,
          .project = name.project,
          .collection = {},
          .shown = {{"__typename", "Project"}, {"id", id}, {"name", name.project}, {"_workspace", name.entity}}};
}

AutomationScope projectScope(const Call& call, db::Transaction& transaction, const std::string& id) {
  if (isRegistryId(id)) return registryScope(call, id);
  std::string workspace;
  {
    db::Rows rows = transaction.query("SELECT workspace FROM experiment WHERE id = $1", {numberOf("Project", id)});
    if (rows.next()) workspace = rows.text(0);
  }
  auto project = tracking::findExperiment(transaction, workspace, numberOf("Project", id));
  if (!project || project->deleted || !call.identity->may(Verb::read, workspace, project->name)) noScope(id);
  json::object shown = projectObject(*project);
  shown["__typename"] = "Project";
  return {.type = "PROJECT",
          .workspace = workspace,
          .kind = "artifact",
          .names = project->name + "/*",
          .project = project->name,
          .collection = {},
          .shown = std::move(shown)};
}

json::object parsedObject(const json::object& from, std::string_view name) {
  const json::value* found = from.if_contains(name);
  if (!found || found->is_null()) return {};
  if (found->is_object()) return found->get_object();
  json::value read = found->is_string() ? parseJson(std::string(found->get_string())) : json::value();
  if (!read.is_object()) throw Invalid(std::string(name), "must be a JSON object");
  return read.get_object();
}

json::object metricCondition(const json::object& filter) {
  json::object metric = parsedObject(filter, "run_metric_filter");
  json::object threshold = parsedObject(metric, "threshold_filter"), change = parsedObject(metric, "change_filter");
  if (threshold.empty() && change.empty()) unsupported("automations on the z-score of a metric");
  const json::object& given = threshold.empty() ? change : threshold;
  json::object run{{"metric", memberText(given, "name")}};
  if (std::string aggregate = memberText(given, "agg_op"); !aggregate.empty()) run["aggregate"] = lower(aggregate);
  run["window"] = memberInteger(given, threshold.empty() ? "current_window_size" : "window_size");
  if (threshold.empty()) {
    run["changes"] = lower(memberText(change, "change_dir"));
    run["by"] = change.contains("change_amount") ? change.at("change_amount") : json::value();
    run["relative"] = memberText(change, "change_type") == "RELATIVE";
    run["prior_window"] = memberInteger(change, "prior_window_size");
    return run;
  }
  constexpr std::pair<std::string_view, std::string_view> operators[] = {
      {"$gt", ">"}, {"$gte", ">="}, {"$lt", "<"}, {"$lte", "<="}};
  auto compared =
      std::ranges::find(operators, memberText(threshold, "cmp_op"), [](const auto& one) { return one.first; });
  if (compared == std::end(operators)) unsupported("this comparison of a metric");
  run["is"] = compared->second;
  run["value"] = threshold.contains("threshold") ? threshold.at("threshold") : json::value();
  return run;
}

json::object stateCondition(const json::object& filter) {
  json::array states;
  json::object wanted = parsedObject(filter, "run_state_filter");
  if (const json::value* list = wanted.if_contains("states"); list && list->is_array())
    for (const json::value& one : list->get_array())
      states.push_back(json::value(lower(one.is_string() ? std::string(one.get_string()) : "")));
  return {{"states", std::move(states)}};
}

/// Members "on", "run" and "when".
void addEvent(json::object& rule, const AutomationScope& scope, const std::string& type, const json::object& filter) {
  bool ofRun = type == "RUN_METRIC" || type == "RUN_METRIC_CHANGE" || type == "RUN_STATE";
  std::string when;
  if (ofRun) {
    if (scope.type != "PROJECT" || isRegistry(scope.project)) unsupported("events of runs outside a project");
    rule["on"] = json::object{{"names", scope.project}};
    rule["run"] = type == "RUN_STATE" ? stateCondition(filter) : metricCondition(filter);
    when = regoOf(parsedObject(filter, "run_filter"), true);
  } else {
    when = regoOf(filter, false);
    bool inRegistry = isRegistry(scope.project);
    std::string action;
    if (type == "CREATE_ARTIFACT" && !inRegistry) action = "version.created";
    if (type == "LINK_MODEL" && inRegistry) action = when.empty() ? "version.created" : "alias.moved";
    if (type == "UNLINK_ARTIFACT" && inRegistry) action = "version.deleted";
    if (type == "ADD_ARTIFACT_ALIAS") action = "alias.moved";
    if (action.empty())
      unsupported(fmt::format("events of type {} in {}", shorten(type, 40), inRegistry ? "a registry" : "a project"));
    if (!when.empty() && action != "alias.moved") unsupported("a filter by alias on this event");
    rule["on"] = json::object{{"action", action}, {"kind", scope.kind}, {"names", scope.names}};
  }
  if (!when.empty()) rule["when"] = when;
}

/// The template of a trigger for one variable of W&B's templates.
std::string placeOf(std::string_view name, const AutomationScope& scope, const std::string& event) {
  std::string collection = scope.collection.empty() ? "{{short_name}}" : scope.collection;
  if (name == "event_type") return event;
  if (name == "event_author") return "{{actor}}";
  if (name == "entity_name") return scope.workspace;
  if (name == "project_name") return scope.project;
  if (name == "artifact_collection_name") return collection;
  if (name == "artifact_version_index") return "v{{version_index}}";
  if (name == "artifact_version" || name == "artifact_version_string")
    return fmt::format("{}/{}/{}:v{{{{version_index}}}}", scope.workspace, scope.project, collection);
  if (name == "alias") return "{{data.pointer}}";
  if (name == "run_name") return "{{data.name}}";
  if (name == "run_state") return "{{data.state}}";
  if (name == "metric_name") return "{{data.metric}}";
  if (name == "metric_value") return "{{data.value}}";
  unsupported(fmt::format("the variable '${{{}}}' of a payload", shorten(std::string(name), 60)));
}

std::string filledText(std::string_view text, const AutomationScope& scope, const std::string& event) {
  std::string made;
  for (std::size_t begin; (begin = text.find("${")) != std::string_view::npos;) {
    std::size_t end = text.find('}', begin);
    if (end == std::string_view::npos) break;
    made += text.substr(0, begin);
    made += placeOf(trim(text.substr(begin + 2, end - begin - 2)), scope, event);
    text.remove_prefix(end + 1);
  }
  return made.append(text);
}

void fillIn(json::value& value, const AutomationScope& scope, const std::string& event, int depth = 0) {
  if (depth > 20) throw Invalid("requestPayload", "must not be nested more than 20 levels");
  if (value.is_string()) value = filledText(std::string(value.get_string()), scope, event);
  if (value.is_array())
    for (json::value& one : value.get_array()) fillIn(one, scope, event, depth + 1);
  if (value.is_object())
    for (auto& member : value.get_object()) fillIn(member.value(), scope, event, depth + 1);
}

/// Members "webhook" and "payload", or "note".
void addAction(db::Transaction& transaction, json::object& rule, const AutomationScope& scope, const std::string& event,
               const std::string& type, const json::object& config) {
  if (type == "NO_OP") {
    rule["note"] = true;
    return;
  }
  bool notifies = type == "NOTIFICATION";
  if (!notifies && type != "GENERIC_WEBHOOK") unsupported(fmt::format("the action {}", shorten(type, 40)));
  json::object action = parsedObject(config, notifies ? "notificationActionInput" : "genericWebhookActionInput");
  rule["webhook"] = webhookOf(transaction, scope.workspace, memberText(action, "integrationID"));
  json::value payload;
  if (notifies) {
    std::string title = memberText(action, "title"), message = memberText(action, "message");
    std::string severity = memberText(action, "severity");
    payload = json::object{{"text", fmt::format("[{}] {}{}{}", severity.empty() ? "INFO" : severity, title,
                                                title.empty() || message.empty() ? "" : "\n", message)}};
  } else if (json::object given = parsedObject(action, "requestPayload"); !given.empty()) {
    payload = std::move(given);
  }
  if (payload.is_null()) return;
  fillIn(payload, scope, event);
  rule["payload"] = std::move(payload);
}

}  // namespace

AutomationScope automationScope(const Call& call, db::Transaction& transaction, const std::string& type,
                                const std::string& id) {
  if (type == "ARTIFACT_COLLECTION") return collectionScope(call, transaction, id);
  if (type == "PROJECT") return projectScope(call, transaction, id);
  unsupported(
      fmt::format("automations with the scope {}: use a project, a registry or a collection", shorten(type, 40)));
}

json::object ruleOf(db::Transaction& transaction, const AutomationScope& scope, const json::object& input) {
  json::object rule;
  std::string event = memberText(input, "triggeringEventType");
  addEvent(rule, scope, event, parsedObject(input, "eventFilter"));
  addAction(transaction, rule, scope, event, memberText(input, "triggeredActionType"),
            parsedObject(input, "triggeredActionConfig"));
  if (std::string text = memberText(input, "description"); !text.empty()) rule["description"] = text;
  const json::value* enabled = input.if_contains("enabled");
  rule["enabled"] = !enabled || *enabled != json::value(false);
  return rule;
}

std::int64_t webhookOf(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  auto webhook = jobs::findWebhook(transaction, workspace, numberOf("Integration", id));
  if (!webhook || webhook->isMlflow()) noSuch("integration", id);
  return webhook->id;
}

bool isSlack(const jobs::Webhook& webhook) {
  if (webhook.bodyTemplate.empty()) return false;
  json::value body = parseJson(webhook.bodyTemplate);
  return body.is_object() && body.get_object().contains("text");
}

json::object integrationObject(const jobs::Webhook& webhook) {
  std::string name = webhook.description.empty() ? fmt::format("webhook {}", webhook.id) : webhook.description;
  if (isSlack(webhook))
    return {{"__typename", "SlackIntegration"},
            {"id", idOf("Integration", webhook.id)},
            {"teamName", webhook.workspace},
            {"channelName", name}};
  return {{"__typename", "GenericWebhookIntegration"},
          {"id", idOf("Integration", webhook.id)},
          {"name", name},
          {"urlEndpoint", webhook.url}};
}

}  // namespace regesta::api::wandb
