#include "governance/scope.h"

#include <algorithm>

#include "access/grants.h"
#include "base/text.h"
#include "registry/asset.h"
#include "registry/blob_alias.h"
#include "registry/lineage.h"
#include "registry/reference.h"
#include "registry/tree.h"
#include "registry/version_files.h"
#include "tracking/logged_model.h"
#include "tracking/owner.h"
#include "tracking/run.h"

namespace regesta::governance {
namespace {

std::string_view roleFor(access::Verb verb) { return verb == access::Verb::read ? "reader" : "contributor"; }

/// Of a copy that a version has for itself (registry/version_files.h).
bool ofReadableVersion(db::Transaction& transaction, const std::string& workspace, const Scope& scope,
                       std::string_view path) {
  std::string above = std::string(registry::snapshotFolder) + '/';
  if (!path.starts_with(above)) return false;
  std::string folder = registry::treeUri(path.substr(0, path.find('/', above.size())));
  db::Rows rows = transaction.query(
      "SELECT DISTINCT a.name FROM version v JOIN asset a ON a.id = v.asset "
      "WHERE a.workspace = $1 AND v.deleted = 0 AND (v.storage = $2 OR (v.storage >= $3 AND v.storage < $4))",
      {workspace, folder, folder + '/', folder + '0'});
  while (rows.next())
    if (scope.name(access::Verb::read, rows.view(0))) return true;
  return false;
}

}  // namespace

bool Scope::everything(access::Verb verb) const { return identity_.may(verb, workspace_, access::everyName); }

bool Scope::name(access::Verb verb, std::string_view name) const { return identity_.may(verb, workspace_, name); }

bool Scope::experiment(access::Verb verb, std::int64_t id) const {
  if (everything(verb)) return true;
  auto found = tracking::findExperiment(transaction_, workspace_, id);
  return found && name(verb, found->name);
}

bool Scope::run(access::Verb verb, std::string_view runId) const {
  if (everything(verb)) return true;
  auto found = tracking::findRun(transaction_, workspace_, runId);
  return found && experiment(verb, found->experiment);
}

bool Scope::model(access::Verb verb, std::string_view modelId) const {
  if (everything(verb)) return true;
  auto found = tracking::findLoggedModel(transaction_, modelId);
  return found && found->workspace == workspace_ && experiment(verb, found->experiment);
}

bool Scope::path(access::Verb verb, std::string_view path) const {
  if (tracking::ofOtherWorkspace(transaction_, workspace_, path, false)) return false;
  if (everything(verb)) return true;
  tracking::Owner owner = tracking::ownerOf(transaction_, workspace_, path);
  if (owner.experiments.empty())
    return verb == access::Verb::read && ofReadableVersion(transaction_, workspace_, *this, path);
  return std::ranges::all_of(owner.experiments, [&](const auto& experiment) { return name(verb, experiment.name); });
}

bool Scope::subtree(access::Verb verb, std::string_view folder) const {
  if (everything(verb)) return true;
  std::vector<tracking::Experiment> near = tracking::overlapping(transaction_, workspace_, folder);
  return path(verb, folder) && std::ranges::all_of(near, [&](const tracking::Experiment& experiment) {
           bool inside = tracking::artifactFolder(experiment.artifactLocation, workspace_).size() >= folder.size();
           return !inside || name(verb, experiment.name);
         });
}

bool Scope::leadsToReadable(std::string_view folder) const {
  std::vector<tracking::Experiment> near = tracking::overlapping(transaction_, workspace_, folder);
  return std::ranges::any_of(near, [&](const tracking::Experiment& experiment) {
    std::string below = tracking::artifactFolder(experiment.artifactLocation, workspace_);
    return below.size() >= folder.size() && name(access::Verb::read, experiment.name);
  });
}

bool Scope::location(std::string_view folder, std::string_view defaultFolder) const {
  if (folder == "#") return true;
  if (tracking::ofOtherWorkspace(transaction_, workspace_, folder, true)) return false;
  if (everything(access::Verb::write)) return true;
  if (folder.empty() || folder == defaultFolder) return false;  // holds everybody's
  if (folder.substr(0, folder.find('/')) == registry::snapshotFolder) return false;
  // The number of an experiment is the name of its default folder, also of one that is yet to come.
  std::string_view inner = folder;
  if (!defaultFolder.empty() && inner.starts_with(std::string(defaultFolder) + '/'))
    inner.remove_prefix(defaultFolder.size() + 1);
  if (tracking::namesMissingExperiment(transaction_, workspace_, inner)) return false;
  std::vector<tracking::Experiment> others = tracking::overlapping(transaction_, workspace_, folder);
  if (others.empty() && !folder.starts_with('/'))
    return !registry::findFile(transaction_, workspace_, folder) &&
           registry::listFolder(transaction_, workspace_, folder).empty();
  return std::ranges::all_of(others, [&](const auto& other) { return name(access::Verb::write, other.name); });
}

bool Scope::blob(std::string_view digest) const {
  if (transaction_.query("SELECT 1 FROM git_pack WHERE workspace = $1 AND digest = $2", {workspace_, digest}).next())
    return false;
  if (registry::isUploader(transaction_, workspace_, digest, identity_.actor.name)) return true;
  {
    db::Rows rows = transaction_.query(
        "SELECT DISTINCT a.name FROM version_file f JOIN version v ON v.id = f.version JOIN asset a ON a.id = v.asset "
        "WHERE f.digest = $1 AND v.deleted = 0 AND a.workspace = $2",
        {digest, workspace_});
    while (rows.next())
      if (name(access::Verb::read, rows.view(0))) return true;
  }
  std::vector<registry::TreeFile> files = registry::filesWithContent(transaction_, workspace_, digest);
  return std::ranges::any_of(files,
                             [&](const registry::TreeFile& file) { return path(access::Verb::read, file.path); });
}

bool Scope::node(std::string_view node) const {
  if (everything(access::Verb::read)) return true;
  std::size_t slash = node.find('/');
  std::string_view kind = node.substr(0, slash), rest = slash == node.npos ? "" : node.substr(slash + 1);
  if (kind == "run") return run(access::Verb::read, rest);
  if (kind == "logged-model") return model(access::Verb::read, rest);
  if (kind == "code") return true;  // a commit has no owner
  if (!registry::parseKind(kind))
    return false;  // jobs and datasets of other systems: for those who may read everything
  std::size_t mark = rest.find_last_of("@#");
  return name(access::Verb::read, rest.substr(0, mark));
}

Error lacking(const access::Identity& identity, access::Verb verb, std::string_view workspace, std::string_view what) {
  return error(Code::denied, "{} has no role '{}' on this {}; ask an admin of workspace '{}' for it",
               identity.actor.name, roleFor(verb), what, workspace);
}

}  // namespace regesta::governance
