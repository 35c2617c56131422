#include "api/native/versions.h"

#include <set>

#include "delivery/register.h"
#include "governance/binding.h"
#include "policy/engine.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/tree.h"
#include "tracking/run.h"

namespace regesta::api::native {

namespace {

using registry::Kind;

/// A prompt's content from its text alone, or from an object whose "template" says whether it is a text or a chat.
std::string promptContent(const json::value& content) {
  if (content.is_string() && !content.as_string().empty())
    return canonicalJson(json::object{{"template", content}, {"type", "text"}});
  const json::value* text = content.is_object() ? content.as_object().if_contains("template") : nullptr;
  bool said =
      text && ((text->is_string() && !text->as_string().empty()) || (text->is_array() && !text->as_array().empty()));
  if (!said)
    throw Invalid("content",
                  "must be the prompt's text, or an object whose \"template\" is text or a list of messages");
  json::object object = content.as_object();
  object["type"] = text->is_array() ? "chat" : "text";
  return canonicalJson(object);
}

std::string contentOf(Core& core, Kind kind, const RawJson& raw) {
  if (raw.text.empty()) {
    if (kind == Kind::prompt || kind == Kind::policy) throw Invalid("content", "is required");
    return {};
  }
  json::value content = parseJson(raw.text);
  if (kind == Kind::prompt) return promptContent(content);
  if (kind == Kind::policy) return checkPolicyContent(core, content);
  throw Invalid("content", "is for prompts and policies; upload files and name them in \"files\"");
}

std::vector<registry::VersionFile> filesOf(Core& core, const std::vector<NewFile>& asked) {
  std::vector<registry::VersionFile> files;
  std::set<std::string> paths;
  for (std::size_t i = 0; i < asked.size(); ++i) {
    std::string field = fmt::format("files[{}]", i);
    std::string path = registry::safePath(asked[i].path);
    if (path.empty() || !paths.insert(path).second)
      throw Invalid(field + ".path", "must be a path that no other file has");
    if (!blob::isDigest(asked[i].digest))
      throw Invalid(field + ".digest", "must be a SHA-256 in lower-case hexadecimal");
    auto reader = core.blobs.open(asked[i].digest);
    if (!reader) throw Invalid(field + ".digest", "must be of a blob that is stored: PUT /api/v1/blobs first");
    files.push_back({std::move(path), asked[i].digest, static_cast<std::int64_t>(reader->size())});
  }
  return files;
}

registry::Version resolve(db::Session& session, const registry::AssetKey& key, const std::string& selector) {
  return registry::resolveVersion(session, key, selector);
}

}  // namespace

std::string checkPolicyContent(Core& core, const json::value& content) {
  json::value object = content.is_string() ? parseJson(std::string_view(content.as_string())) : content;
  std::vector<policy::Module> modules;
  try {
    modules = governance::modulesFromContent(json::serialize(object));
  } catch (const Error&) {
    throw Invalid("content", "must be {\"modules\": [{\"name\", \"text\"}]}");
  }
  policy::CheckReport report = core.policy.check(modules);
  if (!report.ok())
    throw Error(Code::invalid, "the policy is faulty:\n" + policy::toText(report),
                json::serialize(policy::toJson(report)));
  return governance::modulesToContent(modules);
}

VersionAnswer versionAnswer(db::Session& session, const registry::Version& version) {
  VersionAnswer answer;
  answer.kind = registry::kindName(version.asset.key.kind);
  answer.name = version.asset.key.name;
  answer.version = version.number;
  answer.semver = textOrNothing(version.semver);
  answer.digest = version.digest;
  answer.content.text = version.content;
  answer.description = version.description;
  answer.stage = version.stage;
  answer.source = version.source;
  answer.runId = textOrNothing(version.runId);
  answer.modelId = textOrNothing(version.modelId);
  answer.createdAt = timeText(version.createdAt);
  answer.updatedAt = timeText(version.updatedAt);
  answer.createdBy = version.createdBy;
  answer.tags = version.tags;
  answer.aliases = registry::aliasesOf(session, version);
  return answer;
}

Page<VersionAnswer> listVersions(Call& call, const VersionQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Session& session) {
    Page<VersionAnswer> page;
    std::size_t wanted = rowsOf(query.pageSize);
    for (const auto& version : registry::listVersions(session, registry::getAsset(session, key), wanted + 1, before)) {
      if (page.items.size() == wanted) {
        page.nextPageToken = makeToken(std::to_string(page.items.back().version));
        break;
      }
      page.items.push_back(versionAnswer(session, version));
    }
    return page;
  });
}

VersionAnswer storeVersion(Call& call, const registry::AssetKey& key, const registry::NewVersion& made,
                           bool makeAsset) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto asset = registry::findAsset(change.session, key);
    if (!asset)
      asset = makeAsset ? registry::createAsset(change, key, "", {}) : registry::getAsset(change.session, key);
    registry::Version version =
        key.kind == Kind::prompt
            ? delivery::registerPrompt(change, *asset, {delivery::parsePrompt(made.content), made}).version
            : registry::createVersion(change, *asset, made);
    if (!made.runId.empty() && tracking::findRun(change.session, key.workspace, made.runId))
      registry::addEdge(change.session, key.workspace,
                        {"run/" + made.runId, version.subject(), "registered", change.now});
    return versionAnswer(change.session, version);
  });
}

VersionAnswer createVersion(Call& call, const NewVersion& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  registry::NewVersion made;
  made.semver = asked.semver;
  made.content = contentOf(call.core, key.kind, asked.content);
  made.description = asked.description;
  made.source = asked.source;
  made.runId = asked.runId;
  made.tags = asked.tags;
  made.files = filesOf(call.core, asked.files);
  if (made.content.empty() && made.files.empty() && made.source.empty())
    throw Invalid("files", "or \"source\" is required: a version is made of something");
  call.status = 201;
  return storeVersion(call, key, made, false);
}

VersionAnswer getVersion(Call& call, const VersionPath& path) {
  registry::AssetKey key = readable(call, path.kind, path.name);
  return call.core.store.read(
      [&](db::Session& session) { return versionAnswer(session, resolve(session, key, path.selector)); });
}

VersionAnswer describeVersion(Call& call, const VersionChange& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = resolve(change.session, key, asked.selector);
    return versionAnswer(change.session, registry::describeVersion(change, version, asked.description));
  });
}

Nothing deleteVersion(Call& call, const VersionPath& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::deleteVersion(change, resolve(change.session, key, path.selector));
  });
  call.status = 204;
  return {};
}

Nothing setVersionTag(Call& call, const VersionTag& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::setVersionTag(change, resolve(change.session, key, asked.selector), asked.key, asked.value);
  });
  return {};
}

Nothing deleteVersionTag(Call& call, const VersionTag& asked) {
  registry::AssetKey key = changeable(call, asked.kind, asked.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::deleteVersionTag(change, resolve(change.session, key, asked.selector), asked.key);
  });
  call.status = 204;
  return {};
}

Page<FileAnswer> listFiles(Call& call, const FileQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::string after = readToken(query.pageToken);
  std::vector<registry::VersionFile> files = call.core.store.read(
      [&](db::Session& session) { return registry::versionFiles(session, resolve(session, key, query.selector)); });
  std::ranges::sort(files, {}, &registry::VersionFile::path);
  Page<FileAnswer> page;
  for (const registry::VersionFile& file : files) {
    if (!after.empty() && file.path <= after) continue;
    if (page.items.size() == rowsOf(query.pageSize)) {
      page.nextPageToken = makeToken(page.items.back().path);
      break;
    }
    page.items.push_back({file.path, file.digest, file.size});
  }
  return page;
}

}  // namespace regesta::api::native
