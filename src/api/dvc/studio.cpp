#include "api/dvc/studio.h"

#include <algorithm>

#include "api/dvc/dialect.h"
#include "api/signed_address.h"
#include "api/streaming.h"
#include "base/encoding.h"
#include "base/text.h"
#include "governance/quarantine.h"
#include "registry/commit.h"
#include "registry/pointer.h"
#include "registry/version.h"

namespace regesta::api::dvc {
namespace {

using access::Verb;
using http::Exchange;
using registry::Kind;

constexpr std::string_view versions = "versions of this name";
constexpr Kind kindsWithFiles[] = {Kind::model, Kind::dataset, Kind::artifact};

/// As DVC writes it: "repo" is a Git repository, which this server does not need.
struct Wanted {
  std::string name, version, stage;
};

Wanted wantedOf(const http::Request& request) {
  Wanted wanted;
  for (auto& [name, value] : http::parseQuery(request.query)) {
    if (name == "name") wanted.name = std::move(value);
    if (name == "version") wanted.version = std::move(value);
    if (name == "stage") wanted.stage = std::move(value);
  }
  if (wanted.name.empty()) throw Invalid("name", "is missing");
  if (!wanted.version.empty() && !wanted.stage.empty()) throw Invalid("stage", "cannot be combined with 'version'");
  return wanted;
}

/// "dataset:loans" is of one kind; "loans", or "any/folder:loans" as DVC names what a folder's dvc.yaml declares, is of
/// any.
struct ArtifactName {
  std::optional<Kind> kind;
  std::string name;
};

ArtifactName artifactName(const std::string& text) {
  std::size_t colon = text.rfind(':');
  if (colon == text.npos) return {std::nullopt, text};
  return {registry::parseKind(text.substr(0, colon)), text.substr(colon + 1)};
}

registry::Asset findArtifact(const Call& call, db::Transaction& transaction, const std::string& text) {
  auto [kind, name] = artifactName(text);
  call.require(Verb::read, name);
  std::vector<registry::Asset> found;
  for (Kind one : kindsWithFiles)
    if (!kind || *kind == one)
      if (auto asset = registry::findAsset(transaction, {call.workspace, one, name}))
        found.push_back(*std::move(asset));
  if (found.empty())
    throw error(Code::notFound, "workspace '{}' has no model, dataset or artifact '{}'", call.workspace, name);
  if (found.size() > 1)
    throw error(Code::conflict, "'{}' is both {} and {}: ask for '{}:{}'", name, found[0].key.subject(),
                found[1].key.subject(), kindName(found[0].key.kind), name);
  return std::move(found.front());
}

/// An alias, or else a stage of MLflow's. What is in quarantine is not served by name.
registry::Version versionOfStage(db::Transaction& transaction, const registry::Asset& asset, const std::string& stage) {
  std::int64_t number = 0;
  if (auto alias = registry::findAlias(transaction, asset, stage)) {
    number = alias->number;
  } else {
    for (const registry::Version& newest : registry::latestPerStage(transaction, asset))
      if (newest.stage != registry::stages[0] && equalsIgnoreCase(newest.stage, stage)) number = newest.number;
  }
  if (number == 0) throw error(Code::notFound, "{} has no version in stage '{}'", asset.key.subject(), stage);
  registry::Version version = registry::getVersion(transaction, asset.key, number);
  governance::requireNoQuarantine(transaction, version);
  return version;
}

registry::Version findVersion(db::Transaction& transaction, const registry::Asset& asset, const Wanted& wanted) {
  if (!wanted.stage.empty()) return versionOfStage(transaction, asset, wanted.stage);
  std::string_view selector = wanted.version.empty() ? std::string_view("latest") : wanted.version;
  if (selector.size() > 1 && selector[0] == 'v' && std::isdigit(static_cast<unsigned char>(selector[1])))
    selector.remove_prefix(1);  // DVC's versions are Git tags: v1.2.0
  registry::Version version = registry::resolveVersion(transaction, asset.key, selector);
  if (wanted.version.empty()) governance::requireNoQuarantine(transaction, version);
  return version;
}

std::string whatOf(const registry::AssetKey& key, std::int64_t number) {
  return fmt::format("files of {}@{}", key.subject(), number);
}

std::string downloadUris(const Call& call) {
  Wanted wanted = wantedOf(call.http);
  std::vector<registry::VersionFile> files;
  registry::Version version = call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = findArtifact(call, transaction, wanted.name);
    registry::Version found = findVersion(transaction, asset, wanted);
    files = registry::versionFiles(transaction, found);
    return found;
  });
  if (files.empty())
    throw error(Code::notFound, "the files of {} are not stored here: its source is '{}'", version.subject(),
                version.source);
  const registry::AssetKey& key = version.asset.key;
  SignedAddresses addresses(call, whatOf(key, version.number));
  std::string base = fmt::format("/dvc/{}/files/{}/{}/{}/", percentEncode(call.workspace), kindName(key.kind),
                                 percentEncode(key.name), version.number);
  std::string body;
  JsonWriter writer(body);
  writer.object();
  for (const registry::VersionFile& file : files)
    writer.key(file.path).text(addresses.of(base + percentEncode(file.path, true)));
  writer.end();
  return body;
}

Task getDownloadUris(Exchange& exchange, Core& core) {
  http::Response answer;
  answer.body = co_await exchange.waiting(
      [&] { return downloadUris(admit(core, exchange.request(), reads(versions), dialect())); });
  co_await exchange.respond(std::move(answer));
}

registry::VersionFile signedFile(Core& core, const http::Request& request) {
  auto kind = registry::parseKind(request.variable("kind"));
  auto number = parseInteger(request.variable("number"));
  if (!kind || !number) throw Error(Code::notFound, "there is no such version");
  registry::AssetKey key{std::string(request.variable("workspace")), *kind, std::string(request.variable("name"))};
  Call call = signedCall(core, request, whatOf(key, *number));
  if (call.workspace != key.workspace) throw Error(Code::denied, "this address was issued for another workspace");
  call.require(Verb::read, key.name);
  std::string_view path = request.variable("path");
  return core.store.read([&](db::Transaction& transaction) {
    registry::Version version = registry::getVersion(transaction, key, *number);
    auto file = registry::findVersionFile(transaction, version, path);
    if (!file) throw error(Code::notFound, "{} has no file '{}'", version.subject(), shorten(path, 500));
    return *std::move(file);
  });
}

Task getVersionFile(Exchange& exchange, Core& core) {
  registry::VersionFile file;
  std::unique_ptr<blob::Reader> reader = co_await exchange.waiting([&] {
    file = signedFile(core, exchange.request());
    auto opened = core.blobs.open(file.digest);
    if (!opened) throw error(Code::corrupt, "the content of '{}' is missing: run regesta doctor", file.path);
    return opened;
  });
  http::Selection selection =
      http::selectBytes(exchange.request(), reader->size(), {fmt::format("\"{}\"", file.digest), std::nullopt});
  http::Response head{selection.status, {}, selection.headers, {}};
  head.contentType = "application/octet-stream";
  head.headers.set("X-Content-Type-Options", "nosniff");
  head.headers.set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *reader, selection);
}

std::string studioWorkspace(const http::Request& request) { return std::string(request.variable("workspace")); }

}  // namespace

std::span<const StreamRoute> studioStreams() {
  static const StreamRoute routes[] = {
      {"GET", "/api/model-registry/get-download-uris", "Get the files of an artifact for DVC", reads(versions),
       makeStream<getDownloadUris>},
      {"GET", "/dvc/{workspace}/api/model-registry/get-download-uris",
       "Get the files of a workspace's artifact for DVC", reads(versions), makeStream<getDownloadUris>, 1, false,
       studioWorkspace},
      {"GET", "/dvc/{workspace}/files/{kind}/{name}/{number}/{path...}",
       "Download a file of a version at a signed address", reads(versions), makeStream<getVersionFile>, 1, false,
       nullptr, signedDoor},
  };
  return routes;
}

}  // namespace regesta::api::dvc
