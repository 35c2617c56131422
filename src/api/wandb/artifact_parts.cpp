#include "api/wandb/artifact_parts.h"

#include <condition_variable>
#include <limits>
#include <mutex>
#include <set>

#include "api/part_content.h"
#include "api/sealed.h"
#include "api/sealed_caller.h"
#include "api/server_url.h"
#include "api/streaming.h"
#include "api/wandb/resolvers.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/limits_content.h"
#include "base/text.h"
#include "crypto/md5.h"
#include "registry/blob_alias.h"
#include "registry/part_join.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using http::Exchange;
using registry::PartUpload;

constexpr std::string_view purpose = "wandb-part", storage = "wandb_artifacts/";

std::string aboutOf(const registry::AssetKey& key, std::string_view md5) {
  return writeJson(json::object{{"front", "wandb"}, {"name", key.name}, {"md5", md5}});
}

Error noUpload() {
  return Error(Code::notFound,
               "there is no such upload under way of yours; it may have been completed, or removed after seven days");
}

PartUpload requireUnderWay(db::Transaction& transaction, std::string_view id) {
  auto upload = registry::findUpload(transaction, id);
  if (!upload || !upload->completed.empty()) throw noUpload();
  return *std::move(upload);
}

class PartBearer final : public SealedCaller {
 public:
  PartBearer(Core& core, const http::Request& request, const json::object& given)
      : SealedCaller(core, request, memberText(given, "actor"),
                     [workspace = memberText(given, "workspace"), name = memberText(given, "name")](
                         const access::Identity& identity) { identity.require(Verb::write, workspace, name); }),
        upload(memberText(given, "upload")),
        workspace(memberText(given, "workspace")) {}
  const std::string upload, workspace;
};

std::shared_ptr<http::Caller> door(Core& core, const http::Request& request) {
  return std::make_shared<PartBearer>(core, request, openGrant(core, purpose, request));
}

Task putPart(Exchange& exchange, Core& core) {
  auto bearer = std::dynamic_pointer_cast<PartBearer>(exchange.request().caller);
  REGESTA_INVARIANT(bearer);
  Call call{core, exchange.request(), bearer->identity(), bearer->workspace};
  std::string etag = co_await receivePart(
      exchange, call, [&](db::Transaction& transaction) { return requireUnderWay(transaction, bearer->upload); });
  http::Response answer;
  answer.headers.add("ETag", fmt::format("\"{}\"", etag));
  co_await exchange.respond(std::move(answer));
}

/// Joining a large file takes longer than clients wait for an answer. They ask again: the next request waits for the
/// one that works, instead of joining the same parts once more.
class JoinTurn {
 public:
  explicit JoinTurn(std::string id) : id_(std::move(id)) {
    Joins& joins = all();
    std::unique_lock lock(joins.mutex);
    if (joins.running.contains(id_)) {
      if (joins.waiting == mostWaiting)
        throw Error(Code::unavailable, "the parts of the file are being joined; ask again in a minute");
      ++joins.waiting;
      joins.ended.wait(lock, [&] { return !joins.running.contains(id_); });
      --joins.waiting;
    }
    joins.running.insert(id_);
  }
  ~JoinTurn() {
    Joins& joins = all();
    std::scoped_lock lock(joins.mutex);
    joins.running.erase(id_);
    joins.ended.notify_all();
  }
  JoinTurn(const JoinTurn&) = delete;
  JoinTurn& operator=(const JoinTurn&) = delete;

 private:
  static constexpr int mostWaiting = 4;  // each holds a thread
  /// Those of the process.
  struct Joins {
    std::mutex mutex;
    std::condition_variable ended;
    std::set<std::string> running;
    int waiting = 0;
  };
  static Joins& all() {
    static Joins joins;
    return joins;
  }
  const std::string id_;
};

/// The caller's upload for content of an artifact that is being made.
PartUpload requireOwn(const FieldCall& field, db::Transaction& transaction, std::string_view md5) {
  const json::object& input = field.input();
  Draft draft = getDraft(field.call, transaction, memberText(input, "artifactID"));
  auto upload = registry::findUpload(transaction, memberText(input, "uploadID"));
  if (!upload || upload->workspace != draft.key.workspace || upload->createdBy != field.call.actor().name ||
      !upload->path.empty() || upload->about != aboutOf(draft.key, md5))
    throw noUpload();
  return *std::move(upload);
}

/// Those that the client names, in the order of their numbers.
std::vector<registry::UploadPart> chosenParts(const json::object& input,
                                              const std::vector<registry::UploadPart>& stored) {
  const json::value* named = input.if_contains("completedParts");
  if (!named || !named->is_array() || named->get_array().empty()) throw Invalid("completedParts", "must be given");
  std::vector<registry::UploadPart> chosen;
  for (const json::value& one : named->get_array()) {
    const json::object& part = one.as_object();
    std::int64_t number = memberInteger(part, "partNumber");
    if (number != static_cast<std::int64_t>(chosen.size()) + 1)
      throw Invalid("completedParts", "must be numbered from 1, in ascending order");
    const registry::UploadPart* found =
        registry::findPart(stored, number, registry::unquotedEtag(memberText(part, "hexMD5")));
    if (!found) throw Invalid("completedParts", fmt::format("part {} was not uploaded, or its MD5 differs", number));
    chosen.push_back(*found);
  }
  return chosen;
}

void join(const FieldCall& field, const std::string& wanted) {
  const Call& call = field.call;
  std::vector<registry::UploadPart> parts;
  bool done = call.core.store.read([&](db::Transaction& transaction) {
    PartUpload upload = requireOwn(field, transaction, wanted);
    if (!upload.completed.empty()) return true;
    parts = chosenParts(field.input(), registry::partsOf(transaction, upload.id, 0, registry::partsPerUpload));
    return false;
  });
  if (done) return;
  crypto::Md5 md5;
  registry::PartJoin join(call.core.blobs, std::move(parts), [&](std::string_view content) { md5.update(content); });
  join.step(std::numeric_limits<std::int64_t>::max());
  std::string found = md5.finish();
  if (found != wanted) {
    call.core.store.write([&](db::Transaction& transaction) {
      registry::removeUpload(transaction, requireOwn(field, transaction, wanted));
    });
    throw error(Code::invalid, "the content has the MD5 {}, not {} as announced; nothing was stored", found, wanted);
  }
  blob::Stored content = join.finish();
  call.core.store.write([&](db::Transaction& transaction) {
    PartUpload upload = requireOwn(field, transaction, wanted);
    if (!upload.completed.empty()) return;  // by another server
    registry::completeUpload(transaction, upload, content.digest);
    registry::putBlobAlias(transaction, upload.workspace, "md5:" + wanted, content, upload.createdBy);
  });
}

json::value complete(FieldCall& field) {
  std::string path = memberText(field.input(), "storagePath"), md5;
  if (path.starts_with(storage)) md5 = path.substr(storage.size());
  if (!hexDecode(md5)) throw Invalid("storagePath", "must be the one that createArtifactFiles returned");
  JoinTurn turn(memberText(field.input(), "uploadID"));
  join(field, md5);
  return json::object{{"digest", base64Encode(*hexDecode(md5))}};
}

constexpr Resolver table[] = {
    {"Mutation", "completeMultipartUploadArtifact", signedIn(), Where::nowhere, complete},
};

const StreamRoute streams[] = {
    {.method = "PUT",
     .pattern = "/files/part/{number}",
     .summary = "Upload a part of a file of an artifact of W&B's clients",
     .access = writes("artifacts of this name, by an address that was given to a writer"),
     .make = makeStream<putPart>,
     .bodyLimit = partLimit,
     .door = door},
};

}  // namespace

json::object partUrls(const Call& call, db::Transaction& transaction, const registry::AssetKey& key,
                      std::string_view md5, const json::array& parts) {
  if (parts.size() > static_cast<std::size_t>(registry::partsPerUpload))
    throw Invalid("uploadPartsInput", fmt::format("must be at most {}; send larger parts", registry::partsPerUpload));
  PartUpload upload{.workspace = key.workspace, .path = {}, .about = aboutOf(key, md5), .createdBy = call.actor().name};
  auto known = registry::findBlobUpload(transaction, upload);
  upload.id = known ? known->id : registry::createUpload(transaction, upload);
  std::string query =
      sealGrant(call.core, purpose,
                {{"actor", upload.createdBy}, {"workspace", key.workspace}, {"name", key.name}, {"upload", upload.id}},
                limits::partAddressSeconds);
  std::string server = serverUrl(call.core, call.http);
  json::array urls;
  for (const json::value& one : parts) {
    std::int64_t number = memberInteger(one.as_object(), "partNumber");
    urls.push_back(
        json::object{{"partNumber", number}, {"uploadUrl", fmt::format("{}/files/part/{}?{}", server, number, query)}});
  }
  return {{"uploadID", upload.id}, {"uploadUrlParts", std::move(urls)}};
}

std::span<const Resolver> artifactParts() { return table; }
std::span<const StreamRoute> partStreams() { return streams; }

}  // namespace regesta::api::wandb
