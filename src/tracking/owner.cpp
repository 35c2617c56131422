#include "tracking/owner.h"

#include <algorithm>

#include "base/text.h"
#include "registry/reference.h"
#include "registry/tree.h"
#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::tracking {
namespace {

/// The path and every folder above it, longest first; the last one is the root, "".
std::vector<std::string> selfAndAbove(std::string_view path) {
  std::vector<std::string> found;
  while (!path.empty() && path != "/") {
    found.emplace_back(path);
    std::size_t slash = path.rfind('/');
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  found.emplace_back("");
  return found;
}

/// The column `folder` only finds an experiment: what makes it the owner is its location, which the ledger covers.
bool isFolderOf(const Experiment& experiment, const std::string& folder) {
  try {
    return artifactFolder(experiment.artifactLocation, experiment.workspace) == folder;
  } catch (const Error&) {  // a location from before unsafe ones were refused
    return false;
  }
}

/// The experiments at the first of these folders that has any. Eight folders a query: paths are rarely deeper.
std::vector<Experiment> nearestOf(db::Transaction& transaction, std::string_view workspace,
                                  const std::vector<std::string>& folders) {
  constexpr std::size_t step = 8;
  for (std::size_t at = 0; at < folders.size(); at += step) {
    auto folder = [&](std::size_t i) -> const std::string& { return folders[std::min(at + i, folders.size() - 1)]; };
    std::vector<std::pair<std::int64_t, std::string>> hits;
    {
      db::Rows rows = transaction.query(
          "SELECT id, folder FROM experiment WHERE workspace = $1 AND folder IN ($2, $3, $4, $5, $6, $7, $8, $9)",
          {workspace, folder(0), folder(1), folder(2), folder(3), folder(4), folder(5), folder(6), folder(7)});
      while (rows.next()) hits.emplace_back(rows.integer(0), rows.text(1));
    }
    std::size_t longest = 0;
    for (const auto& hit : hits) longest = std::max(longest, hit.second.size());
    std::vector<Experiment> found;
    for (const auto& [id, where] : hits)
      if (where.size() == longest)
        if (auto experiment = findExperiment(transaction, workspace, id); experiment && isFolderOf(*experiment, where))
          found.push_back(*std::move(experiment));
    if (!found.empty()) return found;
  }
  return {};
}

void keepOnly(Owner& owner, std::int64_t experiment) {
  std::erase_if(owner.experiments, [&](const Experiment& one) { return one.id != experiment; });
}

bool has(const Owner& owner, std::int64_t experiment) {
  return std::ranges::any_of(owner.experiments, [&](const Experiment& one) { return one.id == experiment; });
}

}  // namespace

std::string artifactFolder(std::string_view location, std::string_view workspace) {
  if (auto path = registry::treePath(location, workspace)) return *path;
  return registry::localPath(location).value_or("#");
}

Owner ownerOf(db::Transaction& transaction, std::string_view workspace, std::string_view path) {
  Owner owner{.experiments = nearestOf(transaction, workspace, selfAndAbove(path))};
  if (owner.experiments.empty()) return owner;
  owner.folder = artifactFolder(owner.experiments.front().artifactLocation, workspace);
  std::string_view inner = path.substr(std::min(path.size(), owner.folder.size() + (owner.folder.empty() ? 0 : 1)));
  std::vector<std::string_view> parts = split(inner, '/');
  if (parts[0] == "models" && parts.size() > 1) {
    auto model = findLoggedModel(transaction, parts[1]);
    if (model && model->workspace == workspace && has(owner, model->experiment)) {
      owner.modelId = model->modelId;
      keepOnly(owner, model->experiment);
    }
  } else if (auto run = findRun(transaction, workspace, parts[0]); run && has(owner, run->experiment)) {
    owner.runId = run->runId;
    keepOnly(owner, run->experiment);
  }
  return owner;
}

Ground groundOf(db::Transaction& transaction, std::string_view workspace, std::string_view path, const Owner& owner) {
  for (const Experiment& other : overlapping(transaction, workspace, path))
    if (artifactFolder(other.artifactLocation, workspace).size() >= path.size()) return Ground::shared;
  if (owner.ofOne()) return Ground::own;
  if (path.empty()) return Ground::shared;
  std::string models = owner.folder.empty() ? "models" : owner.folder + "/models";
  if (!owner.experiments.empty() && path == models) return Ground::shared;
  // A folder of folders may have several owners; a model's or dataset's folder has files.
  if (registry::findFile(transaction, workspace, path)) return Ground::loose;
  std::vector<registry::TreeItem> items = registry::listFolder(transaction, workspace, path);
  bool onlyFolders = !items.empty() && std::ranges::all_of(items, &registry::TreeItem::folder);
  return onlyFolders ? Ground::shared : Ground::loose;
}

std::vector<Experiment> overlapping(db::Transaction& transaction, std::string_view workspace, std::string_view folder) {
  std::vector<std::int64_t> ids;
  auto collect = [&](db::Rows rows) {
    while (rows.next()) ids.push_back(rows.integer(0));
  };
  for (const std::string& above : selfAndAbove(folder))
    collect(transaction.query("SELECT id FROM experiment WHERE workspace = $1 AND folder = $2", {workspace, above}));
  std::string from = folder.empty() ? std::string("\x01") : std::string(folder) + '/';
  std::string to = folder.empty() ? std::string("\xF4\x8F\xBF\xBF") : std::string(folder) + '0';
  collect(
      transaction.query("SELECT id FROM experiment WHERE workspace = $1 AND folder >= $2 AND folder < $3 ORDER BY id",
                        {workspace, from, to}));
  auto isTree = [](std::string_view text) { return !text.starts_with('/') && text != "#"; };
  std::vector<Experiment> found;
  for (std::int64_t id : ids)
    if (auto experiment = findExperiment(transaction, workspace, id))
      if (isTree(artifactFolder(experiment->artifactLocation, workspace)) == isTree(folder))
        found.push_back(*std::move(experiment));
  return found;
}

bool ofOtherWorkspace(db::Transaction& transaction, std::string_view workspace, std::string_view path, bool near) {
  if (!path.starts_with('/')) return false;
  for (const std::string& above : selfAndAbove(path)) {
    bool own = false, other = false;
    db::Rows rows = transaction.query("SELECT workspace FROM experiment WHERE folder = $1 AND folder <> ''", {above});
    while (rows.next()) (rows.view(0) == workspace ? own : other) = true;
    if (own || other) return !own;
  }
  return near && transaction
                     .query("SELECT 1 FROM experiment WHERE folder >= $1 AND folder < $2 AND workspace <> $3 LIMIT 1",
                            {std::string(path) + '/', std::string(path) + '0', workspace})
                     .next();
}

bool namesMissingExperiment(db::Transaction& transaction, std::string_view workspace, std::string_view path) {
  auto id = parseInteger(path.substr(0, path.find('/')));
  return id && !findExperiment(transaction, workspace, *id) &&
         ownerOf(transaction, workspace, path).experiments.empty();
}

}  // namespace regesta::tracking
