#include "cli/commands.h"
#include "cli/pointer_move.h"

namespace regesta::cli {

std::string aliasOf(const Session& session, const Reference& reference, std::string_view option) {
  if (session.args.has(option)) {
    if (!reference.pointer.empty() && reference.pointer != session.args.text(option))
      throw UsageError(fmt::format("#{} and --{} {} name two aliases; give one", reference.pointer, option,
                                   session.args.text(option)));
    return session.args.text(option);
  }
  return reference.pointer.empty() ? "production" : reference.pointer;
}

namespace {

std::string warningsText(const json::object& outcome) {
  std::string text;
  if (const json::value* warnings = outcome.if_contains("warnings"); warnings && warnings->is_array())
    for (const json::value& warning : warnings->get_array()) text += "\nwarning: " + std::string(warning.as_string());
  return text;
}

}  // namespace

std::string moveText(const Reference& reference, std::string_view alias, const json::object& outcome) {
  std::string from = member(outcome, "from"), to = member(outcome, "to");
  if (member(outcome, "outcome") == "unchanged")
    return fmt::format("{}#{} already points to version {}{}", reference.asset(), alias, to, warningsText(outcome));
  std::string text = fmt::format("{}#{} now points to version {}", reference.asset(), alias, to);
  if (!from.empty() && from != "0") text += fmt::format(" (was {})", from);
  if (std::string entry = member(outcome, "entry"); !entry.empty()) text += fmt::format(", ledger entry {}", entry);
  return text + warningsText(outcome);
}

std::string versionText(const std::string& number, const std::string& semver) {
  if (number == "0") return {};
  return semver.empty() ? number : fmt::format("{} (#{})", semver, number);
}

json::object moveAlias(Session& session, const Reference& asset, std::string_view alias, std::string_view version) {
  json::object body = {{"version", version}};
  if (session.args.has("reason")) body["reason"] = session.args.text("reason");
  if (session.args.has("not-before")) body["not_before"] = session.args.text("not-before");
  if (session.args.flag("break-glass")) body["break_glass"] = true;
  if (std::string_view stage = stageOf(alias); !stage.empty()) {
    body["stage"] = stage;
    return session.api().post(route({"assets", asset.kind, asset.name, "stages"}), body).as_object();
  }
  return session.api().put(route({"assets", asset.kind, asset.name, "aliases", alias}), body).as_object();
}

std::string appliedText(Session& session, const json::object& answer) {
  std::string text;
  const json::value* applied = answer.if_contains("applied");
  if (!applied || !applied->is_array()) return text;
  for (const json::value& id : applied->get_array()) {
    std::string number = json::serialize(id);
    json::object request = session.api().get(route({"change-requests", number})).as_object();
    text += fmt::format("\nchange request {} is complete: {}/{}#{} now points to version {}", number,
                        member(request, "kind"), member(request, "name"), member(request, "pointer"),
                        member(request, "version"));
  }
  return text;
}

std::string activeRollout(Session& session, const Reference& ref, const std::string& alias) {
  if (ref.kind != "prompt" || session.json()) return {};
  json::value page =
      session.api().get(route({"prompts", ref.name, "rollouts"}), {{"alias", alias}, {"page_size", "1"}});
  for (const json::value& item : page.at("items").as_array()) {
    std::string status = member(item.as_object(), "status");
    if (status == "running" || status == "paused") return member(item.as_object(), "id");
  }
  return {};
}

std::string stoppedText(Session& session, const Reference& ref, const std::string& rollout) {
  if (rollout.empty()) return {};
  json::object now = session.api().get(route({"prompts", ref.name, "rollouts", rollout})).as_object();
  return member(now, "status") == "stopped" ? fmt::format("\nrollout {} was stopped by this", rollout) : "";
}

namespace {

int set(Session& session) {
  Reference ref = session.reference();
  const std::string& alias = session.args.text("ALIAS");
  std::string rollout = activeRollout(session, ref, alias);
  json::object outcome = moveAlias(session, ref, alias, session.args.text("VERSION"));
  return session.said(outcome, moveText(ref, alias, outcome) + stoppedText(session, ref, rollout));
}

int remove(Session& session) {
  Reference ref = session.reference();
  const std::string& alias = session.args.text("ALIAS");
  json::value answer = session.api().remove(route({"assets", ref.kind, ref.name, "aliases", alias}));
  return session.said(answer, fmt::format("removed {}#{}", ref.asset(), alias));
}

int list(Session& session) {
  Reference ref = session.reference();
  return session.list(
      route({"assets", ref.kind, ref.name, "aliases"}), {}, {"ALIAS", "VERSION", "PROTECTED", "MOVED", "BY"},
      [](const json::object& item) -> std::vector<Cell> {
        return {{member(item, "name"), Colour::green},
                versionText(member(item, "version"), member(item, "semver")),
                member(item, "protected") == "true" ? "yes" : "no",
                shortTime(member(item, "moved_at")),
                member(item, "moved_by")};
      },
      fmt::format("{} has no aliases", ref.asset()));
}

}  // namespace

Commands aliasCommands() {
  Operand assetName = {"ASSET", "KIND/NAME; without a kind, a model"};
  Operand alias = {"ALIAS", "the alias's name, for example production"};
  return {
      {.path = "alias list",
       .summary = "list the aliases of an asset",
       .operands = {assetName},
       .examples = {"regesta alias list loan-risk"},
       .run = list},
      {.path = "alias set",
       .summary = "move an alias to a version, through its gate if it has one",
       .operands = {assetName, alias, {"VERSION", "a number, SemVer, range, alias or latest"}},
       .options = {{"reason", "TEXT", "reason, stored in the ledger entry", 'm'}},
       .examples = {"regesta alias set loan-risk staging 3",
                    "regesta alias set prompt/loan-summary production 2 -m \"clearer\""},
       .run = set},
      {.path = "alias remove",
       .summary = "remove an alias",
       .operands = {assetName, alias},
       .examples = {"regesta alias remove loan-risk staging"},
       .run = remove},
  };
}

}  // namespace regesta::cli
