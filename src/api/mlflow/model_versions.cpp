#include "api/mlflow/model_versions.h"

#include "api/mlflow/artifact_scope.h"
#include "api/mlflow/model_search.h"
#include "api/mlflow/prompt_tags.h"
#include "api/mlflow/registry_rules.h"
#include "api/mlflow/registry_wire.h"
#include "api/mlflow/version_source.h"
#include "base/text.h"
#include "delivery/register.h"
#include "governance/gate.h"
#include "registry/tree.h"
#include "tracking/artifact.h"
#include "tracking/logged_model.h"

namespace regesta::api::mlflow {
namespace {

using governance::Verb;
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
      [&](db::Session& session) { return OneVersion{wire::versionWithAliases(session, version)}; });
}

/// Where the files lie in our tree; nothing when this server does not hold them.
std::optional<std::string> folderOf(const Call& call, db::Session& session, const Origin& origin) {
  std::optional<std::string> folder = tracking::treeFolder(origin.storage);
  if (!folder || folder->empty()) return std::nullopt;
  requireArtifact(call, Verb::read, session, *folder);
  return folder;
}

std::vector<registry::VersionFile> snapshot(db::Session& session, std::string_view workspace,
                                            const std::string& folder) {
  std::vector<registry::VersionFile> files;
  for (const registry::TreeFile& file : registry::filesBelow(session, workspace, folder)) {
    std::string_view path = file.path;
    path.remove_prefix(path.size() > folder.size() ? folder.size() + 1 : path.rfind('/') + 1);
    files.push_back({std::string(path), file.digest, file.size});
  }
  return files;
}

/// What registering does besides the version itself: seal the files, tell where it came from, tell the logged model.
void settle(Change& change, const Version& version, const Origin& origin, const std::optional<std::string>& folder,
            bool claimed) {
  std::string_view workspace = version.asset.key.workspace;
  if (folder) registry::sealFolder(change.session, workspace, *folder, version.subject());
  for (registry::Edge edge : origin.edges) {
    edge.to = version.subject();
    edge.at = change.now;
    registry::addEdge(change.session, workspace, edge);
  }
  bool isModel = version.asset.key.kind == registry::Kind::model;
  if (isModel && claimed && !origin.modelId.empty())
    tracking::noteRegistration(change.session, origin.modelId, version.asset.key.name, version.number);
}

/// What the client called a chat but is none stays the text that it is.
delivery::Prompt contentOf(const registry::NewVersion& fresh) {
  try {
    return delivery::parsePrompt(fresh.content);
  } catch (const Error&) {
    delivery::Prompt prompt;
    json::value content = parseJson(fresh.content);
    const json::value& text = content.at("template");
    prompt.text = text.is_string() ? std::string(text.get_string()) : writeJson(text);
    return prompt;
  }
}

/// MLflow says nothing of the language: its client takes a template with {% … %} for Jinja2.
delivery::Prompt promptOf(const registry::NewVersion& fresh) {
  delivery::Prompt prompt = contentOf(fresh);
  for (std::string_view text : prompt.templates()) {
    std::size_t open = text.find("{%");
    if (open != std::string_view::npos && text.find("%}", open) != std::string_view::npos)
      prompt.format = delivery::TemplateFormat::jinja2;
  }
  return prompt;
}

/// MLflow's clients register any text: lint does not refuse it.
Version registered(Change& change, const registry::Asset& asset, const registry::NewVersion& fresh) {
  return delivery::registerPrompt(change, asset, {.prompt = promptOf(fresh), .version = fresh, .lenient = true})
      .version;
}

OneVersion createModelVersion(Call& call, const CreateModelVersion& in) {
  checkKnownName(in.name);
  call.require(Verb::write, in.name);
  const registry::Tags tags = wire::registryTags(in.tags);
  Version made = call.core.store.change(call.actor(), [&](Change& change) {
    Origin origin = resolveSource(call, change.session, {in.source, in.run_id, in.model_id, saysPrompt(tags)});
    registry::Asset asset = getModel(call, change.session, Verb::write, in.name);
    registry::NewVersion fresh{.description = in.description,
                               .source = origin.source,
                               .storage = origin.storage,
                               .runId = origin.runId,
                               .runLink = in.run_link,
                               .modelId = origin.modelId,
                               .tags = tags,
                               .evenIfSame = true};
    if (asset.key.kind == registry::Kind::prompt) fresh.content = takePromptContent(fresh.tags);
    std::optional<std::string> folder = folderOf(call, change.session, origin);
    if (folder) fresh.files = snapshot(change.session, call.workspace, *folder);
    if (fresh.files.empty()) folder.reset();
    Version version =
        fresh.content.empty() ? registry::createVersion(change, asset, fresh) : registered(change, asset, fresh);
    settle(change, version, origin, folder, in.model_id.has_value());
    return version;
  });
  return answer(call, made);
}

OneVersion getOne(Call& call, const VersionRef& in) {
  return call.core.store.read([&](db::Session& session) {
    return OneVersion{
        wire::versionWithAliases(session, getModelVersion(call, session, Verb::read, in.name, in.version))};
  });
}

OneVersion updateOne(Call& call, const UpdateModelVersion& in) {
  Version version = call.core.store.change(call.actor(), [&](Change& change) {
    return registry::describeVersion(change, getModelVersion(call, change.session, Verb::write, in.name, in.version),
                                     in.description);
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
  registry::AssetKey key = call.core.store.read(
      [&](db::Session& session) { return getModelVersion(call, session, Verb::write, in.name, in.version).asset.key; });
  call.core.gate.moveOrThrow(*call.identity, {.key = key,
                                              .pointer = "stage:" + stage,
                                              .to = parseVersion(in.version),
                                              .archiveOthers = in.archive_existing_versions});
  return getOne(call, {in.name, in.version});
}

Nothing deleteOne(Call& call, const VersionRef& in) {
  call.core.store.change(call.actor(), [&](Change& change) {
    registry::deleteVersion(change, getModelVersion(call, change.session, Verb::write, in.name, in.version));
  });
  return {};
}

DownloadUri getDownloadUri(Call& call, const VersionRef& in) {
  return call.core.store.read([&](db::Session& session) {
    Version version = getModelVersion(call, session, Verb::read, in.name, in.version);
    return DownloadUri{version.storage.empty() ? version.source : version.storage};
  });
}

wire::VersionList searchVersions(Call& call, const wire::SearchRequest& in) { return searchModelVersions(call, in); }

Nothing setTag(Call& call, const SetVersionTag& in) {
  checkKnownName(in.name);
  checkRegistryTag(in.key, in.value);
  call.core.store.change(call.actor(), [&](Change& change) {
    Version version = getModelVersion(call, change.session, Verb::write, in.name, in.version);
    checkPromptTagIsFree(version, in.key);
    registry::setVersionTag(change, version, in.key, in.value);
  });
  return {};
}

Nothing deleteTag(Call& call, const VersionTagRef& in) {
  checkKnownName(in.name);
  checkTagKey(in.key);
  call.core.store.change(call.actor(), [&](Change& change) {
    Version version = getModelVersion(call, change.session, Verb::write, in.name, in.version);
    checkPromptTagIsFree(version, in.key);
    if (isCoveredByContent(version, in.key))
      registry::setVersionTag(change, version, in.key, "");
    else
      registry::deleteVersionTag(change, version, in.key);
  });
  return {};
}

}  // namespace

std::span<const Route> modelVersionRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/model-versions/create", writes("model versions"), createModelVersion),
      patch("/api/2.0/mlflow/model-versions/update", writes("model versions"), updateOne),
      post("/api/2.0/mlflow/model-versions/transition-stage", writes("stages"), transitionStage),
      del("/api/2.0/mlflow/model-versions/delete", writes("model versions"), deleteOne),
      get("/api/2.0/mlflow/model-versions/get", reads("model versions"), getOne),
      get("/api/2.0/mlflow/model-versions/search", scanning(reads("model versions")), searchVersions),
      post("/api/2.0/mlflow/model-versions/search", scanning(reads("model versions")), searchVersions),
      get("/api/2.0/mlflow/model-versions/get-download-uri", reads("model versions"), getDownloadUri),
      post("/api/2.0/mlflow/model-versions/set-tag", writes("model versions"), setTag),
      del("/api/2.0/mlflow/model-versions/delete-tag", writes("model versions"), deleteTag),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
