#include "cli/version_create.h"

#include <filesystem>

#include "cli/commands.h"

namespace regesta::cli {
namespace {

int list(Session& session) {
  Reference ref = session.reference();
  return session.list(
      route({"assets", ref.kind, ref.name, "versions"}), {},
      {"VERSION", "SEMVER", "ALIASES", "STAGE", "CREATED", "BY", "DESCRIPTION"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "version"),
                member(item, "semver"),
                {memberTexts(item, "aliases"), Colour::green},
                member(item, "stage"),
                shortTime(member(item, "created_at")),
                member(item, "created_by"),
                member(item, "description")};
      },
      fmt::format("{} has no versions yet", ref.asset()));
}

std::string runText(const json::object& version) {
  std::string run = member(version, "run_id");
  if (member(version, "run_changed") == "true") run += " (written to since the version was registered)";
  return run;
}

std::string modelText(const json::object& version) {
  std::string model = member(version, "model_id");
  if (member(version, "model_changed") == "true") model += " (written to since the version was registered)";
  return model;
}

/// Only what is worth a warning: that the server does not have it.
std::string contentText(const json::object& version) {
  std::string state = member(version, "content_state");
  if (state == "missing") return "missing: the source led to no files when the version was registered";
  return state == "elsewhere" ? "elsewhere: the digest covers the reference, not what it refers to" : "";
}

int show(Session& session) {
  Reference ref = session.version();
  json::value value = session.api().get(route({"assets", ref.kind, ref.name, "versions", ref.selector}));
  return session.show(value, [&](const json::object& version) {
    printFields({{"version", fmt::format("{}@{}", ref.asset(), member(version, "version"))},
                 {"semver", member(version, "semver")},
                 {"digest", member(version, "digest")},
                 {"description", member(version, "description")},
                 {"aliases", memberTexts(version, "aliases")},
                 {"stage", member(version, "stage")},
                 {"source", member(version, "source")},
                 {"run", runText(version)},
                 {"logged model", modelText(version)},
                 {"content", contentText(version)},
                 {"quarantine", member(version, "quarantine")},
                 {"tags", member(version, "tags")},
                 {"created", shortTime(member(version, "created_at"))},
                 {"created by", member(version, "created_by")},
                 {"expires", shortTime(member(version, "expires_at"))}});
    if (std::string content = member(version, "content"); !content.empty()) fmt::print("\n{}\n", printable(content));
  });
}

/// The files below a folder or the file itself, with their paths inside the version.
std::vector<std::pair<std::string, std::string>> filesOf(const std::string& given) {
  namespace fs = std::filesystem;
  std::vector<std::pair<std::string, std::string>> files;
  if (!fs::exists(given)) throw UsageError(fmt::format("the file {} does not exist", given));
  if (!fs::is_directory(given)) return {{given, fs::path(given).filename().string()}};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(given))
    if (entry.is_regular_file())
      files.emplace_back(entry.path().string(), fs::relative(entry.path(), given).generic_string());
  std::ranges::sort(files);
  if (files.empty()) throw error(Code::invalid, "the folder {} has no files", given);
  return files;
}

int create(Session& session) {
  const Arguments& args = session.args;
  Reference ref = session.reference();
  json::object body;
  json::array files;
  for (const std::string& given : args.all("file"))
    for (const auto& [path, name] : filesOf(given)) {
      json::object stored = session.api().upload(path);
      files.push_back(json::object{{"path", name}, {"digest", stored.at("digest")}});
    }
  if (!files.empty()) body["files"] = std::move(files);
  if (args.has("content")) {
    std::string text = readInput(args.text("content"));
    body["content"] = args.text("content").ends_with(".json") ? parseJson(text) : json::value(text);
  }
  if (args.has("run")) body["run_id"] = args.text("run");
  return createVersion(session, ref, std::move(body), !args.flag("no-create"));
}

int tag(Session& session) {
  Reference ref = session.version();
  for (const auto& [key, value] : session.args.pairs("TAG")) {
    std::string path = route({"assets", ref.kind, ref.name, "versions", ref.selector, "tags", key});
    if (value.empty())
      session.api().remove(path);
    else
      session.api().put(path, json::object{{"value", value}});
  }
  return session.said(json::object{{"version", ref.asset() + "@" + ref.selector}},
                      fmt::format("tagged {}@{}", ref.asset(), ref.selector));
}

int remove(Session& session) {
  Reference ref = session.version();
  session.confirmRemoval(fmt::format("{}@{}", ref.asset(), ref.selector));
  std::string path = route({"assets", ref.kind, ref.name, "versions", ref.selector});
  if (session.args.has("force")) path += "?force=true";
  json::value answer = session.api().remove(path);
  return session.said(answer, fmt::format("deleted {}@{}; its ledger entries are kept", ref.asset(), ref.selector));
}

int archive(Session& session) {
  Reference ref = session.version();
  json::value done = session.api().post(route({"assets", ref.kind, ref.name, "versions", ref.selector, "archive"}));
  return session.said(done, fmt::format("archived {}@{}", ref.asset(), member(done.as_object(), "version")));
}

int restore(Session& session) {
  Reference ref = session.version();
  json::value done = session.api().post(route({"assets", ref.kind, ref.name, "versions", ref.selector, "restore"}));
  return session.said(done, fmt::format("restored {}@{}", ref.asset(), member(done.as_object(), "version")));
}

int expire(Session& session) {
  const Arguments& args = session.args;
  if (args.has("at") + args.has("after") + args.has("never") != 1)
    throw UsageError("give one of --after, --at and --never");
  Reference ref = session.version();
  std::string path = route({"assets", ref.kind, ref.name, "versions", ref.selector, "expiry"});
  json::object wanted;
  for (const char* name : {"at", "after"})
    if (args.has(name)) wanted[name] = args.text(name);
  json::value done = args.has("never") ? session.api().remove(path) : session.api().put(path, wanted);
  std::string number = member(done.as_object(), "version"), at = shortTime(member(done.as_object(), "expires_at"));
  return session.said(done, args.has("never") ? fmt::format("{}@{} does not expire", ref.asset(), number)
                                              : fmt::format("{}@{} expires at {}", ref.asset(), number, at));
}

int release(Session& session) {
  Reference ref = session.version();
  json::value answer = session.api().post(route({"assets", ref.kind, ref.name, "versions", ref.selector, "release"}),
                                          json::object{{"reason", session.args.text("reason")}});
  return session.said(answer, fmt::format("released {}@{} from quarantine", ref.asset(), ref.selector));
}

}  // namespace

int createVersion(Session& session, const Reference& asset, json::object body, bool create) {
  const Arguments& args = session.args;
  for (const char* field : {"semver", "description", "source"})
    if (args.has(field)) body[field] = args.text(field);
  json::object tags;
  for (const auto& [key, value] : args.pairs("tag")) tags[key] = value;
  if (!tags.empty()) body["tags"] = std::move(tags);
  std::string path = route({"assets", asset.kind, asset.name, "versions"});
  json::value made;
  try {
    made = session.api().post(path, body);
  } catch (const Error& fault) {
    if (fault.code != Code::notFound || !create) throw;
    session.api().post(route({"assets"}), json::object{{"kind", asset.kind}, {"name", asset.name}});
    made = session.api().post(path, body);
  }
  return session.said(made, fmt::format("created {}@{}", asset.asset(), member(made.as_object(), "version")));
}

Commands versionCommands() {
  Operand assetName = {"ASSET", "KIND/NAME; without a kind, a model"};
  Operand version = {"VERSION", "KIND/NAME@VERSION: a number, SemVer, range, alias or latest"};
  return {
      {.path = "version list",
       .summary = "list the versions of an asset, newest first",
       .operands = {assetName},
       .options = {{"limit", "N", "maximum number of results"}},
       .examples = {"regesta version list loan-risk", "regesta version list prompt/loan-summary --json"},
       .run = list},
      {.path = "version show",
       .summary = "show one version",
       .operands = {version},
       .examples = {"regesta version show loan-risk@production", "regesta version show prompt/loan-summary@2"},
       .run = show},
      {.path = "version create",
       .summary = "create a version, and the asset if it does not exist",
       .operands = {assetName},
       .options = {{"file", "PATH", "a file or a folder to store in it", 'f', false, true},
                   {"content", "FILE",
                    "the content of a prompt: text, or JSON when its name ends in .json; - for stdin"},
                   {"semver", "X.Y.Z", "its SemVer"},
                   {"description", "TEXT", "what it is", 'm'},
                   {"source", "TEXT", "URI or description of its source"},
                   {"run", "ID", "id of the run that produced it"},
                   {"tag", "KEY=VALUE", "a tag", 't', false, true},
                   {"no-create", "", "fail if the asset does not exist"}},
       .examples = {"regesta version create dataset/loan-holdout --file holdout.csv",
                    "regesta version create artifact/tokenizer --file ./tokenizer --semver 1.2.0"},
       .run = create},
      {.path = "version tag",
       .summary = "set tags of a version; KEY= removes a tag",
       .operands = {version, {"TAG", "KEY=VALUE", true, true}},
       .examples = {"regesta version tag loan-risk@3 reviewed=yes"},
       .run = tag},
      {.path = "version archive",
       .summary = "archive a version: it is no longer resolved, served or promoted",
       .operands = {version},
       .examples = {"regesta version archive loan-risk@2"},
       .run = archive,
       .more = "Refused while an alias, a stage, a rollout or another prompt uses it. Its files are kept."},
      {.path = "version restore",
       .summary = "restore an archived version",
       .operands = {version},
       .examples = {"regesta version restore loan-risk@2"},
       .run = restore},
      {.path = "version expire",
       .summary = "set when the server deletes a version",
       .operands = {version},
       .options = {{"after", "AGE", "age since it was registered: 90d, 12h or 30m"},
                   {"at", "TIME", "RFC 3339 time"},
                   {"never", "", "do not delete it; retention rules may still"}},
       .examples = {"regesta version expire artifact/loans/rows@2 --after 30d",
                    "regesta version expire artifact/loans/rows@2 --never"},
       .run = expire,
       .more =
           "Kept while an alias, a stage, a rollout, another prompt, evidence, a decision, an open change request or "
           "a legal hold needs it."},
      {.path = "version release",
       .summary = "release a version from quarantine, where a critical finding of its scan keeps it",
       .operands = {version},
       .options = {{"reason", "TEXT", "what you checked, and why the finding does no harm", 'm', true}},
       .examples = {"regesta version release loan-risk@3 --reason 'the import is our own class, read on Monday'"},
       .run = release},
      {.path = "version delete",
       .summary = "delete a version",
       .operands = {version},
       .options = {{"force", "", "also remove the aliases that point to it; protected ones are never removed"},
                   yesOption},
       .examples = {"regesta version delete loan-risk@2", "regesta version delete loan-risk@2 --force --yes"},
       .run = remove},
  };
}

}  // namespace regesta::cli
