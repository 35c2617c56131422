#include "api/version_source.h"

#include "api/tracking_scope.h"
#include "api/version_source_uri.h"
#include "base/id.h"
#include "base/text.h"
#include "registry/archive.h"
#include "registry/pointer.h"
#include "registry/reference.h"
#include "registry/tree.h"
#include "registry/version_files.h"
#include "tracking/logged_model.h"
#include "tracking/owner.h"
#include "tracking/seal.h"

namespace regesta::api {
namespace {

// Sources and the words for what breaks their rules are MLflow's, for every front: other clients' people know them,
// too.
using access::Verb;

/// A prompt has no files; clients say "dummy-source", "prompt-template" or another word where a model has its location.
bool isPlaceholder(std::string_view source) { return source.find_first_of("/:\\") == std::string_view::npos; }

template <class... Args>
[[noreturn]] void refuse(std::string_view source, fmt::format_string<Args...> text, Args&&... args) {
  throw error(Code::invalid, "Invalid model version source: '{}'. {}", shorten(source, 1000),
              fmt::format(text, std::forward<Args>(args)...));
}

[[noreturn]] void refuseContainer(std::string_view source, std::string_view parameter) {
  refuse(source, "The {} request parameter must identify the resource that contains the source.", parameter);
}

bool isLocalWithin(std::string_view source, std::string_view root) {
  if (!isLocalSource(root)) return false;
  std::string_view path = source;
  if (!parseUri(source).scheme.empty()) path = "/";
  auto inner = registry::localPath(source), outer = registry::localPath(root);
  return path.starts_with('/') && inner && outer && (*inner == *outer || inner->starts_with(*outer + '/'));
}

/// The path that a source in the artifact tree points to. An unsafe one is refused like any other source.
std::optional<std::string> treePathOf(const Call& call, std::string_view source) {
  try {
    return registry::treePath(source, call.workspace);
  } catch (const registry::PathError& fault) {
    refuse(source, "Invalid path: '{}' {}.", fault.value, fault.rule);
  }
}

/// The run or logged model, known here, that contains a source.
struct Owner {
  std::string_view parameter;  ///< "run_id" or "model_id"
  std::string id, artifactUri, sourceRun;
};

std::optional<Owner> runOwner(const Call& call, db::Transaction& transaction, std::string_view id) {
  std::optional<tracking::Run> run = tracking::findRun(transaction, call.workspace, id);
  return run ? std::optional(Owner{"run_id", run->runId, run->artifactUri, {}}) : std::nullopt;
}

std::optional<Owner> modelOwner(const Call& call, db::Transaction& transaction, std::string_view id) {
  std::optional<tracking::LoggedModel> model = tracking::findLoggedModel(transaction, id);
  if (!model || model->deleted || model->workspace != call.workspace) return std::nullopt;
  return Owner{"model_id", model->modelId, model->artifactUri, model->sourceRun};
}

/// Files in this server's own tree belong to the run or model in whose folder they are.
std::optional<Owner> artifactOwner(const Call& call, db::Transaction& transaction, std::string_view source,
                                   const std::string& path) {
  requirePath(call, Verb::read, transaction, path);
  if (tracking::namesMissingExperiment(transaction, call.workspace, path))
    refuse(source, "Experiment {} does not exist.", path.substr(0, path.find('/')));
  tracking::Owner owner = tracking::ownerOf(transaction, call.workspace, path);
  if (!owner.modelId.empty()) return modelOwner(call, transaction, owner.modelId);
  if (!owner.runId.empty()) return runOwner(call, transaction, owner.runId);
  return std::nullopt;
}

/// Empty for a source outside this server, or one without a known owner.
std::optional<Owner> ownerOf(const Call& call, db::Transaction& transaction, const std::string& source) {
  Uri uri = parseUri(source);
  if (uri.scheme == "runs" || uri.scheme == "models") {
    bool byRun = uri.scheme == "runs";
    std::vector<std::string> parts = pathSegments(source);
    if (!uri.authority.empty() || parts.empty()) refuseContainer(source, byRun ? "run_id" : "model_id");
    if (byRun) {
      requireRun(call, Verb::read, transaction, parts[0]);
      return runOwner(call, transaction, parts[0]);
    }
    requireModel(call, Verb::read, transaction, parts[0]);
    std::optional<Owner> model = modelOwner(call, transaction, parts[0]);
    if (!model) refuseContainer(source, "model_id");
    return model;
  }
  std::optional<std::string> path = treePathOf(call, source);
  return path ? artifactOwner(call, transaction, source, *path) : std::nullopt;
}

void checkLocal(const Call& call, db::Transaction& transaction, const Claim& claim) {
  bool byModel = claim.modelId && !claim.modelId->empty();
  std::string_view parameter = byModel ? "model_id" : "run_id";
  std::optional<Owner> owner;
  if (byModel) requireModel(call, Verb::read, transaction, *claim.modelId);
  if (claim.runId) requireRun(call, Verb::read, transaction, *claim.runId);
  if (byModel)
    owner = modelOwner(call, transaction, *claim.modelId);
  else if (claim.runId)
    owner = runOwner(call, transaction, *claim.runId);
  if (owner && isLocalWithin(claim.source, owner->artifactUri)) return;
  refuse(claim.source,
         "To use a local path as a model version source, the {0} request parameter has to be specified and the local "
         "path has to be "
         "contained within the artifact directory of the run specified by the {0}.",
         parameter);
}

/// A source must be in the run or model that the request names, or in one that the caller may read.
void checkOwner(const Call& call, db::Transaction& transaction, const Claim& claim, const Owner& owner) {
  bool byRun = owner.parameter == "run_id";
  const std::optional<std::string>& named = byRun ? claim.runId : claim.modelId;
  bool namesModel = claim.modelId && !claim.modelId->empty();
  if (named && !named->empty() && *named != owner.id) refuseContainer(claim.source, owner.parameter);
  if (byRun && namesModel) refuseContainer(claim.source, "model_id");
  if (byRun)
    requireRun(call, Verb::read, transaction, owner.id);
  else
    requireModel(call, Verb::read, transaction, owner.id);
}

registry::Version sourceVersion(const Call& call, db::Transaction& transaction, const std::string& source,
                                const ModelUri& uri) {
  registry::checkName(uri.name, registry::Kind::model);
  call.require(Verb::read, uri.name);
  std::optional<registry::Asset> asset = registry::findRegistered(transaction, call.workspace, uri.name);
  if (!asset) throw error(Code::notFound, "Registered Model with name={} not found", uri.name);
  if (asset->key.kind == registry::Kind::prompt)
    refuse(source, "Prompt versions cannot be used as model version sources.");
  std::optional<registry::Version> found;
  if (!uri.version.empty()) {
    found = registry::findVersion(transaction, asset->key, parseInteger(uri.version).value_or(0));
  } else if (!uri.alias.empty()) {
    std::optional<registry::Alias> alias = registry::findAlias(transaction, *asset, uri.alias);
    if (!alias) throw error(Code::invalid, "the source '{}' names no alias of the model", shorten(source, 1000));
    found = registry::findVersion(transaction, asset->key, alias->number);
  } else if (!uri.stage.empty()) {
    registry::Pointer stage = registry::Pointer::stage(registry::canonicalStage(uri.stage));
    found = registry::findVersion(transaction, asset->key, registry::holderOf(transaction, *asset, stage));
  } else {
    found = registry::newestCurrent(transaction, *asset);
  }
  if (!found) throw error(Code::notFound, "the source '{}' names no version of the model", shorten(source, 1000));
  return *std::move(found);
}

/// models:/name/7: the new version is a copy. Nothing when the source is of another form.
std::optional<Origin> copyOf(const Call& call, db::Transaction& transaction, const Claim& claim) {
  Uri uri = parseUri(claim.source);
  if (uri.scheme != "models") return std::nullopt;
  if (!uri.authority.empty()) refuse(claim.source, "Registered model sources must use the active model registry.");
  std::optional<ModelUri> parsed = parseModelUri(claim.source);
  if (!parsed) refuseContainer(claim.source, "model_id");
  if (!parsed->modelId.empty()) return std::nullopt;
  registry::Version from = sourceVersion(call, transaction, claim.source, *parsed);
  if ((claim.runId && *claim.runId != from.runId) ||
      (claim.modelId && *claim.modelId != from.modelId && !claim.modelId->empty()))
    refuse(claim.source, "The run_id and model_id request parameters must match the referenced model version.");
  Origin origin{.source = fmt::format("models:/{}/{}", from.asset.key.name, from.number),
                .storage = from.storage,
                .runId = from.runId,
                .modelId = from.modelId};
  origin.edges.push_back({from.subject(), "", "copied"});
  // The same files, not what may be in their folder now.
  origin.files = registry::versionFiles(transaction, from);
  origin.references = registry::versionReferences(transaction, from);
  std::optional<std::string> folder = treePathOf(call, from.storage);
  origin.inTree = folder.has_value();
  if (folder && !origin.files.empty()) origin.folder = *folder;
  return origin;
}

/// runs:/<run>/path below the run's artifact URI.
std::string storageBelow(const std::string& artifactUri, const std::string& source) {
  std::vector<std::string> parts;
  for (std::string_view part : split(parseUri(source).path, '/'))
    if (!part.empty()) parts.emplace_back(part);
  parts[0] = artifactUri;
  return join(parts, "/");
}

/// Whether the files' owner is still writing them.
bool isUnfinished(db::Transaction& transaction, std::string_view workspace, const tracking::Owner& owner) {
  if (!owner.modelId.empty()) {
    auto model = tracking::findLoggedModel(transaction, owner.modelId);
    return model && model->status == tracking::ModelStatus::pending;
  }
  auto run = tracking::findRun(transaction, workspace, owner.runId);
  return run && !tracking::isTerminal(run->status);
}

/// A seal would block another owner's writes there, so the version gets a copy.
void copyFiles(db::Transaction& transaction, std::string_view workspace, const tracking::Owner& owner,
               const std::string& path, Origin& origin) {
  if (origin.files.empty() || isUnfinished(transaction, workspace, owner))
    throw error(Code::denied,
                "Invalid model version source: '{}'. Its files are not yours to seal and may not all be there yet; ask "
                "their owner to register them, or wait until the run or logged model has finished",
                shorten(origin.source, 1000));
  origin.copied = true;
  origin.folder = fmt::format("{}/{}", registry::snapshotFolder, randomHex(16));
  bool oneFile = registry::findFile(transaction, workspace, path).has_value();
  origin.storage = registry::treeUri(oneFile ? origin.folder + '/' + origin.files.front().path : origin.folder);
}

/// Fixes the current content of the origin's storage if that is this server's tree.
void takeFiles(const Call& call, db::Transaction& transaction, Origin& origin) {
  std::optional<std::string> path = treePathOf(call, origin.storage);
  if (!path) return;
  requirePath(call, Verb::read, transaction, *path);
  origin.inTree = true;
  tracking::Owner owner = tracking::ownerOf(transaction, call.workspace, *path);
  for (const registry::TreeFile& file : registry::filesBelow(transaction, call.workspace, *path)) {
    std::string_view inner = file.path;
    inner.remove_prefix(path->empty() ? 0 : inner.size() > path->size() ? path->size() + 1 : inner.rfind('/') + 1);
    origin.files.push_back({std::string(inner), file.digest, file.size});
    origin.writers.push_back(file.writers);
  }
  tracking::Ground ground = tracking::groundOf(transaction, call.workspace, *path, owner);
  if (ground == tracking::Ground::shared) {
    if (!origin.files.empty())
      refuse(origin.source,
             "It is a folder that several runs, models or people share, which a version would seal for all of them. "
             "Name the folder of one model, such as runs:/RUN_ID/model.");
    return;
  }
  if (ground == tracking::Ground::loose && origin.files.empty()) return;
  if (!scopeOf(call, transaction).path(Verb::write, *path))
    return copyFiles(transaction, call.workspace, owner, *path, origin);
  // An empty folder of a run or model is sealed too: later files do not belong to this version.
  origin.folder = *path;
  origin.storage = registry::treeUri(*path);  // no spelling leads clients to another host or folder than was sealed
}

}  // namespace

void Origin::fill(registry::Change& change, std::string_view workspace, registry::NewVersion& fresh) const {
  fresh.source = source;
  fresh.storage = storage;
  fresh.runId = runId;
  fresh.modelId = modelId;
  fresh.files = files;
  fresh.references = references;
  fresh.folder = folder;
  for (const std::set<std::string>& names : writers) fresh.authors.insert(names.begin(), names.end());
  if (copied)
    for (std::size_t i = 0; i < files.size(); ++i)
      registry::putFile(change.transaction, workspace, folder + '/' + files[i].path,
                        {files[i].digest, static_cast<std::uint64_t>(files[i].size)}, writers[i]);
  if (inTree && files.empty()) fresh.digest = registry::digestOfFiles({});
  std::string cited = runId;
  for (const registry::Edge& edge : edges)
    if (cited.empty() && edge.from.starts_with("run/")) cited = edge.from.substr(4);
  if (auto run = tracking::findRun(change.transaction, workspace, cited))
    fresh.runDigest = tracking::sealRun(change, *run, "cited");
}

bool takesDetours(std::string_view source) { return hasRelativeParts(source); }

Origin resolveSource(const Call& call, db::Transaction& transaction, Claim claim) {
  if (claim.prompt) {
    if (!isPlaceholder(claim.source))
      throw error(Code::invalid, "Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.",
                  shorten(claim.source, 1000));
    Origin origin{.source = claim.source, .storage = claim.source};
    if (claim.runId && !claim.runId->empty()) {
      requireRun(call, Verb::read, transaction, *claim.runId);
      origin.runId = *claim.runId;
    }
    if (claim.modelId && !claim.modelId->empty()) {
      requireModel(call, Verb::read, transaction, *claim.modelId);
      origin.modelId = *claim.modelId;
    }
    return origin;
  }
  if (std::optional<Origin> copy = copyOf(call, transaction, claim)) return *std::move(copy);

  // Whatever the source, policies and people will see the run and the model with it.
  if (claim.runId && !claim.runId->empty()) requireRun(call, Verb::read, transaction, *claim.runId);
  if (claim.modelId && !claim.modelId->empty()) requireModel(call, Verb::read, transaction, *claim.modelId);
  std::optional<Owner> owner, model;
  if (isLocalSource(claim.source)) {
    checkLocal(call, transaction, claim);
  } else {
    checkNoRelativeParts(claim.source);
    owner = ownerOf(call, transaction, claim.source);
    if (owner) checkOwner(call, transaction, claim, *owner);
  }
  if (claim.modelId && !claim.modelId->empty()) {
    model = modelOwner(call, transaction, *claim.modelId);
    if (!model) refuseContainer(claim.source, "model_id");
  } else if (owner && owner->parameter == "model_id") {
    model = owner;
  }

  Origin origin{.source = claim.source,
                .storage = claim.source,
                .runId = claim.runId.value_or(""),
                .modelId = model ? model->id : ""};
  std::string scheme = parseUri(claim.source).scheme;
  if (scheme == "models") origin.storage = owner->artifactUri;
  if (scheme == "runs" && owner) origin.storage = storageBelow(owner->artifactUri, claim.source);
  if (model && origin.runId.empty() && scopeOf(call, transaction).run(Verb::read, model->sourceRun))
    origin.runId = model->sourceRun;
  if (!origin.runId.empty())
    origin.edges.push_back({"run/" + origin.runId, "", "registered"});
  else if (owner && owner->parameter == "run_id")
    origin.edges.push_back({"run/" + owner->id, "", "registered"});
  if (model) origin.edges.push_back({"logged-model/" + model->id, "", "registered"});
  takeFiles(call, transaction, origin);
  return origin;
}

void addOriginEdges(registry::Change& change, const registry::Version& version, const Origin& origin) {
  const std::string& workspace = version.asset.key.workspace;
  for (registry::Edge edge : origin.edges) {
    edge.to = version.subject();
    edge.at = change.now;
    registry::addEdge(change.transaction, workspace, edge);
  }
}

}  // namespace regesta::api
