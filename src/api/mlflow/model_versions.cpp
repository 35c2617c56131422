#include "api/mlflow/model_versions.h"

#include "api/mlflow/model_search.h"
#include "api/mlflow/prompt_tags.h"
#include "api/mlflow/registry_rules.h"
#include "api/mlflow/registry_wire.h"
#include "api/mlflow/version_tree.h"
#include "api/mlflow_prompt.h"
#include "api/version_source.h"
#include "api/version_source_uri.h"
#include "base/text.h"
#include "delivery/register.h"
#include "governance/gate.h"
#include "registry/archive.h"
#include "registry/reference.h"
#include "registry/reserved_tag.h"
#include "tracking/logged_model.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using registry::Change;
using registry::Version;
using wire::OneVersion;
using wire::VersionRef;

struct CreateModelVersion {
  std::string name, source;
  std::optional<std::string> run_id;
  std::vector<wire::KeyValue> tags;
  std::string run_link, description;
  std::optional<std::string> model_id;
  static constexpr Field fields[] = {
      field<&CreateModelVersion::name>("name", required), field<&CreateModelVersion::source>("source", required),
      field<&CreateModelVersion::run_id>("run_id"),       field<&CreateModelVersion::tags>("tags"),
      field<&CreateModelVersion::run_link>("run_link"),   field<&CreateModelVersion::description>("description"),
      field<&CreateModelVersion::model_id>("model_id")};
};
struct UpdateModelVersion {
  std::string name, version, description;
  static constexpr Field fields[] = {field<&UpdateModelVersion::name>("name", required),
                                     field<&UpdateModelVersion::version>("version", required),
                                     field<&UpdateModelVersion::description>("description")};
};
struct TransitionStage {
  std::string name, version, stage;
  bool archive_existing_versions = false;
  static constexpr Field fields[] = {field<&TransitionStage::name>("name", required),
                                     field<&TransitionStage::version>("version", required),
                                     field<&TransitionStage::stage>("stage", required),
                                     field<&TransitionStage::archive_existing_versions>("archive_existing_versions")};
};
struct SetVersionTag {
  std::string name, version, key, value;
  static constexpr Field fields[] = {
      field<&SetVersionTag::name>("name", required), field<&SetVersionTag::version>("version", required),
      field<&SetVersionTag::key>("key", required), field<&SetVersionTag::value>("value")};
};
struct VersionTagRef {
  std::string name, version, key;
  static constexpr Field fields[] = {field<&VersionTagRef::name>("name", required),
                                     field<&VersionTagRef::version>("version", required),
                                     field<&VersionTagRef::key>("key", required)};
};
struct DownloadUri {
  std::string artifact_uri;
  static constexpr Field fields[] = {field<&DownloadUri::artifact_uri>("artifact_uri")};
};

OneVersion answer(Call& call, const Version& version) {
  return call.core.store.read(
      [&](db::Transaction& transaction) { return OneVersion{wire::versionWithAliases(transaction, version)}; });
}

/// What registering does besides the version itself: where it came from, and the logged model's note of it.
void settle(Change& change, const Version& version, const Origin& origin, bool claimed) {
  addOriginEdges(change, version, origin);
  bool isModel = version.asset.key.kind == registry::Kind::model;
  if (isModel && claimed && !origin.modelId.empty())
    tracking::noteRegistration(change.transaction, origin.modelId, version.asset.key.name, version.number);
}

/// MLflow's clients register any text: lint does not refuse it.
Version registered(Call& call, Change& change, const registry::Asset& asset, const registry::NewVersion& fresh) {
  return delivery::registerPrompt(change, *call.identity, asset,
                                  {.prompt = promptOfMlflow(fresh.content), .version = fresh, .lenient = true})
      .version;
}

/// MLflow's server would connect to the host, so it refuses these; its words. It knows the host of its own artifact
/// root, and clients of such a server register what they logged there. resolveSource() finds our tree in such an
/// address, so the files are sealed as under any other spelling.
void checkScheme(const Call& call, std::string_view source) {
  std::string scheme = lower(source.substr(0, source.find(':')));
  if (scheme != "http" && scheme != "https") return;
  checkNoRelativeParts(source);
  registry::Uri uri = registry::parseUri(source), root = registry::parseUri(call.core.artifactRoot);
  if (uri.scheme != root.scheme || uri.authority != root.authority)
    throw error(Code::invalid,
                "'source' cannot use the '{0}' scheme: the '{0}' scheme addresses a host other than the tracking "
                "server's configured artifact storage. Use mlflow-artifacts:/PATH for files of this server.",
                scheme);
}

OneVersion createModelVersion(Call& call, const CreateModelVersion& in) {
  checkKnownName(in.name);
  call.require(Verb::write, in.name);
  checkScheme(call, in.source);
  const registry::Tags tags = wire::registryTags(in.tags);
  return call.core.store.change(call.actor(), [&](Change& change) {
    Origin origin = resolveSource(call, change.transaction, {in.source, in.run_id, in.model_id, hasPromptTag(tags)});
    registry::Asset asset = getModel(call, change.transaction, Verb::write, in.name);
    registry::NewVersion fresh{.description = in.description, .runLink = in.run_link, .tags = tags, .evenIfSame = true};
    origin.fill(change, call.workspace, fresh);
    if (asset.key.kind == registry::Kind::prompt)
      fresh.content = takePromptContent(fresh.tags);
    else
      dropFalseMarker(fresh.tags);
    Version version =
        fresh.content.empty() ? registry::createVersion(change, asset, fresh) : registered(call, change, asset, fresh);
    settle(change, version, origin, in.model_id.has_value());
    return OneVersion{wire::versionOf(change.transaction, version)};  // no alias points to it yet
  });
}

OneVersion getOne(Call& call, const VersionRef& in) {
  return call.core.store.readOnce([&](db::Transaction& transaction) {
    registry::AliasedVersion found = getAliasedVersion(call, transaction, Verb::read, in.name, in.version);
    OneVersion answer{wire::versionOf(transaction, found.version)};
    answer.model_version.aliases = std::move(found.aliases);
    return answer;
  });
}

OneVersion updateOne(Call& call, const UpdateModelVersion& in) {
  Version version = call.core.store.change(call.actor(), [&](Change& change) {
    return registry::describeVersion(
        change, getModelVersion(call, change.transaction, Verb::write, in.name, in.version), in.description);
  });
  return answer(call, version);
}

OneVersion transitionStage(Call& call, const TransitionStage& in) {
  std::string stage = stageOf(in.stage);
  if (in.archive_existing_versions && stage != "Staging" && stage != "Production")
    throw error(Code::invalid,
                "Model version transition cannot archive existing model versions because '{}' is not an Active stage. "
                "Valid stages are "
                "['Staging', 'Production']",
                shorten(in.stage, 100));
  registry::AssetKey key = call.core.store.read([&](db::Transaction& transaction) {
    return getModelVersion(call, transaction, Verb::write, in.name, in.version).asset.key;
  });
  call.core.gate.moveOrThrow(*call.identity, {.key = key,
                                              .pointer = registry::Pointer::stage(stage),
                                              .to = parseVersion(in.version),
                                              .archiveOthers = in.archive_existing_versions});
  return getOne(call, {in.name, in.version});
}

Empty deleteOne(Call& call, const VersionRef& in) {
  call.core.store.change(call.actor(), [&](Change& change) {
    // MLflow has no word for force: aliases that no policy protects go with the version, as its own store has it.
    Version version = getModelVersion(call, change.transaction, Verb::write, in.name, in.version);
    registry::deleteVersion(
        change, version,
        governance::Gate::removal(change, *call.identity, version, governance::Gate::Pointers::remove));
  });
  return {};
}

DownloadUri getDownloadUri(Call& call, const VersionRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) {
    Version version = getModelVersion(call, transaction, Verb::read, in.name, in.version);
    registry::requireNotArchived(version, "downloaded");
    if (std::string own = versionTreeUri(transaction, version); !own.empty()) return DownloadUri{own};
    return DownloadUri{version.storage.empty() ? version.source : version.storage};
  });
}

wire::VersionList searchVersions(Call& call, const wire::SearchRequest& in) { return searchModelVersions(call, in); }

Empty setTag(Call& call, const SetVersionTag& in) {
  checkKnownName(in.name);
  checkRegistryTag(in.key, in.value);
  call.core.store.change(call.actor(), [&](Change& change) {
    Version version = getModelVersion(call, change.transaction, Verb::write, in.name, in.version);
    if (isModelConfig(version, in.key)) return registry::setModelConfigTag(change, version, in.value);
    checkPromptTagIsFree(version, in.key);
    registry::setVersionTag(change, version, in.key, in.value);
  });
  return {};
}

Empty deleteTag(Call& call, const VersionTagRef& in) {
  checkKnownName(in.name);
  checkTagKey(in.key);
  call.core.store.change(call.actor(), [&](Change& change) {
    Version version = getModelVersion(call, change.transaction, Verb::write, in.name, in.version);
    if (isModelConfig(version, in.key)) return registry::setModelConfigTag(change, version, "");
    checkPromptTagIsFree(version, in.key);
    registry::deleteVersionTag(change, version, in.key);
  });
  return {};
}

}  // namespace

std::span<const Route> modelVersionRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/model-versions/create", "Create a model version", writes("model versions"),
           createModelVersion),
      patch("/api/2.0/mlflow/model-versions/update", "Update a model version", writes("model versions"), updateOne),
      post("/api/2.0/mlflow/model-versions/transition-stage", "Move a model version to a stage", writes("stages"),
           transitionStage),
      del("/api/2.0/mlflow/model-versions/delete", "Delete a model version", writes("model versions"), deleteOne),
      get("/api/2.0/mlflow/model-versions/get", "Get a model version", reads("model versions"), getOne),
      get("/api/2.0/mlflow/model-versions/search", "Search model versions by query string",
          scanning(reads("model versions")), searchVersions),
      post("/api/2.0/mlflow/model-versions/search", "Search model versions", scanning(reads("model versions")),
           searchVersions),
      get("/api/2.0/mlflow/model-versions/get-download-uri", "Get the download URI of a model version",
          reads("model versions"), getDownloadUri),
      post("/api/2.0/mlflow/model-versions/set-tag", "Set a model version tag", writes("model versions"), setTag),
      del("/api/2.0/mlflow/model-versions/delete-tag", "Delete a model version tag", writes("model versions"),
          deleteTag),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
