#include "tracking/artifact.h"

#include "registry/hold.h"
#include "registry/version.h"
#include "tracking/logged_model.h"
#include "tracking/owner.h"
#include "tracking/run.h"

namespace regesta::tracking {

namespace {

/// What a changed file is recorded under: a sealed run, or a logged model.
struct Cited {
  registry::Action action;
  std::string subject;
};

/// Evidence names predictions below a logged model, whether it is finished or not; so what is replaced or
/// removed there is recorded always, and what is added once its files were digested.
std::optional<Cited> citedBy(db::Transaction& transaction, std::string_view workspace, std::string_view path,
                             bool added) {
  Owner owner = ownerOf(transaction, workspace, path);
  std::optional<LoggedModel> model;
  if (!owner.modelId.empty()) model = findLoggedModel(transaction, owner.modelId);
  auto run = findRun(transaction, workspace, model ? model->sourceRun : owner.runId);
  if (run && run->sealedRevision != 0) return Cited{registry::Action::runArtifactChanged, run->subject()};
  if (!model || (added && model->status == ModelStatus::pending)) return std::nullopt;
  return Cited{registry::Action::loggedModelArtifactChanged, "logged-model/" + model->modelId};
}

void recordArtifact(registry::Change& change, std::string_view workspace, std::string_view path,
                    std::string_view before, std::string_view after) {
  if (auto cited = citedBy(change.transaction, workspace, path, before.empty()))
    change.record(cited->action, std::string(workspace), cited->subject,
                  {{"path", path}, {"previous", before}, {"digest", after}});
}

/// Files of the runs and logged models that held versions cite stay as they are; new ones may be added.
void requireNotHeld(db::Transaction& transaction, std::string_view workspace, std::string_view path,
                    std::string_view done) {
  if (!registry::hasHolds(transaction, workspace)) return;
  Owner owner = ownerOf(transaction, workspace, path);
  if (!owner.ofOne()) return;
  registry::requireNotHeld(registry::holdsOnSource(transaction, workspace, owner.runId, owner.modelId),
                           fmt::format("'{}'", path), done);
}

}  // namespace

FolderDigest digestOfFolder(db::Transaction& transaction, std::string_view workspace, std::string_view folder) {
  std::vector<registry::VersionFile> files;
  for (const registry::TreeFile& file : registry::filesBelow(transaction, workspace, folder)) {
    std::string_view path = file.path;
    if (!folder.empty() && path.size() > folder.size()) path.remove_prefix(folder.size() + 1);
    files.push_back({std::string(path), file.digest, file.size});
  }
  if (files.empty()) return {};
  return {files.size(), registry::digestOfFiles(files)};
}

void putArtifact(registry::Change& change, std::string_view workspace, std::string_view path,
                 const blob::Stored& stored, const registry::FileFacts& facts, std::set<std::string> others) {
  std::optional<registry::TreeFile> before = registry::findFile(change.transaction, workspace, path);
  if (before && before->digest != stored.digest) requireNotHeld(change.transaction, workspace, path, "replaced");
  others.insert(change.actor.name);
  registry::putFile(change.transaction, workspace, path, stored, others, facts);
  if (!before || before->digest != stored.digest)
    recordArtifact(change, workspace, path, before ? before->digest : "", stored.digest);
}

std::size_t removeArtifacts(registry::Change& change, std::string_view workspace, std::string_view path) {
  std::vector<registry::TreeFile> files = registry::filesBelow(change.transaction, workspace, path);
  for (const registry::TreeFile& file : files) requireNotHeld(change.transaction, workspace, file.path, "deleted");
  std::size_t removed = registry::removeTree(change.transaction, workspace, path);
  for (const registry::TreeFile& file : files) recordArtifact(change, workspace, file.path, file.digest, "");
  return removed;
}

}  // namespace regesta::tracking
