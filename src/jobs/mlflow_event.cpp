#include "jobs/mlflow_event.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/action.h"
#include "registry/reserved_tag.h"
#include "registry/version.h"
#include "registry/workspace.h"

namespace regesta::jobs {
namespace {

using registry::Kind;

/// `members`: of "data".
struct EventForm {
  std::string_view event;
  Kind kind;
  std::string_view action;
  std::string_view members;
};

constexpr EventForm forms[] = {
    {"registered_model.created", Kind::model, "asset.created", "name tags description"},
    {"model_version.created", Kind::model, "version.created", "name version source run_id tags description"},
    {"model_version_tag.set", Kind::model, "version.tag-set", "name version key value"},
    {"model_version_tag.deleted", Kind::model, "version.tag-deleted", "name version key"},
    {"model_version_alias.created", Kind::model, "alias.moved", "name alias version"},
    {"model_version_alias.deleted", Kind::model, "alias.removed", "name alias"},
    {"prompt.created", Kind::prompt, "asset.created", "name tags description"},
    {"prompt_version.created", Kind::prompt, "version.created", "name version template tags description"},
    {"prompt_tag.set", Kind::prompt, "asset.tag-set", "name key value"},
    {"prompt_tag.deleted", Kind::prompt, "asset.tag-deleted", "name key"},
    {"prompt_version_tag.set", Kind::prompt, "version.tag-set", "name version key value"},
    {"prompt_version_tag.deleted", Kind::prompt, "version.tag-deleted", "name version key"},
    {"prompt_alias.created", Kind::prompt, "alias.moved", "name alias version"},
    {"prompt_alias.deleted", Kind::prompt, "alias.removed", "name alias"},
    // Regesta has no budgets: nothing leads to this event of MLflow's AI gateway.
    {"budget_policy.exceeded", Kind::model, "", "name"},
};

const EventForm* formOf(std::string_view event) {
  const auto* found = std::ranges::find(forms, event, &EventForm::event);
  return found == std::end(forms) ? nullptr : found;
}

/// What an entry's subject names: "model/loan-risk", "model/loan-risk@7", "model/loan-risk#production".
struct Subject {
  std::optional<Kind> kind;
  std::string name, alias;
  std::int64_t version = 0;
};

Subject subjectOf(std::string_view action, std::string_view text) {
  std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return {};
  Subject subject{.kind = registry::parseKind(text.substr(0, slash))};
  std::string_view rest = text.substr(slash + 1);
  registry::SubjectKind kind = registry::subjectKindOf(action);
  if (kind == registry::SubjectKind::pointer) {
    std::size_t hash = rest.rfind('#');
    if (hash == std::string_view::npos) return {};
    subject.alias = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  } else if (kind == registry::SubjectKind::version) {
    std::size_t at = rest.rfind('@');
    if (at == std::string_view::npos) return {};
    subject.version = parseInteger(rest.substr(at + 1)).value_or(0);
    rest = rest.substr(0, at);
  }
  subject.name = rest;
  return subject;
}

/// The values of "data", read from the entry and from what it is about.
struct Facts {
  Subject subject;
  std::optional<registry::Asset> asset;
  std::optional<registry::Version> version;
  json::object data;  ///< the entry's
};

Facts factsOf(db::Transaction& transaction, const json::object& entry) {
  Facts facts{.subject = subjectOf(memberText(entry, "action"), memberText(entry, "subject"))};
  if (const json::value* data = entry.if_contains("data"); data && data->is_object()) facts.data = data->get_object();
  if (facts.subject.version == 0) facts.subject.version = memberInteger(facts.data, "to");
  registry::AssetKey key{memberText(entry, "workspace"), facts.subject.kind.value_or(Kind::model), facts.subject.name};
  facts.asset = registry::findAsset(transaction, key);
  if (facts.subject.version > 0) facts.version = registry::findVersion(transaction, key, facts.subject.version);
  return facts;
}

std::string templateOf(const registry::Version& version) {
  if (version.content.empty()) return {};
  json::value content = parseJson(version.content);
  const json::value* text = content.is_object() ? content.get_object().if_contains("template") : nullptr;
  if (text == nullptr) return {};
  return text->is_string() ? std::string(text->get_string()) : writeJson(*text);
}

registry::Tags tagsOf(const Facts& facts, bool ofVersion) {
  if (ofVersion) return facts.version ? facts.version->tags : registry::Tags();
  return facts.asset ? facts.asset->tags : registry::Tags();
}

json::value factOf(const Facts& facts, std::string_view member, bool ofVersion) {
  static const registry::Version noVersion;
  const registry::Version& version = facts.version ? *facts.version : noVersion;
  if (member == "name") return json::value(facts.subject.name);
  if (member == "version") return json::value(std::to_string(facts.subject.version));
  if (member == "alias") return json::value(facts.subject.alias);
  if (member == "key") return json::value(memberText(facts.data, "key"));
  if (member == "source") return json::value(version.source);
  if (member == "run_id") return textOrNull(version.runId);
  if (member == "template") return json::value(templateOf(version));
  if (member == "description" && ofVersion) return textOrNull(version.description);
  if (member == "description") return json::value(facts.asset ? facts.asset->description : "");
  registry::Tags tags = tagsOf(facts, ofVersion);
  if (member == "value") {
    auto found = tags.find(memberText(facts.data, "key"));
    return found == tags.end() ? json::value() : json::value(found->second);
  }
  json::object shown;
  for (const auto& [key, value] : tags)
    if (!registry::isContentTag(key)) shown[key] = value;
  return shown;
}

json::value exampleOf(const EventForm& form, std::string_view member) {
  bool prompt = form.kind == Kind::prompt, ofVersion = form.action == "version.created";
  if (member == "name") return prompt ? "example_prompt" : "example_model";
  if (member == "version") return "1";
  if (member == "alias") return "example_alias";
  if (member == "key") return "example_key";
  if (member == "value") return "example_value";
  if (member == "source") return "models:/123";
  if (member == "run_id") return "abcd1234abcd5678";
  if (member == "template") return "Hello {{name}}!";
  if (member == "tags") return json::object{{"example_key", "example_value"}};
  if (prompt) return ofVersion ? "An example prompt version" : "An example prompt";
  return ofVersion ? "An example model version" : "An example registered model";
}

std::string bodyOf(const EventForm& form, std::string_view workspace, std::string_view time, json::object data) {
  std::size_t dot = form.event.find('.');
  json::object body{{"entity", form.event.substr(0, dot)},
                    {"action", form.event.substr(dot + 1)},
                    {"timestamp", time},
                    {"data", std::move(data)}};
  if (workspace != registry::defaultWorkspace) body["workspace"] = workspace;
  return writeJson(body);
}

const EventForm* formOfEntry(std::string_view action, std::string_view subject) {
  std::optional<Kind> kind = subjectOf(action, subject).kind;
  const auto* found = std::ranges::find_if(
      forms, [&](const EventForm& form) { return !form.action.empty() && form.action == action && form.kind == kind; });
  return found == std::end(forms) ? nullptr : found;
}

}  // namespace

bool isMlflowEvent(std::string_view event) { return formOf(event) != nullptr; }

std::vector<std::string> actionsOf(const std::vector<std::string>& events) {
  std::vector<std::string> actions;
  for (const std::string& event : events) {
    const EventForm* form = formOf(event);
    if (form && !form->action.empty() && std::ranges::find(actions, form->action) == actions.end())
      actions.emplace_back(form->action);
  }
  return actions;
}

std::string_view mlflowEventOf(std::string_view action, std::string_view subject) {
  const EventForm* form = formOfEntry(action, subject);
  return form ? form->event : std::string_view();
}

std::string mlflowEventBody(db::Transaction& transaction, std::string_view entry) {
  json::value parsed = parseJson(entry);
  const json::object& from = parsed.as_object();
  const EventForm* form = formOfEntry(memberText(from, "action"), memberText(from, "subject"));
  if (form == nullptr) return {};
  Facts facts = factsOf(transaction, from);
  bool ofVersion = form->members.find("version") != std::string_view::npos;
  json::object data;
  for (std::string_view member : split(form->members, ' ')) data[member] = factOf(facts, member, ofVersion);
  return bodyOf(*form, memberText(from, "workspace"), memberText(from, "time"), std::move(data));
}

std::string mlflowExampleBody(std::string_view event, std::string_view workspace) {
  const EventForm* form = formOf(event);
  if (form == nullptr) return {};
  json::object data;
  for (std::string_view member : split(form->members, ' ')) data[member] = exampleOf(*form, member);
  return bodyOf(*form, workspace, formatTime(nowMillis()), std::move(data));
}

}  // namespace regesta::jobs
