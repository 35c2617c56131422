#include "api/wandb/run_files.h"

#include "api/sealed.h"
#include "api/sealed_caller.h"
#include "api/server_url.h"
#include "api/signed_address.h"
#include "api/streaming.h"
#include "api/tracking_scope.h"
#include "api/wandb/dialect.h"
#include "api/wandb/run_stream.h"
#include "base/encoding.h"
#include "base/text.h"
#include "registry/storage_quota.h"
#include "registry/tree.h"
#include "tracking/artifact.h"
#include "tracking/owner.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using http::Exchange;

constexpr std::int64_t addressSeconds = 60 * 60;  // in which an upload has to begin
constexpr std::string_view purpose = "wandb-run-file";
constexpr std::size_t streamLimit = 32 * 1024 * 1024;  // wandb sends at most 10 MiB at once
constexpr std::string_view projects = "projects of this name";

/// The bearer of an address: acts as the user who got it, with the grants that they have now.
class AddressBearer final : public SealedCaller {
 public:
  AddressBearer(Core& core, const http::Request& request, json::object grant)
      : SealedCaller(core, request, memberText(grant, "actor"),
                     [workspace = memberText(grant, "workspace"), project = memberText(grant, "project")](
                         const access::Identity& identity) { identity.require(Verb::write, workspace, project); }),
        grant(std::move(grant)) {}
  const json::object grant;
};

std::shared_ptr<http::Caller> uploadDoor(Core& core, const http::Request& request) {
  return std::make_shared<AddressBearer>(core, request, openGrant(core, purpose, request));
}

Task putRunFile(Exchange& exchange, Core& core) {
  auto bearer = std::dynamic_pointer_cast<AddressBearer>(exchange.request().caller);
  REGESTA_INVARIANT(bearer);
  Call call{core, exchange.request(), bearer->identity(), memberText(bearer->grant, "workspace")};
  std::unique_ptr<blob::Writer> writer;
  co_await exchange.waiting([&] { writer = core.blobs.create(); });
  co_await receive(exchange, call, *writer);
  co_await exchange.waiting([&] {
    blob::Stored stored = writer->commit();
    core.store.change(call.actor(), [&](registry::Change& change) {
      tracking::putArtifact(change, call.workspace, memberText(bearer->grant, "path"), stored);
    });
  });
  co_await exchange.respond({});
}

Task takeStream(Exchange& exchange, Core& core) {
  Collected body = co_await collect(exchange);
  http::Response response = co_await exchange.waiting([&] {
    const http::Request& request = exchange.request();
    Call call = admit(core, request, writes(projects), dialect());
    call.workspace = std::string(request.variable("entity"));
    RunName name{call.workspace, std::string(request.variable("project")), std::string(request.variable("run"))};
    bool stop = takeFileStream(call, name, parseJson(body.text));
    http::Response answer;
    answer.body = stop ? R"({"stopped": true})" : "{}";
    return answer;
  });
  co_await exchange.respond(std::move(response));
}

std::string whatOf(std::string_view entity, std::string_view run) {
  return fmt::format("wandb-run:{}/{}", entity, run);
}

Task getRunFile(Exchange& exchange, Core& core) {
  std::unique_ptr<blob::Reader> reader;
  http::Response head;
  http::Selection selection;
  co_await exchange.waiting([&] {
    const http::Request& request = exchange.request();
    std::string_view entity = request.variable("entity"), run = request.variable("run"),
                     path = request.variable("path");
    Call call = signedCall(core, request, whatOf(entity, run));
    std::optional<registry::TreeFile> file = core.store.read([&](db::Transaction& transaction) {
      requireRun(call, Verb::read, transaction, run);
      tracking::Run found = tracking::getRun(transaction, call.workspace, run);
      return registry::findFile(
          transaction, call.workspace,
          tracking::artifactFolder(found.artifactUri, call.workspace) + "/" + registry::safePath(path));
    });
    if (file) reader = core.blobs.open(file->digest);
    if (!reader) throw error(Code::notFound, "the run has no file '{}'", shorten(path, 200));
    selection = http::selectBytes(request, reader->size(), {fmt::format("\"{}\"", file->digest), std::nullopt});
    head.status = selection.status;
    head.headers = selection.headers;
    head.contentType = "application/octet-stream";
  });
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *reader, selection);
}

std::string entityOfPath(const http::Request& request) { return std::string(request.variable("entity")); }

const StreamRoute streams[] = {
    {.method = "POST",
     .pattern = "/files/{entity}/{project}/{run}/file_stream",
     .summary = "Log lines of a run of W&B's clients",
     .access = writes(projects),
     .make = makeStream<takeStream>,
     .bodyLimit = streamLimit,
     .workspace = entityOfPath},
    {.method = "PUT",
     .pattern = "/files/upload",
     .summary = "Upload a file of a run of W&B's clients",
     .access = writes("projects of this name, by an address that was given to a writer"),
     .make = makeStream<putRunFile>,
     .bodyLimit = uploadLimit,
     .door = uploadDoor},
    {.method = "GET",
     .pattern = "/files/run/{entity}/{run}/{path...}",
     .summary = "Download a file of a run of W&B's clients",
     .access = reads("projects of this name, by an address that was given to a reader"),
     .make = makeStream<getRunFile>,
     .door = signedDoor},
};

}  // namespace

std::string folderOf(const RunRecord& record) {
  return tracking::artifactFolder(record.run.artifactUri, record.entity);
}

std::string runUploadUrl(const Call& call, const RunRecord& record, const std::string& path) {
  std::string folder = folderOf(record);
  if (folder.empty() || folder.front() == '#' || folder.front() == '/')
    throw Error(Code::invalidState, "the files of this run are not on this server");
  return fmt::format("{}/files/upload?{}", serverUrl(call.core, call.http),
                     sealGrant(call.core, purpose,
                               {{"actor", call.actor().name},
                                {"workspace", call.workspace},
                                {"project", record.project},
                                {"path", fmt::format("{}/{}", folder, registry::safePath(path))}},
                               addressSeconds));
}

RunFileUrls::RunFileUrls(const Call& call, const RunRecord& record)
    : addresses_(call, whatOf(record.entity, record.run.runId)),
      start_(fmt::format("/files/run/{}/{}/", record.entity, record.run.runId)) {}

std::string RunFileUrls::of(std::string_view path) const { return addresses_.of(start_ + percentEncode(path, true)); }

std::span<const StreamRoute> runStreams() { return streams; }

}  // namespace regesta::api::wandb
