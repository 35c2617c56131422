#include "governance/decision_view.h"

namespace regesta::governance {
namespace {

using access::Verb;

json::object* memberObject(json::object& object, std::string_view name) {
  json::value* member = object.if_contains(name);
  return member ? member->if_object() : nullptr;
}

/// Runs and logged models: the metrics that they claim go with them.
bool hideOrigins(const Scope& scope, json::object& version) {
  json::object *run = memberObject(version, "run"), *model = memberObject(version, "model");
  bool hidesRun = run && !scope.run(Verb::read, memberText(*run, "id"));
  bool hidesModel = model && !scope.model(Verb::read, memberText(*model, "id"));
  if (hidesRun && memberText(version, "source").contains(memberText(*run, "id"))) version["source"] = "";
  if (hidesRun) version["run"] = nullptr;
  if (hidesModel) version["model"] = nullptr;
  if (!hidesRun && !hidesModel) return false;
  if (json::object* metrics = memberObject(version, "metrics")) metrics->insert_or_assign("claimed", json::object());
  return true;
}

bool hideNodes(const Scope& scope, json::object& lineage) {
  bool hidden = false;
  for (std::string_view list : {"datasets", "upstream"}) {
    json::value* member = lineage.if_contains(list);
    if (!member || !member->is_array()) continue;
    json::array shown;
    for (json::value& item : member->get_array()) {
      std::string node = item.is_object() ? memberText(item.get_object(), "node") : std::string(item.as_string());
      if (scope.node(node))
        shown.push_back(item);
      else
        hidden = true;
    }
    *member = std::move(shown);
  }
  return hidden;
}

bool hideEvaluation(const Scope& scope, json::object& version) {
  json::object* evaluation = memberObject(version, "evaluation");
  if (!evaluation) return false;
  bool shown = mayReadEvaluation(scope, *evaluation);
  if (!shown) version["evaluation"] = nullptr;
  return !shown;
}

bool hideFrom(const Scope& scope, json::object& version) {
  bool hidden = hideOrigins(scope, version);
  if (json::object* lineage = memberObject(version, "lineage")) hidden |= hideNodes(scope, *lineage);
  hidden |= hideEvaluation(scope, version);
  return hidden;
}

}  // namespace

bool mayReadEvaluation(const Scope& scope, json::object& evaluation) {
  const json::value* names = evaluation.if_contains("names");
  if (names && names->is_array())
    for (const json::value& node : names->get_array())
      if (!node.is_string() || !scope.node(std::string(node.get_string()))) return false;
  json::object *dataset = memberObject(evaluation, "dataset"), *predictions = memberObject(evaluation, "predictions");
  return (!dataset || scope.name(Verb::read, memberText(*dataset, "name"))) &&
         (!predictions || memberText(*predictions, "run_id").empty() ||
          scope.run(Verb::read, memberText(*predictions, "run_id")));
}

bool hideInputs(const Scope& scope, json::array& inputs) {
  if (scope.everything(Verb::read)) return false;
  bool hidden = false;
  for (json::value& input : inputs) {
    if (!input.is_object()) continue;
    for (std::string_view which : {"candidate", "current"})
      if (json::object* version = memberObject(input.get_object(), which)) hidden |= hideFrom(scope, *version);
  }
  return hidden;
}

}  // namespace regesta::governance
