#include "api/oci/common.h"
#include "api/oci/front.h"
#include "api/oci/pushed.h"
#include "base/encoding.h"
#include "base/limits_oci.h"
#include "base/text.h"
#include "registry/pointer.h"
#include "registry/workspace.h"

namespace regesta::api::oci {
namespace {

/// The query parameter n: how many a page may hold.
std::size_t countOf(const Call& call, std::size_t most) {
  auto text = queryValue(call.http, "n");
  if (!text) return most;
  auto count = parseInteger(*text);
  if (!count || *count < 0) throw invalid("UNSUPPORTED", "the parameter n must be a number, 0 or more");
  return static_cast<std::size_t>(std::min<std::int64_t>(*count, static_cast<std::int64_t>(most)));
}

/// Where the next page is, when this one ended before the list did.
void linkNext(http::Response& response, std::string_view path, std::size_t count, std::string_view last) {
  response.headers.set("Link", fmt::format("<{}?n={}&last={}>; rel=\"next\"", path, count, percentEncode(last)));
}

/// Those after `last`, at most `count` of a sorted list; a link if there are more.
std::vector<std::string> pageOf(const Call& call, std::vector<std::string> all, std::size_t count,
                                http::Response& response) {
  std::string last = queryValue(call.http, "last").value_or("");
  if (!last.empty()) all.erase(all.begin(), std::ranges::upper_bound(all, last));
  if (all.size() > count) {
    all.resize(count);
    if (count > 0) linkNext(response, call.http.rawPath, count, all.back());
  }
  return all;
}

void writeTexts(JsonWriter& writer, std::string_view name, const std::vector<std::string>& texts) {
  writer.key(name).array();
  for (const std::string& text : texts) writer.text(text);
  writer.end();
}

std::vector<std::string> tagsOf(db::Transaction& transaction, const registry::Asset& asset) {
  std::vector<std::string> tags;
  db::Rows rows = transaction.query(
      "SELECT l.name FROM alias l JOIN version v ON v.asset = l.asset AND v.number = l.number "
      "WHERE l.asset = $1 AND v.deleted = 0 AND EXISTS (SELECT 1 FROM version_file f WHERE f.version = v.id)",
      {asset.id});
  while (rows.next())
    if (auto tag = tagOfAlias(rows.view(0))) tags.push_back(*std::move(tag));
  std::ranges::sort(tags);
  return tags;
}

http::Response listTags(const Call& call) {
  Repository repository = repositoryOf(call, Verb::read);
  std::size_t count = countOf(call, limits::ociTags);
  std::vector<std::string> tags = call.core.store.read([&](db::Transaction& transaction) {
    auto asset = registry::findAsset(transaction, repository.key);
    if (!asset) throw unknown("NAME_UNKNOWN", "there is no repository '{}'", repository.path);
    return tagsOf(transaction, *asset);
  });
  http::Response response = answer(200, "application/json");
  tags = pageOf(call, std::move(tags), count, response);
  JsonWriter writer(response.body);
  writer.object().key("name").text(repository.path);
  writeTexts(writer, "tags", tags);
  writer.end();
  return response;
}

/// Versions with this subject after number `after`, oldest first.
std::vector<VersionManifest> referrersOf(db::Transaction& transaction, const registry::AssetKey& key,
                                         const Digest& subject, std::string_view artifactType, std::int64_t after,
                                         std::size_t limit) {
  std::vector<VersionManifest> found;
  std::vector<std::int64_t> numbers;
  {
    db::Rows rows = transaction.query(
        "SELECT v.number FROM version_tag t JOIN version v ON v.id = t.version JOIN asset a ON a.id = v.asset "
        "LEFT JOIN version_tag k ON k.version = v.id AND k.key = 'oci.manifest.artifact-type' "
        "WHERE t.key = 'oci.manifest.subject' AND t.value = $1 AND v.deleted = 0 AND v.number > $2 AND "
        "a.workspace = $3 AND a.kind = $4 AND a.name = $5 AND ($6 = '' OR k.value = $6) ORDER BY v.number LIMIT $7",
        {subject.text, after, key.workspace, registry::kindName(key.kind), key.name, artifactType, limit});
    while (rows.next()) numbers.push_back(rows.integer(0));
  }
  for (std::int64_t number : numbers)
    if (auto version = registry::findVersion(transaction, key, number))
      if (auto manifest = manifestOf(transaction, *std::move(version))) found.push_back(*std::move(manifest));
  return found;
}

std::string annotationsOf(Core& core, const VersionManifest& referrer) {
  json::value value = parseJson(blob::get(core.blobs, referrer.content.digest, limits::ociManifest));
  const json::value* annotations = value.is_object() ? value.get_object().if_contains("annotations") : nullptr;
  return annotations && annotations->is_object() ? writeJson(*annotations) : std::string();
}

void writeReferrer(JsonWriter& writer, Core& core, const VersionManifest& referrer) {
  writer.object().key("mediaType").text(referrer.mediaType());
  writer.key("digest").text(referrer.digest().text);
  writer.key("size").number(static_cast<std::int64_t>(referrer.content.size));
  const registry::Tags& tags = referrer.version.tags;
  if (auto type = tags.find(std::string(artifactTag)); type != tags.end())
    writer.key("artifactType").text(type->second);
  if (std::string annotations = annotationsOf(core, referrer); !annotations.empty())
    writer.key("annotations").raw(annotations);
  writer.end();
}

http::Response listReferrers(const Call& call) {
  Repository repository = repositoryOf(call, Verb::read);
  Digest subject = requireDigest(call.http.variable("digest"));
  std::string type = queryValue(call.http, "artifactType").value_or("");
  std::int64_t after = parseInteger(queryValue(call.http, "last").value_or("0")).value_or(0);
  std::vector<VersionManifest> found = call.core.store.read([&](db::Transaction& transaction) {
    return referrersOf(transaction, repository.key, subject, type, after, limits::ociReferrers + 1);
  });
  http::Response response = answer(200, std::string(imageIndex));
  if (!type.empty()) response.headers.set("OCI-Filters-Applied", "artifactType");
  JsonWriter writer(response.body);
  writer.object().key("schemaVersion").number(2).key("mediaType").text(imageIndex).key("manifests").array();
  std::int64_t last = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (i == limits::ociReferrers || response.body.size() > limits::ociReferrersAnswer / 2) {
      std::string filter = type.empty() ? "" : "&artifactType=" + percentEncode(type);
      response.headers.set("Link", fmt::format("<{}?last={}{}>; rel=\"next\"", call.http.rawPath, last, filter));
      break;
    }
    writeReferrer(writer, call.core, found[i]);
    last = found[i].version.number;
  }
  writer.end().end();
  return response;
}

struct CatalogQuery {
  std::string n, last;
  static constexpr Field fields[] = {field<&CatalogQuery::n>("n", about("how many a page may hold")),
                                     field<&CatalogQuery::last>("last", about("the repository that the page follows"))};
};

/// Every repository that the caller may read and that has versions with files.
Plain listRepositories(Call& call, const CatalogQuery&) {
  std::size_t count = countOf(call, limits::ociRepositories);
  std::vector<std::string> paths;
  call.core.store.read([&](db::Transaction& transaction) {
    db::Rows rows = transaction.query(
        "SELECT a.workspace, a.kind, a.name FROM asset a WHERE a.kind IN ('artifact', 'model', 'dataset') AND EXISTS "
        "(SELECT 1 FROM version v JOIN version_file f ON f.version = v.id WHERE v.asset = a.id AND v.deleted = 0)",
        {});
    while (rows.next()) {
      registry::AssetKey key{rows.text(0), *registry::parseKind(rows.view(1)), rows.text(2)};
      auto path = repositoryPath(key);
      if (path && call.identity->may(Verb::read, key.workspace, key.name)) paths.push_back(*std::move(path));
    }
  });
  std::ranges::sort(paths);
  http::Response response = answer(200, "application/json");
  paths = pageOf(call, std::move(paths), count, response);
  JsonWriter writer(response.body);
  writer.object();
  writeTexts(writer, "repositories", paths);
  writer.end();
  return response;
}

Plain ping(Call&, const Empty&) {
  http::Response response = answer(200, "application/json");
  response.body = "{}";
  return response;
}

}  // namespace

std::span<const StreamRoute> listStreams() {
  static const StreamRoute all[] = {
      {"GET", "/v2/{workspace}/{name...}/tags/list", "List tags", reads(ofRepository),
       answeredRoute<listTags, Verb::read>, 1, false, workspaceOfPath},
      {"GET", "/v2/{workspace}/{name...}/referrers/{digest}", "List the manifests that refer to a manifest",
       reads(ofRepository), answeredRoute<listReferrers, Verb::read>, 1, false, workspaceOfPath},
  };
  return all;
}

Front front() {
  static const std::vector<StreamRoute> streams = [] {
    std::vector<StreamRoute> made;
    for (auto part : {listStreams(), manifestStreams(), blobStreams(), uploadStreams()})
      made.insert(made.end(), part.begin(), part.end());
    return made;
  }();
  static const Route routes[] = {
      get("/v2", "Check that this is an OCI registry", signedIn(), ping),
      get("/v2/_catalog", "List repositories", scanning(signedIn()), listRepositories),
  };
  static constexpr std::string_view below[] = {"/v2/"};
  return {.dialect = dialect(), .routes = routes, .prefixes = below, .streams = streams};
}

}  // namespace regesta::api::oci
