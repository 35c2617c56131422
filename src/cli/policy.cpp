#include <filesystem>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/policy_files.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

int list(Session& session) {
  return session.list(
      route({"policies"}), {}, {"NAME", "VERSIONS", "UPDATED", "DESCRIPTION"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"), member(item, "latest_version"), shortTime(member(item, "updated_at")),
                member(item, "description")};
      },
      "no policies yet; store one with `regesta policy push NAME FILE…`");
}

/// A gate that never asks whether the move is a rollback treats it as every other move.
bool ignoresAction(const json::array& modules) {
  bool gate = false;
  for (const json::value& module : modules) {
    std::string text = member(module.as_object(), "text");
    if (text.find("input.action") != std::string::npos) return false;
    gate |= text.find("deny contains") != std::string::npos || text.find("require contains") != std::string::npos;
  }
  return gate;
}

int push(Session& session) {
  json::array modules;
  for (const policy::Module& module : readModules(session.args.all("FILE")))
    modules.push_back(
        json::object{{"name", std::filesystem::path(module.name).filename().string()}, {"text", module.text}});
  json::object body = {{"modules", std::move(modules)}};
  if (session.args.has("description")) body["description"] = session.args.text("description");
  Reference ref = session.reference("NAME", "policy");
  bool stopsRollbacks = !body.at("modules").as_array().empty() && ignoresAction(body.at("modules").as_array());
  json::object made = session.api().post(route({"policies", ref.name}), body).as_object();
  if (stopsRollbacks && !session.json())
    fmt::print(stderr, "{} this policy looks at no input.action, so it also stops rollbacks (docs/policy-input.md)\n",
               paint("note:", Colour::yellow, stderr));
  return session.said(made, fmt::format("stored policy/{}@{}", ref.name, member(made, "version")));
}

int show(Session& session) {
  Reference ref = session.reference("NAME", "policy", Takes::version);
  json::value value = session.api().get(
      route({"assets", "policy", ref.name, "versions", ref.selector.empty() ? "latest" : ref.selector}));
  return session.show(value, [&](const json::object& version) {
    printFields({{"policy", fmt::format("policy/{}@{}", ref.name, member(version, "version"))},
                 {"digest", member(version, "digest")},
                 {"description", member(version, "description")},
                 {"created", shortTime(member(version, "created_at"))},
                 {"created by", member(version, "created_by")}});
    const json::value& stored = version.at("content");
    json::value content = stored.is_string() ? parseJson(stored.get_string()) : stored;
    for (const json::value& module : content.as_object().at("modules").as_array())
      fmt::print("\n{}\n{}\n", paint("# " + member(module.as_object(), "name"), Colour::dim),
                 printable(member(module.as_object(), "text")));
  });
}

bool hasAlias(const json::object& asset, std::string_view alias) {
  const json::value* aliases = asset.if_contains("aliases");
  if (aliases && aliases->is_array())
    for (const json::value& one : aliases->get_array())
      if (one.is_object() && member(one.get_object(), "name") == alias) return true;
  return false;
}

/// A mistyped pointer protects nothing. Only a warning, because a pointer can be protected before it exists.
void warnOfUnknownAlias(Session& session, const Reference& target) {
  constexpr std::size_t looked = 1000;
  if (session.json() || !stageOf(target.pointer).empty()) return;
  bool any = false, found = false;
  session.api().each(route({"assets"}), {{"kind", target.kind}}, looked, [&](const json::object& asset) {
    if (!globMatch(target.name, member(asset, "name"))) return;
    any = true;
    found |= hasAlias(asset, target.pointer);
  });
  if (!found)
    fmt::print(stderr, "{} {}\n", paint("note:", Colour::yellow, stderr),
               any ? fmt::format("no {} that {} matches has an alias '{}' yet", target.kind, printable(target.name),
                                 printable(target.pointer))
                   : fmt::format("there is no {} yet that {} matches", target.kind, printable(target.name)));
}

int bind(Session& session) {
  bool external = session.args.has("opa");
  std::string pointer = session.args.text("POINTER");
  // With --opa, the only operand is the pointer.
  if (external && pointer.empty()) pointer = session.args.text("POLICY");
  if (pointer.empty()) throw UsageError("give a policy and a pointer, or --opa URL and a pointer");
  Reference target = parseReference(pointer);
  if (target.pointer.empty())
    throw UsageError(
        fmt::format("\"{}\" names no pointer; write KIND/PATTERN#ALIAS, for example model/loan-*#production", pointer));
  json::object body = {{"kind", target.kind}, {"name_pattern", target.name}, {"pointer", target.pointer}};
  std::string what;
  if (external) {
    body["opa_url"] = session.args.text("opa");
    body["opa_path"] = session.args.has("opa-path") ? session.args.text("opa-path") : "regesta/gate";
    what = fmt::format("{} of the OPA at {}", member(body, "opa_path"), session.args.text("opa"));
  } else {
    Reference policy = session.reference("POLICY", "policy", Takes::version);
    body["policy"] = policy.name;
    if (!policy.selector.empty()) body["policy_selector"] = policy.selector;
    what = "policy/" + policy.name;
  }
  json::object made = session.api().post(route({"policies", "bindings"}), body).as_object();
  warnOfUnknownAlias(session, target);
  return session.said(made, fmt::format("bound {} to {}/{}#{} (binding {})", what, target.kind, target.name,
                                        target.pointer, member(made, "id")));
}

int bindings(Session& session) {
  return session.list(
      route({"policies", "bindings"}), {}, {"ID", "POINTER", "POLICY", "BY", "SINCE"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "id"),
                fmt::format("{}/{}#{}", member(item, "kind"), member(item, "name_pattern"), member(item, "pointer")),
                member(item, "opa_url").empty()
                    ? fmt::format("{}@{}", member(item, "policy"), member(item, "policy_selector"))
                    : fmt::format("{} at {}", member(item, "opa_path"), member(item, "opa_url")),
                member(item, "created_by"), shortTime(member(item, "created_at"))};
      },
      "no policy bindings yet; create one with `regesta policy bind`");
}

int unbind(Session& session) {
  if (!parseInteger(session.args.text("ID")))
    throw UsageError("policy bindings have numbers: list them with `regesta policy bindings`");
  json::value answer = session.api().remove(route({"policies", "bindings", session.args.text("ID")}));
  return session.said(answer, fmt::format("deleted policy binding {}", session.args.text("ID")));
}

}  // namespace

Commands policyCommands() {
  return {
      {.path = "policy list", .summary = "list stored policies", .examples = {"regesta policy list"}, .run = list},
      {.path = "policy show",
       .summary = "print a stored policy",
       .operands = {{"NAME", "NAME or NAME@VERSION"}},
       .examples = {"regesta policy show fair-lending"},
       .run = show},
      {.path = "policy push",
       .summary = "store a new version of a policy; the server checks it first",
       .operands = {{"NAME", "the policy's name"}, {"FILE", ".rego files, or folders of them", true, true}},
       .options = {{"description", "TEXT", "what changed", 'm'}},
       .examples = {"regesta policy push fair-lending examples/loan/gate.rego"},
       .run = push},
      {.path = "policy bind",
       .summary = "bind a policy to an alias or stage",
       .operands = {{"POLICY", "NAME, or NAME@VERSION for a fixed version"},
                    {"POINTER", "KIND/PATTERN#ALIAS, for example model/loan-*#production", false}},
       .options = {{"opa", "URL", "let the external OPA at this URL decide, instead of a policy"},
                   {"opa-path", "PATH", "with --opa: path of the document that decides (default: regesta/gate)"}},
       .examples = {"regesta policy bind fair-lending model/loan-risk#production",
                    "regesta policy bind fair-lending 'model/*#stage:Production'",
                    "regesta policy bind --opa https://opa.example:8181 --opa-path bank/lending 'model/*#production'"},
       .run = bind},
      {.path = "policy bindings",
       .summary = "list the policy bindings",
       .examples = {"regesta policy bindings"},
       .run = bindings},
      {.path = "policy unbind",
       .summary = "delete a policy binding",
       .operands = {{"ID", "the binding's number"}},
       .examples = {"regesta policy unbind 2"},
       .run = unbind},
  };
}

}  // namespace regesta::cli
