#include <algorithm>
#include <map>

#include "api/wandb/artifact_files.h"
#include "api/wandb/artifact_object.h"
#include "api/wandb/artifact_parts.h"
#include "api/wandb/artifact_rules.h"
#include "api/wandb/names.h"
#include "api/wandb/resolvers.h"
#include "api/wandb/run_object.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/md5.h"
#include "registry/author.h"
#include "registry/blob_alias.h"
#include "registry/lineage.h"
#include "registry/pointer.h"
#include "registry/reserved_tag.h"
#include "registry/tree.h"
#include "tracking/seal.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::string_view artifacts = "artifacts of this name";
constexpr std::size_t manifestBytes = 64 * 1024 * 1024, mostManifests = 500;

std::string collectionName(const json::object& input) {
  std::string name = memberText(input, "artifactCollectionName");
  if (const json::value* names = input.if_contains("artifactCollectionNames");
      name.empty() && names && names->is_array() && !names->get_array().empty())
    name = std::string(names->get_array().front().as_string());
  if (const json::value* aliases = input.if_contains("aliases");
      name.empty() && aliases && aliases->is_array() && !aliases->get_array().empty())
    name = memberText(aliases->get_array().front().as_object(), "artifactCollectionName");
  if (name.empty()) throw Invalid("artifactCollectionName", "must be given");
  return name;
}

/// The version of this collection that has the digest.
std::optional<registry::Version> sameDigest(db::Transaction& transaction, const registry::AssetKey& key,
                                            const std::string& digest) {
  auto asset = registry::findAsset(transaction, key);
  if (!asset) return std::nullopt;
  db::Rows rows = transaction.query(
      "SELECT v.number FROM version v JOIN wandb_version w ON w.version = v.id "
      "WHERE v.asset = $1 AND v.deleted = 0 AND w.digest = $2 ORDER BY v.number DESC LIMIT 1",
      {asset->id, digest});
  return rows.next() ? registry::findVersion(transaction, key, rows.integer(0)) : std::nullopt;
}

void checkType(db::Transaction& transaction, const registry::AssetKey& key, const std::string& type) {
  auto asset = registry::findAsset(transaction, key);
  if (!asset) return;
  auto tag = asset->tags.find(std::string(typeTag));
  if (tag != asset->tags.end() && tag->second != type)
    throw error(Code::invalid, "the artifacts of '{}' are of type '{}', not '{}'; choose another name", key.name,
                tag->second, shorten(type, 100));
}

json::value createArtifact(FieldCall& field) {
  const Call& call = field.call;
  const json::object& input = field.input();
  std::string project = memberText(input, "projectName"), type = memberText(input, "artifactTypeName");
  if (isRegistry(project)) throw Invalid("projectName", "is a registry: log the artifact to a project, and link it");
  registry::AssetKey key = assetOf(call.workspace, project, collectionName(input));
  call.require(Verb::write, key.name);
  registry::checkNewName(key.name, key.kind);
  checkAliases(aliasesIn(input));
  metadataOf(input);
  Draft draft{.key = key,
              .clientId = memberText(input, "clientID"),
              .distributed = memberText(input, "distributedID"),
              .input = input,
              .manifests = {}};
  std::optional<registry::Version> same = call.core.store.read([&](db::Transaction& transaction) {
    checkType(transaction, key, type);
    return sameDigest(transaction, key, memberText(input, "digest"));
  });
  json::object made{{"state", "PENDING"}, {"_workspace", call.workspace}};
  bool deduplicates = draft.distributed.empty() && input.contains("enableDigestDeduplication");
  call.core.store.write([&](db::Transaction& transaction) {
    std::optional<Draft> shared;
    if (!draft.distributed.empty()) shared = findDistributed(transaction, key, draft.distributed);
    if (shared) {
      draft.id = shared->id;
      return;
    }
    draft.id = createDraft(transaction, draft, call.actor().name);
    if (!same || !deduplicates) return;
    draft.version = same->id;
    saveDraft(transaction, draft);
  });
  made["id"] = idOf(draft);
  if (same && deduplicates) {
    made["state"] = "COMMITTED";
    made["id"] = idOf(*same);
    for (const std::string& alias : aliasesIn(input)) setAlias(call, key, alias, same->number);
  }
  made["artifactSequence"] = call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto asset = registry::findAsset(transaction, key);
    if (!asset) return json::object{{"id", idOf("ArtifactCollection", 0)}, {"latestArtifact", nullptr}};
    return collectionObject(transaction, *asset);
  });
  return json::object{{"artifact", std::move(made)}};
}

/// Notes the list of files that the client is about to upload. Asked without a digest first, for an id, which is when
/// it names the base of an incremental artifact.
json::value noteManifest(FieldCall& field, const std::string& id, const std::string& digest, const std::string& base) {
  Draft draft = field.call.core.store.write([&](db::Transaction& transaction) {
    Draft found = getDraft(field.call, transaction, id);
    if (digest.empty() && base.empty()) return found;
    json::value md5 = json::string(digest.empty() ? "" : hexOfMd5(digest));
    json::object listed{{"md5", md5}, {"base", base}, {"by", field.call.actor().name}};
    if (std::ranges::find(found.manifests, json::value(listed)) == found.manifests.end())
      found.manifests.push_back(listed);
    if (found.manifests.size() > mostManifests)
      throw Invalid("artifactID",
                    fmt::format("has {} manifests already, the most that an artifact may have", mostManifests));
    saveDraft(transaction, found);
    return found;
  });
  json::object file{{"id", idOf("File", draft.id)}, {"uploadHeaders", json::array{}}, {"uploadUrl", nullptr}};
  if (!digest.empty()) file["uploadUrl"] = contentUploadUrl(field.call, draft.key, hexOfMd5(digest));
  return json::object{{"artifactManifest", json::object{{"id", idOf(draft)}, {"file", std::move(file)}}}};
}

json::value createManifest(FieldCall& field) {
  const json::object& input = field.input();
  return noteManifest(field, memberText(input, "artifactID"), memberText(input, "digest"),
                      memberText(input, "type") == "INCREMENTAL" ? memberText(input, "baseArtifactID") : "");
}
json::value updateManifest(FieldCall& field) {
  const json::object& input = field.input();
  return noteManifest(field, memberText(input, "artifactManifestID"), memberText(input, "digest"),
                      memberText(input, "baseArtifactID"));
}

/// Whether the caller uploaded the content or the collection has it. A digest alone does not prove possession:
/// files with the same MD5 can be made.
bool isTheirs(const Call& call, db::Transaction& transaction, const registry::AssetKey& collection,
              const std::string& digest) {
  if (registry::isUploader(transaction, collection.workspace, digest, call.actor().name)) return true;
  db::Rows found = transaction.query(
      "SELECT 1 FROM version_file f JOIN version v ON v.id = f.version JOIN asset a ON a.id = v.asset WHERE "
      "f.digest = $2 AND a.workspace = $1 AND a.kind = $3 AND a.name = $4 LIMIT 1",
      {collection.workspace, digest, registry::kindName(collection.kind), collection.name});
  return found.next();
}

const json::array& partsIn(const json::object& spec) {
  static const json::array none;
  const json::value* parts = spec.if_contains("uploadPartsInput");
  return parts && parts->is_array() ? parts->get_array() : none;
}

/// Where each file goes; nowhere for content that is here already. Large files go there in parts.
json::value createFiles(FieldCall& field) {
  const json::array& specs = field.input().at("artifactFiles").as_array();
  std::map<std::string, Draft> drafts;
  json::array edges;
  auto node = [&](db::Transaction& transaction, const json::object& spec, bool inParts) {
    std::string id = memberText(spec, "artifactID");
    auto draft = drafts.find(id);
    if (draft == drafts.end()) draft = drafts.emplace(id, getDraft(field.call, transaction, id)).first;
    const registry::AssetKey& key = draft->second.key;
    std::string digest = memberText(spec, "md5");
    std::string md5 = hexOfMd5(digest.empty() ? memberText(spec, "digest") : digest);
    Call call = field.call;
    call.workspace = key.workspace;
    json::object made{{"name", memberText(spec, "name")},        {"displayName", memberText(spec, "name")},
                      {"storagePath", "wandb_artifacts/" + md5}, {"uploadUrl", nullptr},
                      {"uploadHeaders", json::array{}},          {"artifact", json::object{{"id", id}}}};
    auto stored = findContent(call, transaction, md5);
    if (stored && isTheirs(call, transaction, key, stored->digest)) return made;
    made["uploadUrl"] = contentUploadUrl(call, key, md5);
    if (inParts) made["uploadMultipartUrls"] = partUrls(call, transaction, key, md5, partsIn(spec));
    return made;
  };
  field.call.core.store.read([&](db::Transaction& transaction) {
    for (const json::value& one : specs)
      edges.push_back(json::object{{"node", node(transaction, one.as_object(), false)}});
  });
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const json::object& spec = specs[i].as_object();
    if (partsIn(spec).empty() || edges[i].at("node").at("uploadUrl").is_null()) continue;
    edges[i] = json::object{{"node", field.call.core.store.write(
                                         [&](db::Transaction& transaction) { return node(transaction, spec, true); })}};
  }
  return json::object{{"files", json::object{{"edges", std::move(edges)}}}};
}

std::string readAll(Core& core, const blob::Stored& stored) {
  if (stored.size > manifestBytes) throw error(Code::tooLarge, "a manifest has at most {} bytes", manifestBytes);
  auto reader = core.blobs.open(stored.digest);
  if (!reader) throw error(Code::corrupt, "the manifest {} is missing", stored.digest);
  std::string text(stored.size, '\0');
  for (std::uint64_t at = 0; std::size_t count = reader->read(at, {text.data() + at, text.size() - at}); at += count)
    if (at + count >= text.size()) break;
  return text;
}

struct Entries {
  std::map<std::string, std::string> files;  ///< path to MD5
  std::map<std::string, registry::VersionReference> references;
  std::map<std::string, std::string> digests;    ///< as in the manifests
  std::map<std::string, std::string> announced;  ///< the same without those of a base: what the client knows
  std::set<std::string> bases;                   ///< versions that it goes on from: their authors count (author.h)
  std::set<std::string> authors;                 ///< of a base in another workspace
};

void addManifest(Entries& entries, const json::value& manifest) {
  const json::value* contents = manifest.is_object() ? manifest.as_object().if_contains("contents") : nullptr;
  if (!contents || !contents->is_object()) throw Invalid("manifest", "has no contents");
  for (const auto& [key, value] : contents->get_object()) {
    std::string path(key);
    if (!value.is_object()) throw Invalid("manifest", "each entry must be an object");
    if (registry::safePath(path) != path) throw Invalid("manifest", "paths must be relative, without '.' or '..'");
    const json::object& entry = value.get_object();
    std::string digest = memberText(entry, "digest");
    entries.digests[path] = entries.announced[path] = digest;
    entries.files.erase(path);
    entries.references.erase(path);
    if (entry.contains("ref"))
      entries.references[path] = referenceOf(path, entry);
    else
      entries.files[path] = hexOfMd5(digest);
  }
}

/// Files of an earlier version that an incremental one begins with.
void addBase(const Call& call, db::Transaction& transaction, Entries& entries, const std::string& base) {
  if (base.empty()) return;
  registry::Version version = getArtifact(call, transaction, base, Verb::read);
  if (version.asset.key.workspace == call.workspace)
    entries.bases.insert(version.subject());
  else  // lineage does not leave a workspace
    entries.authors.merge(registry::authorsOf(transaction, version));
  for (const registry::VersionFile& file : registry::versionFiles(transaction, version)) {
    auto md5 = knownMd5(transaction, call.workspace, file.digest);
    if (!md5) throw error(Code::invalidState, "the base artifact was not logged by a client of W&B");
    entries.files[file.path] = *md5;
    entries.digests[file.path] = base64Encode(*hexDecode(*md5));
  }
  for (const registry::VersionReference& one : registry::versionReferences(transaction, version)) {
    entries.references[one.path] = one;
    entries.digests[one.path] = one.digest;
  }
}

std::string digestOf(const std::map<std::string, std::string>& digests) {
  crypto::Md5 md5;
  md5.update("wandb-artifact-manifest-v1\n");
  for (const auto& [path, digest] : digests) md5.update(fmt::format("{}:{}\n", path, digest));
  return md5.finish();
}

Entries entriesOf(const Call& call, const Draft& draft) {
  Entries entries;
  std::map<std::string, json::value> parsed;
  std::set<std::string> bases;
  for (const json::value& listed : draft.manifests) {
    std::string md5 = memberText(listed.as_object(), "md5"), base = memberText(listed.as_object(), "base");
    if (!bases.insert(base).second) base.clear();  // what was added to it since stays
    auto stored = call.core.store.read([&](db::Transaction& transaction) {
      addBase(call, transaction, entries, base);
      return findContent(call, transaction, md5);
    });
    if (md5.empty()) continue;
    if (!stored) throw error(Code::invalid, "the manifest with the MD5 {} was not uploaded", md5);
    auto manifest = parsed.find(md5);
    if (manifest == parsed.end()) manifest = parsed.emplace(md5, parseJson(readAll(call.core, *stored))).first;
    addManifest(entries, manifest->second);
  }
  if (parsed.empty()) throw Error(Code::invalid, "no manifest was uploaded");
  return entries;
}

/// The creator of the draft and everybody who added content to it are authors of the version, also if another commits
/// it.
std::set<std::string> contributorsOf(const Draft& draft) {
  std::set<std::string> names{draft.createdBy};
  for (const json::value& listed : draft.manifests) names.insert(memberText(listed.as_object(), "by"));
  names.erase("");
  return names;
}

registry::NewVersion versionOf(const Call& call, db::Transaction& transaction, const Draft& draft,
                               const Entries& entries) {
  registry::NewVersion made;
  made.description = shorten(memberText(draft.input, "description"), limits::descriptionLength - 4);
  json::array tags;
  if (const json::value* given = draft.input.if_contains("tags"); given && given->is_array())
    for (const json::value& tag : given->get_array())
      tags.push_back(json::value(memberText(tag.as_object(), "tagName")));
  if (!tags.empty()) made.tags[std::string(artifactTagsTag)] = writeJson(tags);
  for (const auto& [path, md5] : entries.files) {
    auto stored = findContent(call, transaction, md5);
    if (!stored) throw error(Code::invalid, "'{}' was not uploaded", shorten(path, 200));
    made.files.push_back({path, stored->digest, static_cast<std::int64_t>(stored->size)});
  }
  for (const auto& [path, reference] : entries.references) made.references.push_back(reference);
  made.contains = referencedVersions(call, transaction, made.references);
  if (made.files.empty()) made.digest = registry::digestOfFiles({});  // unless there are references
  if (std::string metadata = metadataOf(draft.input); metadata != noMetadata)
    made.tags[std::string(registry::metadataTag)] = metadata;
  made.authors = contributorsOf(draft);
  made.authors.insert(entries.authors.begin(), entries.authors.end());
  made.basedOn.assign(entries.bases.begin(), entries.bases.end());
  return made;
}

std::optional<RunRecord> runOf(const Call& call, db::Transaction& transaction, const json::object& input) {
  std::string name = memberText(input, "runName");
  if (name.empty()) return std::nullopt;
  auto project = findProject(call, transaction, memberText(input, "projectName"));
  return project ? findRecord(transaction, *project, name) : std::nullopt;
}

/// The row of the version that the draft became; nothing if somebody added to the draft since it was read.
std::optional<std::int64_t> makeVersion(const Call& call, const Draft& draft) {
  Entries entries = entriesOf(call, draft);
  std::string own = digestOf(entries.announced), claimed = memberText(draft.input, "digest");
  // Of a distributed artifact, each process knows its own part only.
  if (draft.distributed.empty() && own != claimed)
    throw error(Code::invalid, "the manifest has the digest {}, not {} as announced", own, claimed);
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> std::optional<std::int64_t> {
    Draft now = *findDraft(change.transaction, draft.id);
    if (now.version != 0) return now.version;  // two runs that finish one distributed artifact
    if (now.manifests != draft.manifests) return std::nullopt;
    std::string type = memberText(draft.input, "artifactTypeName");
    registry::Asset asset = makeAsset(change, draft.key, type);
    registry::NewVersion made = versionOf(call, change.transaction, draft, entries);
    std::optional<RunRecord> run = runOf(call, change.transaction, draft.input);
    if (run) {
      made.runId = run->run.runId;
      made.runDigest = tracking::sealRun(change, run->run, "cited");
    }
    registry::Version version = registry::createVersion(change, asset, made);
    if (run)
      registry::addEdge(change.transaction, call.workspace,
                        {run->run.subject(), version.subject(), "output", change.now});
    putFacts(change.transaction, version.id,
             {.type = type, .digest = digestOf(entries.digests), .step = memberInteger(draft.input, "historyStep")});
    setTtl(change, version, draft.input);
    now.version = version.id;
    saveDraft(change.transaction, now);
    return version.id;
  });
}

json::value commit(FieldCall& field) {
  Call call = field.call;
  auto read = [&] {
    return call.core.store.read([&](db::Transaction& transaction) {
      return getDraft(call, transaction, memberText(field.input(), "artifactID"));
    });
  };
  Draft draft = read();
  call.workspace = draft.key.workspace;
  call.require(Verb::write, draft.key.name);
  for (int attempt = 0; draft.version == 0; draft = read()) {
    if (auto made = makeVersion(call, draft)) {
      draft.version = *made;
      break;
    }
    if (++attempt == 5) throw Error(Code::conflict, "others keep adding to the artifact; commit it again");
  }
  registry::Version version = call.core.store.read([&](db::Transaction& transaction) {
    return getArtifact(call, transaction, idOf("Artifact", draft.version), Verb::read);
  });
  for (const std::string& alias : aliasesIn(draft.input)) setAlias(call, version.asset.key, alias, version.number);
  return call.core.store.read([&](db::Transaction& transaction) -> json::value {
    return json::object{{"artifact", artifactObject(call, transaction, version)}};
  });
}

constexpr Resolver table[] = {
    {"Mutation", "createArtifact", writes(artifacts), Where::input, createArtifact},
    {"Mutation", "createArtifactManifest", signedIn(), Where::nowhere, createManifest},
    {"Mutation", "updateArtifactManifest", signedIn(), Where::nowhere, updateManifest},
    {"Mutation", "createArtifactFiles", signedIn(), Where::nowhere, createFiles},
    {"Mutation", "commitArtifact", signedIn(), Where::nowhere, commit},
};

}  // namespace

std::span<const Resolver> artifactMakers() { return table; }

}  // namespace regesta::api::wandb
