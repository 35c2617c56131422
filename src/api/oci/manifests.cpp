#include "api/oci/common.h"
#include "api/oci/exported.h"
#include "api/oci/front.h"
#include "api/oci/pushed.h"
#include "base/limits_oci.h"
#include "base/text.h"
#include "governance/gate.h"
#include "registry/oci_blob.h"
#include "registry/pointer.h"

namespace regesta::api::oci {
namespace {

/// Throws OciError{MANIFEST_UNKNOWN}.
VersionManifest getManifest(const Call& call, const Repository& repository, std::string_view reference) {
  if (reference.find(':') != reference.npos) requireDigest(reference);
  auto found = call.core.store.read(
      [&](db::Transaction& transaction) { return findManifest(transaction, repository, reference); });
  if (found) return *std::move(found);
  throw unknown("MANIFEST_UNKNOWN", "repository '{}' has no manifest '{}'", repository.path, shorten(reference, 140));
}

Content openManifest(const Call& call, const Repository& repository) {
  std::string_view reference = call.http.variable("reference");
  VersionManifest found = getManifest(call, repository, reference);
  std::string type = found.mediaType(), digest = parseDigest(reference) ? std::string(reference) : found.digest().text;
  auto reader =
      found.exported.empty() ? call.core.blobs.open(found.content.digest) : readText(std::move(found.exported));
  if (!reader) throw error(Code::corrupt, "the content {} of a manifest is missing", found.content.digest);
  return {std::move(reader), std::move(type), std::move(digest)};
}

/// A manifest on its way in.
struct Push {
  Repository repository;
  Digest digest;
  std::vector<std::string> tags;
};

/// What the path and the query string ask for. `bytes`: the manifest.
Push pushOf(const Call& call, std::string_view bytes) {
  Push push{repositoryOf(call, Verb::write), {}, {}};
  std::string reference(call.http.variable("reference"));
  if (reference.find(':') == reference.npos) {
    push.tags.push_back(reference);
    push.digest = digestOf(bytes, {"sha256:"});
  } else {
    Digest expected = requireDigest(reference);
    push.digest = digestOf(bytes, expected);
    if (push.digest.text != expected.text)
      throw invalid("DIGEST_INVALID", "the manifest has the digest {}, not {}; nothing was stored", push.digest.text,
                    expected.text);
    for (auto& [name, value] : http::parseQuery(call.http.query))
      if (name == "tag") push.tags.push_back(value);
  }
  if (push.tags.size() > limits::ociTagsOfPush)
    throw invalid("TAG_INVALID", "a manifest is pushed with at most {} tags at once", limits::ociTagsOfPush);
  for (const std::string& tag : push.tags) aliasOfTag(tag);
  return push;
}

void moveTag(const Call& call, const Repository& repository, const std::string& tag, std::int64_t to) {
  governance::Gate::Move move{
      .key = repository.key, .pointer = registry::Pointer::alias(aliasOfTag(tag)), .to = to, .reason = {}};
  call.core.gate.moveOrThrow(*call.identity, move);
}

/// In a repository with versions of other fronts, the empty config is there for clients (exported.h), so that they do
/// not send it before they refer to it.
void provideEmptyConfig(const Call& call, const Repository& repository, const Manifest& manifest) {
  auto isEmpty = [](const Descriptor& each) { return each.digest.text == emptyConfigDigest; };
  if (!(manifest.config && isEmpty(*manifest.config)) && std::ranges::none_of(manifest.layers, isEmpty)) return;
  bool due = call.core.store.read([&](db::Transaction& transaction) {
    return !registry::findOciBlob(transaction, repository.key, emptyConfigDigest) &&
           exportsAny(transaction, repository.key);
  });
  if (!due) return;
  blob::Stored stored = blob::put(call.core.blobs, emptyConfig);
  call.core.store.write([&](db::Transaction& transaction) {
    registry::putOciBlob(transaction, repository.key, emptyConfigDigest, stored, call.actor().name);
  });
}

http::Response store(const Call& call, const std::string& bytes) {
  Push push = pushOf(call, bytes);
  Manifest manifest = parseManifest(bytes, call.http.headers.get("Content-Type").value_or(""));
  provideEmptyConfig(call, push.repository, manifest);
  // What is missing is reported before anything is written.
  call.core.store.read([&](db::Transaction& transaction) {
    auto there = findManifest(transaction, push.repository, push.digest.text);
    if (!there || !there->exported.empty()) filesOf(transaction, push.repository, manifest, {});
  });
  blob::Stored content = blob::put(call.core.blobs, bytes);
  registry::Version version = call.core.store.change(call.actor(), [&](registry::Change& change) {
    return registerManifest(change, push.repository, manifest, content, push.digest);
  });
  http::Response response = answer(201);
  for (const std::string& tag : push.tags) {
    moveTag(call, push.repository, tag, version.number);
    if (call.http.variable("reference") != tag) response.headers.add("OCI-Tag", tag);
  }
  response.headers.set("Location", manifestUrl(push.repository, push.digest.text));
  response.headers.set("Docker-Content-Digest", push.digest.text);
  if (manifest.subject) response.headers.set("OCI-Subject", manifest.subject->text);
  return response;
}

Task putManifest(Exchange& exchange, Core& core) {
  std::optional<Call> call;
  co_await enter(exchange, core, writes(ofRepository), dialect(), call);
  co_await exchange.waiting([&] { repositoryOf(*call, Verb::write); });
  Collected body = co_await collect(exchange);
  co_await exchange.respond(co_await exchange.waiting([&] { return store(*call, body.text); }));
}

http::Response removeTag(const Call& call, const Repository& repository, const std::string& tag) {
  getManifest(call, repository, tag);
  moveTag(call, repository, tag, 0);
  return answer(202);
}

/// The tags that point to it go along, as clients expect, unless one of them is protected.
http::Response remove(const Call& call) {
  Repository repository = repositoryOf(call, Verb::write);
  std::string reference(call.http.variable("reference"));
  if (reference.find(':') == reference.npos) return removeTag(call, repository, reference);
  VersionManifest found = getManifest(call, repository, reference);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    registry::Version version = registry::getVersion(change.transaction, repository.key, found.version.number);
    using governance::Gate;
    registry::deleteVersion(change, version, Gate::removal(change, *call.identity, version, Gate::Pointers::remove));
    registry::removeOciBlob(change.transaction, repository.key, found.digest().text);
  });
  return answer(202);
}

}  // namespace

std::span<const StreamRoute> manifestStreams() {
  static constexpr std::string_view path = "/v2/{workspace}/{name...}/manifests/{reference}";
  static const StreamRoute all[] = {
      {"GET", path, "Download a manifest", reads(ofRepository), downloadRoute<openManifest>, 1, false, workspaceOfPath},
      {"PUT", path, "Push a manifest", writes(ofRepository), makeStream<putManifest>, limits::ociManifest, false,
       workspaceOfPath},
      {"DELETE", path, "Delete a manifest or a tag", writes(ofRepository), answeredRoute<remove, Verb::write>, 1, false,
       workspaceOfPath},
  };
  return all;
}

}  // namespace regesta::api::oci
