#include "api/wandb/artifact_files.h"

#include "api/sealed.h"
#include "api/sealed_caller.h"
#include "api/server_url.h"
#include "api/signed_address.h"
#include "api/streaming.h"
#include "api/wandb/artifact_rules.h"
#include "api/wandb/dialect.h"
#include "api/wandb/names.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "crypto/md5.h"
#include "governance/scope.h"
#include "registry/blob_alias.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using http::Exchange;

constexpr std::int64_t addressSeconds = 60 * 60;
constexpr std::string_view purpose = "wandb-content";

class AddressBearer final : public SealedCaller {
 public:
  AddressBearer(Core& core, const http::Request& request, json::object given)
      : SealedCaller(core, request, memberText(given, "actor"),
                     [workspace = memberText(given, "workspace"), name = memberText(given, "name")](
                         const access::Identity& identity) { identity.require(Verb::write, workspace, name); }),
        grant(std::move(given)) {}
  const json::object grant;
};

std::shared_ptr<http::Caller> uploadDoor(Core& core, const http::Request& request) {
  return std::make_shared<AddressBearer>(core, request, openGrant(core, purpose, request));
}

/// Compares an upload with the MD5 that it was announced with.
class CheckedWriter final : public blob::Writer {
 public:
  CheckedWriter(std::unique_ptr<blob::Writer> inner, std::string md5)
      : inner_(std::move(inner)), wanted_(std::move(md5)) {}
  void write(std::string_view bytes) override {
    md5_.update(bytes);
    inner_->write(bytes);
  }
  const blob::Digest& finish() override { return inner_->finish(); }
  blob::Stored commit() override {
    if (std::string found = md5_.finish(); found != wanted_)
      throw error(Code::invalid, "the content has the MD5 {}, not {} as announced; nothing was stored", found, wanted_);
    return inner_->commit();
  }

 private:
  std::unique_ptr<blob::Writer> inner_;
  std::string wanted_;
  crypto::Md5 md5_;
};

Task putContent(Exchange& exchange, Core& core) {
  auto bearer = std::dynamic_pointer_cast<AddressBearer>(exchange.request().caller);
  REGESTA_INVARIANT(bearer);
  Call call{core, exchange.request(), bearer->identity(), memberText(bearer->grant, "workspace")};
  std::string md5 = memberText(bearer->grant, "md5");
  std::unique_ptr<CheckedWriter> writer;
  co_await exchange.waiting([&] { writer = std::make_unique<CheckedWriter>(core.blobs.create(), md5); });
  co_await receive(exchange, call, *writer);
  co_await exchange.waiting([&] {
    blob::Stored stored = writer->commit();
    core.store.write([&](db::Transaction& transaction) {
      registry::putBlobAlias(transaction, call.workspace, "md5:" + md5, stored, call.actor().name);
    });
  });
  http::Response answer;
  answer.headers.add("ETag", fmt::format("\"{}\"", md5));
  co_await exchange.respond(std::move(answer));
}

std::string whatOf(std::int64_t version) { return fmt::format("wandb-artifact:{}", version); }

/// The version that a signed address is for, as the one it was made for may read it now.
registry::Version versionOfAddress(Core& core, const http::Request& request) {
  std::int64_t row = parseInteger(request.variable("version")).value_or(0);
  Call call = signedCall(core, request, whatOf(row));
  return core.store.read(
      [&](db::Transaction& transaction) { return getArtifact(call, transaction, idOf("Artifact", row), Verb::read); });
}

std::string computeMd5(Core& core, const registry::Version& version, const registry::VersionFile& file) {
  auto reader = core.blobs.open(file.digest);
  if (!reader) throw error(Code::corrupt, "the content {} of {} is missing", file.digest, version.subject());
  crypto::Md5 md5;
  std::vector<char> piece(pieceSize);
  for (std::uint64_t at = 0; std::size_t count = reader->read(at, piece); at += count)
    md5.update({piece.data(), count});
  std::string found = md5.finish();
  core.store.write([&](db::Transaction& transaction) {
    registry::putBlobAlias(transaction, version.asset.key.workspace, "md5:" + found,
                           {file.digest, static_cast<std::uint64_t>(file.size)}, version.createdBy);
  });
  return found;
}

/// wandb_manifest.json, also of versions that other clients registered.
std::string manifestOf(Core& core, const registry::Version& version) {
  std::vector<registry::VersionFile> files;
  std::vector<registry::VersionReference> references;
  std::vector<std::optional<std::string>> known;
  core.store.read([&](db::Transaction& transaction) {
    files = registry::versionFiles(transaction, version);
    references = registry::versionReferences(transaction, version);
    for (const registry::VersionFile& file : files)
      known.push_back(knownMd5(transaction, version.asset.key.workspace, file.digest));
  });
  json::object contents;
  for (const registry::VersionReference& one : references) contents[one.path] = entryOf(one);
  for (std::size_t i = 0; i < files.size(); ++i) {
    std::string md5 = known[i] ? *known[i] : computeMd5(core, version, files[i]);
    contents[files[i].path] = json::object{{"digest", base64Encode(*hexDecode(md5))},
                                           {"size", files[i].size},
                                           {"birthArtifactID", idOf("Artifact", version.id)}};
  }
  return writeJson(json::object{{"version", 1},
                                {"storagePolicy", "wandb-storage-policy-v1"},
                                {"storagePolicyConfig", json::object{{"storageLayout", "V2"}}},
                                {"contents", std::move(contents)}});
}

Task getManifest(Exchange& exchange, Core& core) {
  http::Response answer;
  co_await exchange.waiting([&] { answer.body = manifestOf(core, versionOfAddress(core, exchange.request())); });
  co_await exchange.respond(std::move(answer));
}

Task getFile(Exchange& exchange, Core& core) {
  std::unique_ptr<blob::Reader> reader;
  http::Response head;
  http::Selection selection;
  co_await exchange.waiting([&] {
    registry::Version version = versionOfAddress(core, exchange.request());
    std::string_view path = exchange.request().variable("path");
    std::vector<registry::VersionFile> files =
        core.store.read([&](db::Transaction& transaction) { return registry::versionFiles(transaction, version); });
    auto file = std::ranges::find(files, path, &registry::VersionFile::path);
    if (file != files.end()) reader = core.blobs.open(file->digest);
    if (!reader) throw error(Code::notFound, "{} has no file '{}'", version.subject(), shorten(path, 200));
    selection =
        http::selectBytes(exchange.request(), reader->size(), {fmt::format("\"{}\"", file->digest), std::nullopt});
    head.status = selection.status;
    head.headers = selection.headers;
    head.contentType = "application/octet-stream";
  });
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *reader, selection);
}

/// One entry of a manifest, with the client's credentials: the version that the manifest names, and the MD5.
Task getEntry(Exchange& exchange, Core& core) {
  std::unique_ptr<blob::Reader> reader;
  http::Response head;
  http::Selection selection;
  co_await exchange.waiting([&] {
    const http::Request& request = exchange.request();
    Call call = admit(core, request, reads("artifacts of this name"), dialect());
    call.workspace = std::string(request.variable("entity"));
    std::string_view md5 = request.variable("md5");
    std::string digest = core.store.read([&](db::Transaction& transaction) {
      // The version's own id alone, by which the access log finds it, not that of a draft or a client.
      std::string id = idOf("Artifact", numberOf("Artifact", request.variable("artifact")));
      registry::Version version = getArtifact(call, transaction, id, Verb::read);
      std::string wanted;
      auto stored = registry::findBlobAlias(transaction, version.asset.key.workspace, fmt::format("md5:{}", md5));
      for (const registry::VersionFile& file : registry::versionFiles(transaction, version))
        if (stored && file.digest == stored->digest) wanted = file.digest;
      return wanted;
    });
    if (!digest.empty()) reader = core.blobs.open(digest);
    if (!reader) throw error(Code::notFound, "the artifact has no file with the MD5 {}", shorten(md5, 40));
    selection = http::selectBytes(request, reader->size(), {fmt::format("\"{}\"", digest), std::nullopt});
    head.status = selection.status;
    head.headers = selection.headers;
    head.contentType = "application/octet-stream";
  });
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *reader, selection);
}

std::string entityOf(const http::Request& request) { return std::string(request.variable("entity")); }

constexpr std::string_view readers = "artifacts of this name, by an address that was given to a reader";
const StreamRoute streams[] = {
    {.method = "PUT",
     .pattern = "/files/content",
     .summary = "Upload content of an artifact of W&B's clients",
     .access = writes("artifacts of this name, by an address that was given to a writer"),
     .make = makeStream<putContent>,
     .bodyLimit = uploadLimit,
     .door = uploadDoor},
    {.method = "GET",
     .pattern = "/files/manifest/{version}/wandb_manifest.json",
     .summary = "Get the list of files of an artifact for W&B's clients",
     .access = reads(readers),
     .make = makeStream<getManifest>,
     .door = signedDoor},
    {.method = "GET",
     .pattern = "/files/artifact/{version}/{path...}",
     .summary = "Download a file of an artifact of W&B's clients",
     .access = reads(readers),
     .make = makeStream<getFile>,
     .door = signedDoor},
    {.method = "GET",
     .pattern = "/artifactsV2/{region}/{entity}/{project}/{collection}/{artifact}/{md5}/{name}",
     .summary = "Download an entry of a manifest of W&B's clients",
     .access = reads("artifacts of this name"),
     .make = makeStream<getEntry>,
     .workspace = entityOf},
};

}  // namespace

std::string manifestUrl(const Call& call, const registry::Version& version) {
  Call own = call;
  own.workspace = version.asset.key.workspace;
  return SignedAddresses(own, whatOf(version.id)).of(fmt::format("/files/manifest/{}/wandb_manifest.json", version.id));
}

FileUrls::FileUrls(const Call& call, const registry::Version& version) {
  Call own = call;
  own.workspace = version.asset.key.workspace;
  std::string whole = SignedAddresses(own, whatOf(version.id)).of(fmt::format("/files/artifact/{}/", version.id));
  std::size_t query = whole.find('?');
  start_ = whole.substr(0, query);
  end_ = whole.substr(query);
}

std::string FileUrls::of(std::string_view path) const { return start_ + percentEncode(path, true) + end_; }

std::string contentUploadUrl(const Call& call, const registry::AssetKey& key, std::string_view md5) {
  return fmt::format(
      "{}/files/content?{}", serverUrl(call.core, call.http),
      sealGrant(call.core, purpose,
                {{"actor", call.actor().name}, {"workspace", key.workspace}, {"name", key.name}, {"md5", md5}},
                addressSeconds));
}

std::string hexOfMd5(std::string_view base64) {
  auto bytes = base64Decode(base64);
  if (!bytes || bytes->size() != 16) throw Invalid("digest", "must be an MD5 in base64");
  return hexEncode(*bytes);
}

std::optional<blob::Stored> findContent(const Call& call, db::Transaction& transaction, std::string_view md5) {
  auto stored = registry::findBlobAlias(transaction, call.workspace, fmt::format("md5:{}", md5));
  if (!stored) return std::nullopt;
  bool all = call.identity->may(Verb::read, call.workspace, "*");
  governance::Scope scope(transaction, *call.identity, call.workspace);
  if (!all && !scope.blob(stored->digest)) return std::nullopt;
  return stored;
}

std::optional<std::string> knownMd5(db::Transaction& transaction, std::string_view workspace, std::string_view digest) {
  std::vector<std::string> names;
  {
    db::Rows rows =
        transaction.query("SELECT name FROM blob_alias WHERE workspace = $1 AND digest = $2", {workspace, digest});
    while (rows.next()) names.push_back(rows.text(0));
  }
  for (const std::string& name : names) {
    if (!name.starts_with("md5:") || name.size() != 36) continue;
    auto stored = registry::findBlobAlias(transaction, workspace, name);
    if (stored && stored->digest == digest) return name.substr(4);
  }
  return std::nullopt;
}

std::span<const StreamRoute> artifactStreams() { return streams; }

}  // namespace regesta::api::wandb
