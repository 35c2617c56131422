#include "api/mlflow/version_source.h"

#include <filesystem>

#include "api/mlflow/registry_rules.h"
#include "api/mlflow/version_source_uri.h"
#include "api/tracking_scope.h"
#include "base/encoding.h"
#include "base/text.h"
#include "registry/pointer.h"
#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::api::mlflow {
namespace {

using governance::Verb;

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

/// A path or file: URI as an absolute path without dots.
std::string localPath(std::string_view text) {
  Uri uri = parseUri(text);
  std::string path = uri.scheme.empty() ? std::string(text) : percentDecode(uri.path).value_or(uri.path);
  return std::filesystem::path(path).lexically_normal().string();
}

bool isLocalWithin(std::string_view source, std::string_view root) {
  if (!isLocalSource(root)) return false;
  std::string inner = localPath(source), outer = localPath(root);
  while (outer.size() > 1 && outer.ends_with('/')) outer.pop_back();
  return inner.starts_with('/') && (inner == outer || inner.starts_with(outer + '/'));
}

/// The run or logged model, known here, that a source lies in.
struct Owner {
  std::string_view parameter;  ///< "run_id" or "model_id"
  std::string id, artifactUri, sourceRun;
};

std::optional<Owner> runOwner(const Call& call, db::Session& session, std::string_view id) {
  std::optional<tracking::Run> run = tracking::findRun(session, call.workspace, id);
  return run ? std::optional(Owner{"run_id", run->runId, run->artifactUri, {}}) : std::nullopt;
}

std::optional<Owner> modelOwner(const Call& call, db::Session& session, std::string_view id) {
  std::optional<tracking::LoggedModel> model = tracking::findLoggedModel(session, id);
  if (!model || model->deleted || model->workspace != call.workspace) return std::nullopt;
  return Owner{"model_id", model->modelId, model->artifactUri, model->sourceRun};
}

/// Files in this server's own tree: one of the folders on the way is named after the run or model that wrote them.
std::optional<Owner> artifactOwner(const Call& call, db::Session& session, std::string_view source) {
  for (const std::string& segment : pathSegments(source)) {
    std::optional<Owner> owner =
        segment.starts_with("m-") ? modelOwner(call, session, segment) : runOwner(call, session, segment);
    if (owner && isWithin(artifactPathOnly(source), artifactPathOnly(owner->artifactUri))) return owner;
  }
  return std::nullopt;
}

/// Nothing for a source outside of this server, or one that nobody here wrote.
std::optional<Owner> ownerOf(const Call& call, db::Session& session, const std::string& source) {
  Uri uri = parseUri(source);
  if (uri.scheme == "runs" || uri.scheme == "models") {
    bool byRun = uri.scheme == "runs";
    std::vector<std::string> parts = pathSegments(source);
    if (!uri.authority.empty() || parts.empty()) refuseContainer(source, byRun ? "run_id" : "model_id");
    if (byRun) return runOwner(call, session, parts[0]);
    std::optional<Owner> model = modelOwner(call, session, parts[0]);
    if (!model) refuseContainer(source, "model_id");
    return model;
  }
  return isProxiedArtifact(source) ? artifactOwner(call, session, source) : std::nullopt;
}

void checkLocal(const Call& call, db::Session& session, const Claim& claim) {
  bool byModel = claim.modelId && !claim.modelId->empty();
  std::string_view parameter = byModel ? "model_id" : "run_id";
  std::optional<Owner> owner;
  if (byModel)
    owner = modelOwner(call, session, *claim.modelId);
  else if (claim.runId)
    owner = runOwner(call, session, *claim.runId);
  if (owner && isLocalWithin(claim.source, owner->artifactUri)) return;
  refuse(claim.source,
         "To use a local path as a model version source, the {0} request parameter has to be specified and the local "
         "path has to be "
         "contained within the artifact directory of the run specified by the {0}.",
         parameter);
}

/// A source may lie in what the request names, or in what it does not contradict and the caller may read.
void checkOwner(const Call& call, db::Session& session, const Claim& claim, const Owner& owner) {
  bool byRun = owner.parameter == "run_id";
  const std::optional<std::string>& named = byRun ? claim.runId : claim.modelId;
  bool namesModel = claim.modelId && !claim.modelId->empty();
  if (named && !named->empty() && *named != owner.id) refuseContainer(claim.source, owner.parameter);
  if (byRun && namesModel) refuseContainer(claim.source, "model_id");
  if (byRun)
    requireRun(call, Verb::read, session, owner.id);
  else
    requireModel(call, Verb::read, session, owner.id);
}

registry::Version sourceVersion(const Call& call, db::Session& session, const std::string& source,
                                const ModelUri& uri) {
  registry::Asset asset = getModel(call, session, Verb::read, uri.name);
  if (asset.key.kind == registry::Kind::prompt)
    refuse(source, "Prompt versions cannot be used as model version sources.");
  if (!uri.version.empty()) return getModelVersion(call, session, Verb::read, uri.name, uri.version);
  std::optional<registry::Version> found;
  if (!uri.alias.empty()) {
    std::optional<registry::Alias> alias = registry::findAlias(session, asset, uri.alias);
    if (!alias) throw error(Code::invalid, "Registered model alias {} not found.", uri.alias);
    found = registry::findVersion(session, asset.key, alias->number);
  } else if (!uri.stage.empty()) {
    std::int64_t number = registry::holderOf(session, asset, "stage:" + stageOf(uri.stage));
    if (number != 0) found = registry::findVersion(session, asset.key, number);
  } else {
    found = registry::newestVersion(session, asset);
  }
  if (!found) throw error(Code::notFound, "No versions of model with name '{}' found", uri.name);
  return *std::move(found);
}

/// models:/name/7: the new version is a copy. Nothing when the source is of another form.
std::optional<Origin> copyOf(const Call& call, db::Session& session, const Claim& claim) {
  Uri uri = parseUri(claim.source);
  if (uri.scheme != "models") return std::nullopt;
  if (!uri.authority.empty()) refuse(claim.source, "Registered model sources must use the active model registry.");
  std::optional<ModelUri> parsed = parseModelUri(claim.source);
  if (!parsed) refuseContainer(claim.source, "model_id");
  if (!parsed->modelId.empty()) return std::nullopt;
  registry::Version from = sourceVersion(call, session, claim.source, *parsed);
  if ((claim.runId && *claim.runId != from.runId) ||
      (claim.modelId && *claim.modelId != from.modelId && !claim.modelId->empty()))
    refuse(claim.source, "The run_id and model_id request parameters must match the referenced model version.");
  Origin origin{
      fmt::format("models:/{}/{}", from.asset.key.name, from.number), from.storage, from.runId, from.modelId, {}};
  origin.edges.push_back({from.subject(), "", "copied"});
  return origin;
}

/// runs:/<run>/path below the run's artifact URI.
std::string storageBelow(const std::string& artifactUri, const std::string& source) {
  std::vector<std::string> parts = pathSegments(source);
  parts[0] = artifactUri;
  return join(parts, "/");
}

}  // namespace

Origin resolveSource(const Call& call, db::Session& session, Claim claim) {
  if (claim.prompt) {
    if (!isPlaceholder(claim.source))
      throw error(Code::invalid, "Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.",
                  shorten(claim.source, 1000));
    return {claim.source, claim.source, claim.runId.value_or(""), claim.modelId.value_or(""), {}};
  }
  if (std::optional<Origin> copy = copyOf(call, session, claim)) return *std::move(copy);

  std::optional<Owner> owner, model;
  if (isLocalSource(claim.source)) {
    checkLocal(call, session, claim);
  } else {
    checkNoRelativeParts(claim.source);
    owner = ownerOf(call, session, claim.source);
    if (owner) checkOwner(call, session, claim, *owner);
  }
  if (claim.modelId && !claim.modelId->empty()) {
    model = modelOwner(call, session, *claim.modelId);
    if (!model) refuseContainer(claim.source, "model_id");
  } else if (owner && owner->parameter == "model_id") {
    model = owner;
  }

  Origin origin{claim.source, claim.source, claim.runId.value_or(""), model ? model->id : "", {}};
  std::string scheme = parseUri(claim.source).scheme;
  if (scheme == "models") origin.storage = owner->artifactUri;
  if (scheme == "runs" && owner) origin.storage = storageBelow(owner->artifactUri, claim.source);
  if (model && origin.runId.empty()) origin.runId = model->sourceRun;
  if (!origin.runId.empty())
    origin.edges.push_back({"run/" + origin.runId, "", "registered"});
  else if (owner && owner->parameter == "run_id")
    origin.edges.push_back({"run/" + owner->id, "", "registered"});
  if (model) origin.edges.push_back({"logged-model/" + model->id, "", "registered"});
  return origin;
}

}  // namespace regesta::api::mlflow
