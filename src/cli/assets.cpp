#include "cli/commands.h"
#include "cli/dataset.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

constexpr std::array kinds = {"model", "prompt", "dataset", "artifact"};

std::string kindOf(const Session& session) { return session.command.path.substr(0, session.command.path.find(' ')); }

Reference asset(const Session& session) { return session.reference("NAME", kindOf(session)); }

std::string aliasesText(const json::object& object) {
  const json::value* aliases = object.if_contains("aliases");
  if (!aliases || !aliases->is_array()) return {};
  std::string text;
  for (const json::value& value : aliases->get_array()) {
    std::string one = value.is_object() ? fmt::format("{} → {}", member(value.get_object(), "name"),
                                                      member(value.get_object(), "version"))
                                        : std::string(value.is_string() ? value.get_string() : "");
    text += (text.empty() ? "" : ", ") + one;
  }
  return text;
}

std::string tagsText(const json::object& object) {
  const json::value* tags = object.if_contains("tags");
  if (!tags || !tags->is_object()) return {};
  std::string text;
  for (const auto& [key, value] : tags->get_object())
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", std::string_view(key),
                        value.is_string() ? std::string(value.get_string()) : writeJson(value));
  return text;
}

int list(Session& session) {
  return session.list(
      route({"assets"}), {{"kind", kindOf(session)}, {"prefix", session.args.text("prefix")}},
      {"NAME", "LATEST", "ALIASES", "UPDATED", "DESCRIPTION"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "name"),
                member(item, "latest_version"),
                {aliasesText(item), Colour::green},
                shortTime(member(item, "updated_at")),
                member(item, "description")};
      },
      fmt::format("no {}s here yet; create one with `regesta {} create NAME`", kindOf(session), kindOf(session)));
}

int show(Session& session) {
  Reference ref = asset(session);
  json::value value = session.api().get(route({"assets", ref.kind, ref.name}));
  return session.show(value, [&](const json::object& object) {
    printFields({{"name", member(object, "kind") + "/" + member(object, "name")},
                 {"description", member(object, "description")},
                 {"latest version", member(object, "latest_version")},
                 {"aliases", aliasesText(object)},
                 {"tags", tagsText(object)},
                 {"owner", member(object, "owner")},
                 {"created", shortTime(member(object, "created_at"))},
                 {"created by", member(object, "created_by")},
                 {"updated", shortTime(member(object, "updated_at"))}});
  });
}

int create(Session& session) {
  Reference ref = asset(session);
  json::object body = {{"kind", ref.kind}, {"name", ref.name}, {"description", session.args.text("description")}};
  json::object tags;
  for (const auto& [key, value] : session.args.pairs("tag")) tags[key] = value;
  if (!tags.empty()) body["tags"] = std::move(tags);
  json::value made = session.api().post(route({"assets"}), body);
  return session.said(made, fmt::format("created {}", ref.asset()));
}

int tag(Session& session) {
  Reference ref = asset(session);
  for (const auto& [key, value] : session.args.pairs("TAG")) {
    if (value.empty())
      session.api().remove(route({"assets", ref.kind, ref.name, "tags", key}));
    else
      session.api().put(route({"assets", ref.kind, ref.name, "tags", key}), json::object{{"value", value}});
  }
  return session.said(json::object{{"asset", ref.asset()}}, fmt::format("tagged {}", ref.asset()));
}

int remove(Session& session) {
  Reference ref = asset(session);
  session.confirmRemoval(fmt::format("{} with all its versions", ref.asset()));
  std::string path = route({"assets", ref.kind, ref.name}) + (session.args.has("force") ? "?force=true" : "");
  json::value answer = session.api().remove(path);
  return session.said(answer, fmt::format("deleted {}; its ledger entries are kept", ref.asset()));
}

Commands family(std::string kind) {
  Operand name = {"NAME", "the " + kind + "'s name"};
  return {
      {.path = kind + " list",
       .summary = "list " + kind + "s",
       .options = {{"prefix", "TEXT", "only names with this prefix"}, {"limit", "N", "maximum number of results"}},
       .examples = {"regesta " + kind + " list", "regesta " + kind + " list --prefix loan --json"},
       .run = list},
      {.path = kind + " show",
       .summary = "show one " + kind,
       .operands = {name},
       .examples = {"regesta " + kind + " show loan-risk"},
       .run = show},
      {.path = kind + " create",
       .summary = "create a " + kind + " without versions",
       .operands = {name},
       .options = {{"description", "TEXT", "description", 'm'}, {"tag", "KEY=VALUE", "a tag", 't', false, true}},
       .examples = {"regesta " + kind + " create loan-risk -m \"who is likely to repay\" --tag team=credit"},
       .run = create},
      {.path = kind + " tag",
       .summary = "set tags; KEY= removes a tag",
       .operands = {name, {"TAG", "KEY=VALUE", true, true}},
       .examples = {"regesta " + kind + " tag loan-risk tier=high team="},
       .run = tag},
      {.path = kind + " delete",
       .summary = "delete a " + kind + " with its versions",
       .operands = {name},
       .options = {{"force", "",
                    "also remove the aliases that point to its versions; protected ones are never removed"},
                   yesOption},
       .examples = {"regesta " + kind + " delete old-one", "regesta " + kind + " delete old-one --force --yes"},
       .run = remove},
  };
}

}  // namespace

Commands assetCommands() {
  Commands all;
  for (const char* kind : kinds) {
    Commands part = family(kind);
    if (std::string_view(kind) == "prompt")
      std::erase_if(part, [](const Command& c) { return c.path == "prompt create" || c.path == "prompt show"; });
    all.insert(all.end(), part.begin(), part.end());
    if (std::string_view(kind) == "dataset") {
      Commands own = datasetCommands();
      all.insert(all.end(), own.begin(), own.end());
    }
  }
  return all;
}

}  // namespace regesta::cli
