#include "api/native/versions.h"

#include <set>

#include "api/dvc_files.h"
#include "api/tracking_scope.h"
#include "api/version_source.h"
#include "delivery/register.h"
#include "governance/archival.h"
#include "governance/binding.h"
#include "governance/gate.h"
#include "governance/governor.h"
#include "governance/quarantine.h"
#include "lifecycle/retention_rule.h"
#include "policy/engine.h"
#include "registry/archive.h"
#include "registry/expiry.h"
#include "registry/pointer.h"
#include "registry/reference.h"
#include "registry/tree.h"
#include "registry/version_files.h"
#include "tracking/run.h"
#include "tracking/seal.h"

namespace regesta::api::native {

namespace {

using registry::Kind;
using Pointers = governance::Gate::Pointers;

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

std::vector<registry::VersionFile> filesOf(const Call& call, const std::vector<NewFile>& request) {
  std::vector<registry::VersionFile> files;
  std::set<std::string> paths;
  for (std::size_t i = 0; i < request.size(); ++i) {
    std::string field = fmt::format("files[{}]", i);
    std::string path = registry::safePath(request[i].path);
    if (path.empty() || !paths.insert(path).second)
      throw Invalid(field + ".path", "must be a path that no other file has");
    if (request[i].digest.starts_with("md5:")) {
      for (registry::VersionFile& file : dvcFiles(call, path, request[i].digest)) {
        if (file.path != path && !paths.insert(file.path).second)
          throw Invalid(field + ".path", fmt::format("must not repeat the file '{}'", file.path));
        files.push_back(std::move(file));
      }
      continue;
    }
    if (!blob::isDigest(request[i].digest))
      throw Invalid(field + ".digest", "must be a SHA-256 in lower-case hexadecimal, or \"md5:…\" as DVC pushed it");
    bool known = call.core.store.read(
        [&](db::Transaction& transaction) { return scopeOf(call, transaction).blob(request[i].digest); });
    auto reader = known ? call.core.blobs.open(request[i].digest) : nullptr;
    if (!reader) throw Invalid(field + ".digest", "must be of a blob that is stored: PUT /api/v1/blobs first");
    files.push_back({std::move(path), request[i].digest, static_cast<std::int64_t>(reader->size())});
  }
  return files;
}

registry::Version resolve(db::Transaction& transaction, const registry::AssetKey& key, const std::string& selector) {
  return registry::resolveVersion(transaction, key, selector);
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
    throw Error(Code::invalid, "the policy is invalid:\n" + policy::toText(report),
                json::serialize(policy::toJson(report)));
  return governance::modulesToContent(modules);
}

VersionAnswer versionAnswer(db::Transaction& transaction, const registry::Version& version) {
  VersionAnswer answer;
  answer.kind = registry::kindName(version.asset.key.kind);
  answer.name = version.asset.key.name;
  answer.version = version.number;
  answer.semver = optionalText(version.semver);
  answer.digest = version.digest;
  answer.content.text = version.content;
  answer.description = version.description;
  answer.stage = version.stage;
  answer.source = version.source;
  answer.runId = optionalText(version.runId);
  answer.modelId = optionalText(version.modelId);
  answer.createdAt = timeText(version.createdAt);
  answer.updatedAt = timeText(version.updatedAt);
  answer.archivedAt = timeText(version.archivedAt);
  answer.expiresAt = timeText(registry::expiryOf(transaction, version));
  answer.createdBy = version.createdBy;
  answer.tags = version.tags;
  answer.aliases = registry::aliasesOf(transaction, version);
  answer.contentState = registry::contentName(registry::contentOf(transaction, version));
  if (std::optional<tracking::CitedRun> run = tracking::citedRun(transaction, version)) {
    answer.runDigest = run->digest;
    answer.runChanged = run->changed;
  }
  answer.modelChanged = tracking::citedModelChanged(transaction, version);
  if (auto quarantine = governance::quarantineOf(transaction, version)) answer.quarantine = quarantine->why;
  return answer;
}

Page<VersionAnswer> listVersions(Call& call, const VersionQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::int64_t before = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    Page<VersionAnswer> page;
    std::size_t wanted = rowsOf(query.pageSize);
    for (const auto& version :
         registry::listVersions(transaction, registry::getAsset(transaction, key), wanted + 1, before)) {
      if (page.items.size() == wanted) {
        page.nextPageToken = makeToken(std::to_string(page.items.back().version));
        break;
      }
      page.items.push_back(versionAnswer(transaction, version));
    }
    return page;
  });
}

/// Where a version comes from. Clients load what the source leads to, so there is none beside uploaded files.
Origin originOf(const Call& call, db::Transaction& transaction, const registry::NewVersion& made) {
  Claim claim{.source = made.source};
  if (!made.runId.empty()) claim.runId = made.runId;
  if (!made.files.empty() && !made.source.empty())
    throw Invalid("source",
                  "leads clients to other files than \"files\": give files or a source, and put free text into "
                  "\"description\" or a tag");
  std::string scheme = registry::parseUri(made.source).scheme;
  bool leadsHere = scheme == "runs" || scheme == "models" || registry::treePath(made.source, call.workspace);
  bool isLocal = scheme.empty() || scheme == "file";
  if (made.content.empty() && made.files.empty() && (leadsHere || isLocal))
    return resolveSource(call, transaction, claim);
  if (claim.runId) requireRun(call, access::Verb::read, transaction, *claim.runId);
  if (leadsHere) throw Invalid("source", "must not lead to files of this server: the content is the version");
  if (takesDetours(made.source)) throw Invalid("source", "must not hold the relative parts '.' or '..'");
  Origin origin{.source = made.source, .storage = made.source, .runId = made.runId, .files = made.files};
  if (!made.runId.empty() && tracking::findRun(transaction, call.workspace, made.runId))
    origin.edges.push_back({"run/" + made.runId, "", "registered"});
  return origin;
}

VersionAnswer storeVersion(Call& call, const registry::AssetKey& key, const registry::NewVersion& request,
                           bool makeAsset) {
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    if (key.kind == Kind::policy) governance::requirePolicyGovernor(change.transaction, *call.identity, key);
    auto asset = registry::findAsset(change.transaction, key);
    if (!asset)
      asset = makeAsset ? registry::createAsset(change, key, "", {}) : registry::getAsset(change.transaction, key);
    registry::NewVersion made = request;
    // Garbage collection may have removed one since filesOf() looked.
    for (const registry::VersionFile& file : made.files)
      if (!call.core.blobs.has(file.digest))
        throw Invalid("files",
                      fmt::format("has the blob {}, which was removed in the meantime: upload it again", file.digest));
    Origin origin = originOf(call, change.transaction, made);
    origin.fill(change, call.workspace, made);
    registry::Version version =
        key.kind == Kind::prompt
            ? delivery::registerPrompt(change, *call.identity, *asset, {prompt::parsePrompt(made.content), made})
                  .version
            : registry::createVersion(change, *asset, made);
    addOriginEdges(change, version, origin);
    return versionAnswer(change.transaction, version);
  });
}

VersionAnswer createVersion(Call& call, const NewVersion& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  registry::NewVersion made;
  made.semver = request.semver;
  made.content = contentOf(call.core, key.kind, request.content);
  made.description = request.description;
  made.source = request.source;
  made.runId = request.runId;
  made.tags = request.tags;
  made.files = filesOf(call, request.files);
  if (made.content.empty() && made.files.empty() && made.source.empty())
    throw Invalid("files", "is required unless \"source\" is given");
  call.status = 201;
  return storeVersion(call, key, made, false);
}

VersionAnswer getVersion(Call& call, const VersionPath& path) {
  registry::AssetKey key = readable(call, path.kind, path.name);
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Version version = resolve(transaction, key, path.selector);
    VersionAnswer answer = versionAnswer(transaction, version);
    for (registry::VersionReference& one : registry::versionReferences(transaction, version))
      answer.references.push_back({std::move(one.path), std::move(one.uri), std::move(one.digest), one.size});
    return answer;
  });
}

VersionAnswer describeVersion(Call& call, const VersionChange& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = resolve(change.transaction, key, request.selector);
    return versionAnswer(change.transaction, registry::describeVersion(change, version, request.description));
  });
}

VersionAnswer archiveVersion(Call& call, const VersionPath& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = resolve(change.transaction, key, path.selector);
    registry::Archival archival = governance::archival(change.transaction, *call.identity, version);
    return versionAnswer(change.transaction, registry::archiveVersion(change, version, archival));
  });
}

VersionAnswer restoreVersion(Call& call, const VersionPath& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    return versionAnswer(change.transaction,
                         registry::restoreVersion(change, resolve(change.transaction, key, path.selector)));
  });
}

VersionAnswer setVersionExpiry(Call& call, const VersionExpiry& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  if (request.at.empty() == request.after.empty()) throw Invalid("at", "or 'after' is required, not both");
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = resolve(change.transaction, key, request.selector);
    std::int64_t at = request.after.empty() ? momentOf(request.at, "at").value()
                                            : version.createdAt + lifecycle::parseAge(request.after, "after");
    registry::setExpiry(change, version, at);
    return versionAnswer(change.transaction, version);
  });
}

VersionAnswer removeVersionExpiry(Call& call, const VersionPath& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = resolve(change.transaction, key, path.selector);
    registry::setExpiry(change, version, 0);
    return versionAnswer(change.transaction, version);
  });
}

Empty deleteVersion(Call& call, const VersionRemoval& path) {
  registry::AssetKey key = changeable(call, path.kind, path.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = resolve(change.transaction, key, path.selector);
    Pointers pointers = path.force ? Pointers::remove : Pointers::keep;
    registry::deleteVersion(change, version, governance::Gate::removal(change, *call.identity, version, pointers));
  });
  call.status = 204;
  return {};
}

Empty setVersionTag(Call& call, const VersionTag& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::setVersionTag(change, resolve(change.transaction, key, request.selector), request.key, request.value);
  });
  return {};
}

Empty deleteVersionTag(Call& call, const VersionTag& request) {
  registry::AssetKey key = changeable(call, request.kind, request.name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::deleteVersionTag(change, resolve(change.transaction, key, request.selector), request.key);
  });
  call.status = 204;
  return {};
}

Page<FileAnswer> listFiles(Call& call, const FileQuery& query) {
  registry::AssetKey key = readable(call, query.kind, query.name);
  std::string after = readToken(query.pageToken);
  std::vector<registry::VersionFile> files = call.core.store.read([&](db::Transaction& transaction) {
    return registry::versionFiles(transaction, resolve(transaction, key, query.selector));
  });
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
