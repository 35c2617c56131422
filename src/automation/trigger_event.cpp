#include "automation/trigger_event.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "governance/entry_access.h"
#include "jobs/webhook_send.h"
#include "registry/action.h"
#include "registry/asset.h"

namespace regesta::automation {
namespace {

const json::value* find(const json::object& from, std::string_view path) {
  const json::object* at = &from;
  while (true) {
    std::size_t dot = path.find('.');
    const json::value* found = at->if_contains(path.substr(0, dot));
    if (!found || dot == std::string_view::npos) return found;
    at = found->if_object();
    if (!at) return nullptr;
    path.remove_prefix(dot + 1);
  }
}

std::string textOf(const json::value* value) {
  if (!value || value->is_null()) return {};
  return value->is_string() ? std::string(value->get_string()) : writeJson(*value);
}

}  // namespace

std::optional<TriggerEvent> readEvent(db::Transaction& transaction, std::int64_t index, std::string_view entry) {
  json::value parsed = parseJson(entry);
  const json::object& body = parsed.as_object();
  governance::EntryScope scope = governance::scopeOf(transaction, body);
  std::string subject = memberText(body, "subject");
  std::string kind = subject.substr(0, subject.find('/'));
  // A subject that can be read in several ways could be about a name that is not the trigger's.
  if (scope.of != governance::EntryScope::Of::asset || scope.names.size() != 1 || !registry::parseKind(kind))
    return std::nullopt;
  TriggerEvent event;
  event.index = index;
  event.workspace = memberText(body, "workspace");
  event.action = memberText(body, "action");
  event.actor = memberText(body, "actor");
  event.kind = kind;
  event.name = scope.names.front();
  event.subject = subject;
  event.body = parseJson(jobs::eventBody(index, entry)).as_object();
  std::string asset = fmt::format("{}/{}", event.kind, event.name), version;
  if (registry::subjectKindOf(event.action) == registry::SubjectKind::version)
    version = subject.substr(std::min(subject.size(), asset.size() + 1));
  else if (registry::subjectKindOf(event.action) == registry::SubjectKind::pointer)
    version = textOf(find(event.body, "data.to"));
  if (!version.empty() && version != "0") event.subject = fmt::format("{}@{}", asset, version);
  event.body["kind"] = event.kind;
  event.body["name"] = event.name;
  event.body["version"] = version;
  event.body["short_name"] = event.name.substr(event.name.rfind('/') + 1);
  auto number = parseInteger(version);
  event.body["version_index"] = number ? std::to_string(*number - 1) : "";
  return event;
}

TriggerEvent scheduledEvent(const Trigger& trigger, std::int64_t period, std::int64_t now) {
  TriggerEvent event;
  event.index = -period;
  event.workspace = trigger.workspace;
  event.action = "schedule";
  event.kind = trigger.rule.kind;
  event.name = trigger.rule.names;
  event.subject = trigger.subject();
  event.body = {{"type", "schedule"},
                {"timestamp", formatTime(now)},
                {"workspace", trigger.workspace},
                {"subject", event.subject},
                {"kind", event.kind},
                {"name", event.name},
                {"version", ""},
                {"data", json::object()}};
  return event;
}

TriggerEvent runEventOf(const tracking::Run& run, std::string_view experiment, const RunMatch& match,
                        std::int64_t now) {
  json::object data{{"experiment", run.experiment}, {"run", run.runId}, {"name", run.name}, {"state", match.state}};
  if (!match.metric.empty()) {
    data["metric"] = match.metric;
    data["value"] = match.value;
    data["step"] = match.step;
  }
  TriggerEvent event;
  event.index = -run.row;
  event.workspace = run.workspace;
  event.action = runEvent;
  event.kind = experimentKind;
  event.name = experiment;
  event.subject = run.subject();
  event.body = {{"type", runEvent},           {"timestamp", formatTime(now)},
                {"workspace", run.workspace}, {"subject", run.subject()},
                {"kind", experimentKind},     {"name", experiment},
                {"short_name", experiment},   {"version", ""},
                {"actor", run.userId},        {"data", std::move(data)}};
  return event;
}

bool matches(const TriggerRule& rule, const TriggerEvent& event) {
  auto isWanted = [&](const std::string& action) { return globMatch(action, event.action); };
  if (std::ranges::none_of(rule.actions, isWanted)) return false;
  if (rule.kind != "*" && rule.kind != event.kind) return false;
  if (!globMatch(rule.names, event.name)) return false;
  return std::ranges::all_of(rule.filter, [&](const auto& member) {
    return textOf(find(event.body, std::string_view(member.key()))) == textOf(&member.value());
  });
}

void checkCondition(policy::Engine& engine, const TriggerRule& rule) {
  if (rule.when.empty()) return;
  policy::EvalResult result = engine.eval({}, rule.when, "{}");
  if (!result.error.empty()) throw Invalid("when", fmt::format("must be a Rego expression: {}", result.error));
}

bool holds(policy::Engine& engine, const TriggerRule& rule, const TriggerEvent& event) {
  if (rule.when.empty()) return true;
  policy::EvalResult result = engine.eval({}, rule.when, writeJson(event.body));
  if (!result.error.empty()) throw error(Code::invalid, "the condition cannot be evaluated: {}", result.error);
  return result.defined && result.value == json::value(true);
}

}  // namespace regesta::automation
