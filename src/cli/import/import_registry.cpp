#include "cli/import/compare.h"
#include "cli/import/importer.h"
#include "cli/import/mlflow_values.h"
#include "cli/progress.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

constexpr std::size_t pageItems = 100;

std::string digestOf(const json::object& item) { return crypto::sha256Hex(canonicalJson(item)); }

/// The item without what the route does not take.
json::object requestOf(const json::object& item, std::string_view extra, const std::string& digest) {
  json::object request = item;
  request.erase(extra);
  request["digest"] = digest;
  return request;
}

}  // namespace

void Importer::importModels() {
  KnownItems here = known("model"), versions = known("version"), pointers = known("pointer");
  Progress progress("models", 0, false);
  std::string after;
  while (true) {
    std::vector<SourceItem> page = source_.models(after, pageItems);
    if (page.empty()) return;
    after = page.back().id();
    std::vector<json::object> changed;
    for (const SourceItem& model : page) {
      json::object item = requestOf(model.item, "aliases", "");
      item["digest"] = digestOf(item);
      report_["model"].source += 1;
      auto present = here.find(model.id());
      if (present != here.end() && present->second.digest == memberText(item, "digest"))
        report_["model"].unchanged += 1;
      else
        changed.push_back(std::move(item));
    }
    auto outcomes = send("model", "assets", std::move(changed));
    count("model", outcomes);
    for (const SourceItem& model : page) {
      auto outcome = outcomes.find(model.id());
      if (outcome != outcomes.end() && memberText(outcome->second, "state") == "refused") continue;
      importVersions(model, versions, pointers);
      progress.advance(1);
    }
  }
}

void Importer::importVersions(const SourceItem& model, const KnownItems& here, const KnownItems& pointers) {
  bool isPrompt = memberText(model.item, "kind") == "prompt";
  std::vector<json::object> changed, moves;
  std::vector<SourceItem> versions = source_.versions(model);
  for (SourceItem& version : versions) {
    json::object& item = version.item;
    if (isPrompt && !item.contains("content"))
      item["content"] = takePromptContent(item["tags"].as_object());
    else
      takePromptMark(item["tags"].as_object());
    std::string source = portableSource(memberText(item, "source_uri"), memberText(item, "run_id"));
    item["source_uri"] = source;
    if (source.starts_with("models:/m-")) item["model_id"] = source.substr(8);
    if (std::string stage = memberText(item, "stage"); !stage.empty() && stage != "None")
      addMove(moves, model, "stage:" + stage, memberInteger(item, "number"), pointers,
              fmt::format("@{}", item["number"].as_int64()));
    std::string digest = digestOf(item);
    report_["version"].source += 1;
    auto present = here.find(version.id());
    if (present != here.end() && present->second.digest == digest)
      report_["version"].unchanged += 1;
    else
      changed.push_back(requestOf(item, "stage", digest));
  }
  auto outcomes = send("version", "versions", std::move(changed));
  count("version", outcomes);
  for (const auto& [alias, number] : model.item.at("aliases").as_object())
    addMove(moves, model, alias, number.as_int64(), pointers, "");
  count("pointer", send("pointer", "pointers", std::move(moves)));
  verifyVersions(versions, outcomes);
}

void Importer::addMove(std::vector<json::object>& moves, const SourceItem& model, std::string_view pointer,
                       std::int64_t number, const KnownItems& known, std::string_view suffix) {
  json::object move{{"id", fmt::format("{}#{}{}", model.id(), pointer, suffix)},
                    {"asset", model.id()},
                    {"pointer", pointer},
                    {"number", number}};
  std::string digest = digestOf(move);
  move["digest"] = digest;
  report_["pointer"].source += 1;
  auto present = known.find(memberText(move, "id"));
  if (present != known.end() && present->second.digest == digest)
    report_["pointer"].unchanged += 1;
  else
    moves.push_back(std::move(move));
}

void Importer::verifyVersions(const std::vector<SourceItem>& versions,
                              const std::map<std::string, json::object>& outcomes) {
  for (const SourceItem& version : versions) {
    auto outcome = outcomes.find(version.id());
    if (outcome == outcomes.end() || memberText(outcome->second, "state") == "refused") continue;
    json::value answer = api_.get("/api/2.0/mlflow/model-versions/get",
                                  {{"name", memberText(version.item, "asset")},
                                   {"version", std::to_string(memberInteger(version.item, "number"))}});
    std::string difference = compareVersion(version.item, answer.at("model_version").as_object());
    if (difference.empty())
      report_["version"].verified += 1;
    else
      report_.differ("version", version.id(), difference);
  }
}

}  // namespace regesta::cli
