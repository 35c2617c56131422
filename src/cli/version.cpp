#include <filesystem>

#include "cli/commands.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

std::string aliasNames(const json::object& version) {
  const json::value* aliases = version.if_contains("aliases");
  std::string text;
  if (aliases && aliases->is_array())
    for (const json::value& alias : aliases->get_array())
      if (alias.is_string()) text += (text.empty() ? "" : ", ") + std::string(alias.get_string());
  return text;
}

int list(Session& session) {
  Reference ref = session.reference();
  return session.list(
      route({"assets", ref.kind, ref.name, "versions"}), {},
      {"VERSION", "SEMVER", "ALIASES", "STAGE", "CREATED", "BY", "DESCRIPTION"},
      [](const json::object& item) -> std::vector<Cell> {
        return {member(item, "version"),
                member(item, "semver"),
                {aliasNames(item), Colour::green},
                member(item, "stage"),
                shortTime(member(item, "created_at")),
                member(item, "created_by"),
                member(item, "description")};
      },
      fmt::format("{} has no versions yet", ref.asset()));
}

int show(Session& session) {
  Reference ref = session.version();
  json::value value = session.api().get(route({"assets", ref.kind, ref.name, "versions", ref.selector}));
  return session.show(value, [&](const json::object& version) {
    printFields({{"version", fmt::format("{}@{}", ref.asset(), member(version, "version"))},
                 {"semver", member(version, "semver")},
                 {"digest", member(version, "digest")},
                 {"description", member(version, "description")},
                 {"aliases", aliasNames(version)},
                 {"stage", member(version, "stage")},
                 {"source", member(version, "source")},
                 {"run", member(version, "run_id")},
                 {"tags", member(version, "tags")},
                 {"created", shortTime(member(version, "created_at"))},
                 {"created by", member(version, "created_by")}});
    if (std::string content = member(version, "content"); !content.empty()) fmt::print("\n{}\n", printable(content));
  });
}

/// The files below a folder or the file itself, with their paths inside the version.
std::vector<std::pair<std::string, std::string>> filesOf(const std::string& given) {
  namespace fs = std::filesystem;
  std::vector<std::pair<std::string, std::string>> files;
  if (!fs::exists(given)) throw UsageError(fmt::format("there is no file {}", given));
  if (!fs::is_directory(given)) return {{given, fs::path(given).filename().string()}};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(given))
    if (entry.is_regular_file())
      files.emplace_back(entry.path().string(), fs::relative(entry.path(), given).generic_string());
  std::ranges::sort(files);
  if (files.empty()) throw error(Code::invalid, "the folder {} holds no files", given);
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
  for (const char* field : {"semver", "description", "source"})
    if (args.has(field)) body[field] = args.text(field);
  if (args.has("run")) body["run_id"] = args.text("run");
  json::object tags;
  for (const auto& [key, value] : args.pairs("tag")) tags[key] = value;
  if (!tags.empty()) body["tags"] = std::move(tags);
  std::string path = route({"assets", ref.kind, ref.name, "versions"});
  json::value made;
  try {
    made = session.api().post(path, body);
  } catch (const Error& fault) {
    if (fault.code != Code::notFound || args.flag("no-create")) throw;
    session.api().post(route({"assets"}), json::object{{"kind", ref.kind}, {"name", ref.name}});
    made = session.api().post(path, body);
  }
  return session.said(made, fmt::format("created {}@{}", ref.asset(), member(made.as_object(), "version")));
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
  json::value answer = session.api().remove(route({"assets", ref.kind, ref.name, "versions", ref.selector}));
  return session.said(answer,
                      fmt::format("deleted {}@{}; what the ledger says of it stays", ref.asset(), ref.selector));
}

}  // namespace

Commands versionCommands() {
  Operand assetName = {"ASSET", "KIND/NAME; without a kind, a model"};
  Operand version = {"VERSION", "KIND/NAME@VERSION: a number, SemVer, range, alias or latest"};
  return {
      {.path = "version list",
       .summary = "list the versions of an asset, newest first",
       .operands = {assetName},
       .options = {{"limit", "N", "at most so many"}},
       .examples = {"regesta version list loan-risk", "regesta version list prompt/loan-summary --json"},
       .run = list},
      {.path = "version show",
       .summary = "show one version",
       .operands = {version},
       .examples = {"regesta version show loan-risk@production", "regesta version show prompt/loan-summary@2"},
       .run = show},
      {.path = "version create",
       .summary = "store a new version (and the asset, when it is new)",
       .operands = {assetName},
       .options = {{"file", "PATH", "a file or a folder to store in it", 'f', false, true},
                   {"content", "FILE",
                    "the content of a prompt: text, or JSON when its name ends in .json; - for stdin"},
                   {"semver", "X.Y.Z", "its SemVer"},
                   {"description", "TEXT", "what it is", 'm'},
                   {"source", "TEXT", "where it came from"},
                   {"run", "ID", "the run that made it"},
                   {"tag", "KEY=VALUE", "a tag", 't', false, true},
                   {"no-create", "", "fail when the asset does not exist yet"}},
       .examples = {"regesta version create dataset/loan-holdout --file holdout.csv",
                    "regesta version create artifact/tokenizer --file ./tokenizer --semver 1.2.0"},
       .run = create},
      {.path = "version tag",
       .summary = "set tags of a version, or remove those written KEY=",
       .operands = {version, {"TAG", "KEY=VALUE", true, true}},
       .examples = {"regesta version tag loan-risk@3 reviewed=yes"},
       .run = tag},
      {.path = "version delete",
       .summary = "delete a version",
       .operands = {version},
       .examples = {"regesta version delete loan-risk@2"},
       .run = remove},
  };
}

}  // namespace regesta::cli
