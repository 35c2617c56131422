#include "api/mlflow/version_source.h"

#include <filesystem>

#include "api/mlflow/registry_rules.h"
#include "api/mlflow/version_source_uri.h"
#include "base/encoding.h"
#include "base/text.h"
#include "registry/pointer.h"
#include "tracking/logged_model.h"
#include "tracking/run.h"

namespace regesta::api::mlflow {
namespace {

using governance::Verb;

constexpr std::string_view promptPlaceholders[] = {"dummy-source", "prompt-template"};

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

/// What contains the source, as the request names it: a run or a logged model.
struct Container {
  std::string_view parameter;  ///< "run_id"
  std::string id;
  std::string artifactUri;  ///< empty: there is no such run or model
};

void checkLocal(std::string_view source, const Container& container) {
  if (!container.artifactUri.empty() && isLocalWithin(source, container.artifactUri)) return;
  refuse(source,
         "To use a local path as a model version source, the {0} request parameter has to be specified and the local path has to be "
         "contained within the artifact directory of the run specified by the {0}.",
         container.parameter);
}

void checkContained(std::string_view source, const Container& container) {
  if (isLocalSource(source)) return checkLocal(source, container);
  checkNoRelativeParts(source);
  Uri uri = parseUri(source);
  bool byRun = container.parameter == "run_id";
  if (uri.scheme == "runs") {
    std::string_view path = uri.path;
    if (path.starts_with('/')) path.remove_prefix(1);
    std::string_view runId = path.substr(0, path.find('/'));
    if (!byRun || !uri.authority.empty() || container.id.empty() || runId != container.id) refuseContainer(source, container.parameter);
    return;
  }
  if (uri.scheme == "models") {
    std::optional<ModelUri> model = parseModelUri(source);
    if (!uri.authority.empty() || !model) refuseContainer(source, "model_id");
    if (!model->modelId.empty() && (byRun || model->modelId != container.id)) refuseContainer(source, "model_id");
    return;
  }
  if (isProxiedArtifact(source) && (container.artifactUri.empty() || !isWithin(source, container.artifactUri)))
    refuseContainer(source, container.parameter);
}

registry::Version sourceVersion(const Call& call, db::Session& session, const std::string& source, const ModelUri& uri) {
  registry::Asset asset = getModel(call, session, Verb::read, uri.name);
  if (asset.key.kind == registry::Kind::prompt) refuse(source, "Prompt versions cannot be used as model version sources.");
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
  if ((claim.runId && *claim.runId != from.runId) || (claim.modelId && *claim.modelId != from.modelId && !claim.modelId->empty()))
    refuse(claim.source, "The run_id and model_id request parameters must match the referenced model version.");
  Origin origin{fmt::format("models:/{}/{}", from.asset.key.name, from.number), from.storage, from.runId, from.modelId, {}};
  origin.edges.push_back({from.subject(), "", "copied"});
  return origin;
}

/// Where runs:/<run>/path lies; the URI itself when the run is not ours.
std::string storageOfRun(const Call& call, db::Session& session, const std::string& source) {
  std::string path = parseUri(source).path;
  path.erase(0, path.find_first_not_of('/') == std::string::npos ? path.size() : path.find_first_not_of('/'));
  std::string runId = path.substr(0, path.find('/'));
  std::optional<tracking::Run> run = tracking::findRun(session, call.workspace, runId);
  if (!run) return source;
  return run->artifactUri + path.substr(runId.size());
}

std::optional<tracking::LoggedModel> loggedModelOf(const Call& call, db::Session& session, const Claim& claim) {
  if (!claim.modelId || claim.modelId->empty()) return std::nullopt;
  std::optional<tracking::LoggedModel> model = tracking::findLoggedModel(session, *claim.modelId);
  if (!model || model->deleted || model->workspace != call.workspace) refuseContainer(claim.source, "model_id");
  return model;
}

Container containerOf(const Call& call, db::Session& session, const Claim& claim, const std::optional<tracking::LoggedModel>& model) {
  if (model) return {"model_id", model->modelId, model->artifactUri};
  Container container{"run_id", claim.runId.value_or(""), {}};
  if (!container.id.empty())
    if (std::optional<tracking::Run> run = tracking::findRun(session, call.workspace, container.id)) container.artifactUri = run->artifactUri;
  return container;
}

}  // namespace

Origin resolveSource(const Call& call, db::Session& session, Claim claim) {
  if (claim.prompt) {
    bool known = std::find(std::begin(promptPlaceholders), std::end(promptPlaceholders), claim.source) != std::end(promptPlaceholders);
    if (!known)
      throw error(Code::invalid, "Invalid prompt source: '{}'. Prompt sources must use an MLflow placeholder.", shorten(claim.source, 1000));
    return {claim.source, claim.source, claim.runId.value_or(""), claim.modelId.value_or(""), {}};
  }
  if (std::optional<Origin> copy = copyOf(call, session, claim)) return *std::move(copy);

  std::optional<tracking::LoggedModel> model = loggedModelOf(call, session, claim);
  checkContained(claim.source, containerOf(call, session, claim, model));

  Origin origin{claim.source, claim.source, claim.runId.value_or(""), claim.modelId.value_or(""), {}};
  std::string scheme = parseUri(claim.source).scheme;
  if (scheme == "models") origin.storage = model->artifactUri;
  if (scheme == "runs") origin.storage = storageOfRun(call, session, claim.source);
  if (model && origin.runId.empty()) origin.runId = model->sourceRun;
  if (!origin.runId.empty()) origin.edges.push_back({"run/" + origin.runId, "", "registered"});
  if (model) origin.edges.push_back({"logged-model/" + model->modelId, "", "registered"});
  return origin;
}

}  // namespace regesta::api::mlflow
