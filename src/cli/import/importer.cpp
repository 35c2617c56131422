#include "cli/import/importer.h"

#include <fstream>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "cli/import/compare.h"
#include "cli/progress.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

constexpr std::size_t pageItems = 100;
constexpr std::size_t requestBytes = 2 * 1024 * 1024;
constexpr std::size_t requestItems = 200;
constexpr std::size_t pointsPerRequest = 10'000;
constexpr std::size_t filesPerRequest = 500;

std::string digestOf(const SourceItem& item, const ArtifactTree& files) {
  json::array listed;
  for (const ArtifactFile& file : files.files) listed.push_back(json::array{file.path, file.size, file.changedAt});
  return crypto::sha256Hex(canonicalJson(
      json::object{{"item", item.item}, {"points", item.points}, {"artifacts", item.artifacts}, {"files", listed}}));
}

std::string digestOfFile(const ArtifactFile& file) {
  std::ifstream input(file.file, std::ios::binary);
  if (!input) throw unreadable(file.file.string());
  crypto::Sha256 sum;
  std::vector<char> piece(1024 * 1024);
  while (input.read(piece.data(), static_cast<std::streamsize>(piece.size())), input.gcount() > 0)
    sum.update({piece.data(), static_cast<std::size_t>(input.gcount())});
  return crypto::hex(sum.finish());
}

/// The item as the import routes take it.
json::object requestOf(const SourceItem& item, const std::string& digest, bool complete) {
  json::object request = item.item;
  request.erase("latest");
  request["digest"] = digest;
  if (!complete) request["complete"] = false;
  return request;
}

json::object pointJson(const MetricPoint& point) {
  return {{"key", point.key}, {"value", realJson(point.value)}, {"timestamp", point.timestamp}, {"step", point.step}};
}

}  // namespace

Importer::Importer(Api& api, Source& source, const ArtifactRoots& roots, std::string name)
    : api_(api), source_(source), roots_(roots), name_(std::move(name)) {}

Importer::KnownItems Importer::known(const std::string& kind) {
  KnownItems items;
  api_.each(route({"imports", name_, "items"}), {{"kind", kind}}, std::numeric_limits<std::size_t>::max(),
            [&](const json::object& item) {
              items[memberText(item, "id")] = {memberText(item, "target"), memberText(item, "digest")};
            });
  return items;
}

std::map<std::string, json::object> Importer::send(const std::string& kind, const std::string& path,
                                                   std::vector<json::object> items) {
  std::map<std::string, json::object> outcomes;
  json::array batch;
  std::size_t bytes = 0;
  auto flush = [&] {
    if (batch.empty()) return;
    json::value answer = api_.post(route({"imports", name_, path}), json::object{{"items", std::move(batch)}});
    for (const json::value& outcome : answer.at("items").as_array())
      outcomes[memberText(outcome.as_object(), "id")] = outcome.as_object();
    batch = {};
    bytes = 0;
  };
  for (json::object& item : items) {
    std::size_t size = json::serialize(item).size();
    if (bytes + size > requestBytes || batch.size() >= requestItems) flush();
    bytes += size;
    batch.push_back(std::move(item));
  }
  flush();
  for (const auto& [id, outcome] : outcomes) {
    if (memberText(outcome, "state") == "refused")
      report_.refuse(kind, id, memberText(outcome, "note"));
    else if (std::string note = memberText(outcome, "note"); !note.empty())
      report_.note(kind, id, note);
  }
  return outcomes;
}

void Importer::count(const std::string& kind, const std::map<std::string, json::object>& outcomes) {
  for (const auto& [id, outcome] : outcomes) {
    if (memberText(outcome, "state") == "created") report_[kind].created += 1;
    if (memberText(outcome, "state") == "updated") report_[kind].updated += 1;
  }
}

void Importer::importExperiments() {
  const std::string kind = "experiment";
  KnownItems here = known(kind);
  std::vector<json::object> changed;
  for (const SourceItem& experiment : source_.experiments()) {
    report_[kind].source += 1;
    std::string digest = digestOf(experiment, {});
    auto present = here.find(experiment.id());
    if (present != here.end()) experiments_[experiment.id()] = present->second.target;
    if (present != here.end() && present->second.digest == digest)
      report_[kind].unchanged += 1;
    else
      changed.push_back(requestOf(experiment, digest, true));
  }
  auto outcomes = send(kind, "experiments", std::move(changed));
  count(kind, outcomes);
  for (const auto& [id, outcome] : outcomes)
    if (std::string target = memberText(outcome, "target"); !target.empty()) experiments_[id] = target;
}

void Importer::importOwners(const std::string& kind, const Pages& pages,
                            const std::function<void(std::vector<Pending>&)>& sendPage) {
  KnownItems here = known(kind);
  Progress progress(kind + "s", 0, false);
  std::string after;
  while (true) {
    std::vector<SourceItem> page = pages(after, pageItems);
    if (page.empty()) return;
    after = page.back().id();
    std::vector<Pending> changed;
    for (SourceItem& item : page) {
      report_[kind].source += 1;
      ArtifactTree files = filesOf(kind, item);
      std::string digest = digestOf(item, files);
      auto present = here.find(item.id());
      Pending pending{std::move(item), std::move(digest), std::move(files)};
      noteUncovered(kind, pending);
      if (present != here.end() && present->second.digest == pending.digest)
        report_[kind].unchanged += 1;
      else
        changed.push_back(std::move(pending));
    }
    sendPage(changed);
    progress.advance(page.size());
  }
}

ArtifactTree Importer::filesOf(const std::string& kind, const SourceItem& item) {
  if (!roots_.empty() || !source_.servesArtifacts()) return roots_.list(item.artifacts);
  ArtifactTree tree;
  try {
    for (auto& [path, size] : source_.artifacts(kind, item)) tree.files.push_back({path, {}, size, 0});
  } catch (const Error& fault) {
    tree.problems.push_back(fault.message);
  }
  return tree;
}

void Importer::fetch(const std::string& kind, const Pending& owner, ArtifactFile& file) {
  if (!file.file.empty()) return;
  if (!scratch_) scratch_.emplace();
  file.file = scratch_->path() / crypto::sha256Hex(file.path);
  source_.download(kind, owner.item, file.path, file.file.string());
}

void Importer::noteUncovered(const std::string& kind, const Pending& owner) {
  for (const std::string& problem : owner.files.problems) report_.note(kind, owner.item.id(), problem);
  if (owner.files.covered) return;
  const std::string& uri = owner.item.artifacts;
  std::size_t id = uri.find(owner.item.id());
  uncovered_[uri.substr(0, id == std::string::npos ? uri.size() : id)] += 1;
}

void Importer::sendHistory(const Pending& run) {
  std::vector<json::object> items;
  json::array points;
  auto flush = [&] {
    if (points.empty()) return;
    json::object part = requestOf(run.item, run.digest, false);
    part["metrics"] = std::move(points);
    points = {};
    items.push_back(std::move(part));
    send("run", "runs", std::move(items));
    items = {};
  };
  source_.history(run.item, [&](const MetricPoint& point) {
    points.push_back(pointJson(point));
    if (points.size() >= pointsPerRequest) flush();
  });
  flush();
}

void Importer::sendRuns(std::vector<Pending>& page) {
  std::set<std::string> refused;
  std::map<std::string, json::object> first;
  {
    std::vector<json::object> parts;
    for (const Pending& run : page) parts.push_back(requestOf(run.item, run.digest, false));
    first = send("run", "runs", std::move(parts));
  }
  std::vector<json::object> last;
  for (Pending& run : page) {
    auto outcome = first.find(run.item.id());
    if (outcome == first.end() || memberText(outcome->second, "state") == "refused") continue;
    sendHistory(run);
    sendFiles("run", run);
    last.push_back(requestOf(run.item, run.digest, true));
  }
  auto outcomes = send("run", "runs", std::move(last));
  for (const Pending& run : page) {
    auto outcome = outcomes.find(run.item.id());
    if (outcome == outcomes.end() || memberText(outcome->second, "state") == "refused") continue;
    bool created = memberText(first[run.item.id()], "state") == "created";
    (created ? report_["run"].created : report_["run"].updated) += 1;
    verifyRun(run, memberInteger(outcome->second, "points"));
  }
}

void Importer::sendLoggedModels(std::vector<Pending>& page) {
  const std::string kind = "logged-model";
  std::vector<json::object> parts, last;
  for (const Pending& model : page) parts.push_back(requestOf(model.item, model.digest, false));
  auto first = send(kind, "logged-models", std::move(parts));
  for (Pending& model : page) {
    auto outcome = first.find(model.item.id());
    if (outcome == first.end() || memberText(outcome->second, "state") == "refused") continue;
    sendFiles(kind, model);
    last.push_back(requestOf(model.item, model.digest, true));
  }
  auto outcomes = send(kind, "logged-models", std::move(last));
  for (const Pending& model : page) {
    auto outcome = outcomes.find(model.item.id());
    if (outcome == outcomes.end() || memberText(outcome->second, "state") == "refused") continue;
    bool created = memberText(first[model.item.id()], "state") == "created";
    (created ? report_[kind].created : report_[kind].updated) += 1;
    verifyLoggedModel(model);
  }
}

void Importer::sendFiles(const std::string& kind, Pending& owner) {
  for (std::size_t at = 0; at < owner.files.files.size(); at += filesPerRequest) {
    std::map<std::string, const ArtifactFile*> byDigest;
    json::array files;
    for (std::size_t i = at; i < std::min(at + filesPerRequest, owner.files.files.size()); ++i) {
      ArtifactFile& file = owner.files.files[i];
      try {
        fetch(kind, owner, file);
        std::string digest = digestOfFile(file);
        byDigest[digest] = &file;
        files.push_back(json::object{{"path", file.path}, {"digest", digest}, {"size", file.size}});
      } catch (const Error& fault) {
        report_.note(kind, owner.item.id(), fault.message);
      }
    }
    json::object request{{"owner", kind}, {"id", owner.item.id()}, {"files", files}};
    auto post = [&] { return api_.post(route({"imports", name_, "files"}), request).as_object(); };
    json::object answer = post();
    std::set<std::string> uploaded;
    for (const json::value& digest : answer.at("missing").as_array()) {
      std::string name(digest.as_string());
      if (!uploaded.insert(name).second) continue;
      json::object stored = api_.upload(byDigest.at(name)->file.string());
      if (memberText(stored, "digest") != name)
        report_.note(kind, owner.item.id(), fmt::format("{} changed while it was read", byDigest.at(name)->path));
    }
    if (!uploaded.empty()) answer = post();
    std::set<std::string> absent;
    for (const json::value& digest : answer.at("missing").as_array()) absent.insert(std::string(digest.as_string()));
    for (const json::value& refusal : answer.at("refused").as_array()) {
      const json::object& line = refusal.as_object();
      report_.refuse("file", fmt::format("{} {}", owner.item.id(), memberText(line, "id")), memberText(line, "note"));
    }
    for (const json::value& entry : files) {
      const json::object& file = entry.as_object();
      std::string digest = memberText(file, "digest");
      if (absent.contains(digest))
        report_.differ("file", fmt::format("{} {}", owner.item.id(), memberText(file, "path")), "was not stored");
      else
        report_.addFile(static_cast<std::uint64_t>(memberInteger(file, "size")), uploaded.erase(digest) > 0);
    }
    scratch_.reset();
  }
}

void Importer::verifyExperiments() {
  for (const SourceItem& experiment : source_.experiments()) {
    auto target = experiments_.find(experiment.id());
    if (target == experiments_.end()) continue;
    json::value answer = api_.get("/api/2.0/mlflow/experiments/get", {{"experiment_id", target->second}});
    std::string difference = compareExperiment(experiment.item, answer.at("experiment").as_object());
    if (difference.empty())
      report_["experiment"].verified += 1;
    else
      report_.differ("experiment", experiment.id(), difference);
  }
}

void Importer::verifyRun(const Pending& run, std::int64_t points) {
  json::value answer = api_.get("/api/2.0/mlflow/runs/get", {{"run_id", run.item.id()}});
  std::string difference = compareRun(run.item.item, answer.at("run").as_object());
  if (difference.empty() && points < run.item.points)
    difference = fmt::format("{} of {} metric points", points, run.item.points);
  if (difference.empty())
    report_["run"].verified += 1;
  else
    report_.differ("run", run.item.id(), difference);
}

void Importer::verifyLoggedModel(const Pending& model) {
  if (const json::value* deleted = model.item.item.if_contains("deleted"); deleted && deleted->as_bool()) return;
  json::value answer = api_.get("/api/2.0/mlflow/logged-models/" + model.item.id());
  std::string difference = compareLoggedModel(model.item.item, answer.at("model").as_object());
  if (difference.empty())
    report_["logged-model"].verified += 1;
  else
    report_.differ("logged-model", model.item.id(), difference);
}

ImportReport Importer::run() {
  for (const std::string& note : source_.notes()) report_.note("source", "", note);
  importExperiments();
  importOwners(
      "logged-model", [&](const std::string& after, std::size_t limit) { return source_.loggedModels(after, limit); },
      [&](std::vector<Pending>& page) { sendLoggedModels(page); });
  importOwners(
      "run", [&](const std::string& after, std::size_t limit) { return source_.runs(after, limit); },
      [&](std::vector<Pending>& page) { sendRuns(page); });
  importModels();
  importTraces();
  importScores();
  verifyExperiments();
  for (const auto& [folder, items] : uncovered_)
    report_.note("file", "",
                 fmt::format("artifacts of {} items at {}, if any, were not copied: no --artifacts root holds "
                             "them",
                             items, folder));
  json::value finished = api_.post(route({"imports", name_, "finish"}), json::object{{"origin", source_.origin()}});
  report_.source = name_;
  report_.digest = memberText(finished.as_object(), "digest");
  return std::move(report_);
}

}  // namespace regesta::cli
