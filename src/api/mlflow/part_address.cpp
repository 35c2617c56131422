#include "api/mlflow/part_address.h"

#include "api/client_error.h"
#include "api/mlflow/artifacts.h"
#include "api/mlflow/dialect.h"
#include "api/mlflow/multipart.h"
#include "api/part_content.h"
#include "api/sealed.h"
#include "api/sealed_caller.h"
#include "api/server_url.h"
#include "api/streaming.h"
#include "api/tracking_scope.h"
#include "base/limits_content.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using http::Exchange;

constexpr std::string_view purpose = "mlflow-part";
constexpr std::string_view place = "/api/2.0/mlflow-artifacts/mpu/part/";

registry::PartUpload requireUnderWay(db::Transaction& transaction, std::string_view id) {
  auto upload = registry::findUpload(transaction, id);
  if (!upload || !upload->completed.empty()) throw uploadNotFound();
  return *std::move(upload);
}

/// Lets in anyone who has the address of a part, as the actor that it was made for.
class PartCaller final : public SealedCaller {
 public:
  PartCaller(Core& core, const http::Request& request, std::string id, registry::PartUpload upload)
      : SealedCaller(core, request, upload.createdBy,
                     [&core, path = upload.path, workspace = upload.workspace](const access::Identity& identity) {
                       core.store.read([&](db::Transaction& transaction) {
                         governance::Scope scope(transaction, identity, workspace);
                         if (!scope.path(Verb::write, path))
                           throw governance::lacking(identity, Verb::write, workspace, "path");
                       });
                     }),
        id(std::move(id)),
        upload(std::move(upload)) {}

  const std::string id;
  const registry::PartUpload upload;
};

std::shared_ptr<http::Caller> door(Core& core, const http::Request& request) {
  std::string id = memberText(openGrant(core, purpose, request), "upload");
  registry::PartUpload upload =
      core.store.read([&](db::Transaction& transaction) { return requireUnderWay(transaction, id); });
  return std::make_shared<PartCaller>(core, request, std::move(id), std::move(upload));
}

/// Returns the ETag.
http::asio::awaitable<std::string> takePart(Exchange& exchange, Core& core) {
  auto caller = std::dynamic_pointer_cast<PartCaller>(exchange.request().caller);
  REGESTA_INVARIANT(caller);
  Call call{core, exchange.request(), caller->identity(), caller->upload.workspace};
  co_return co_await receivePart(exchange, call, [&](db::Transaction& transaction) {
    requirePath(call, Verb::write, transaction, caller->upload.path);
    return requireUnderWay(transaction, caller->id);
  });
}

Task putPart(Exchange& exchange, Core& core) {
  http::Response answer;
  try {
    std::string etag = co_await takePart(exchange, core);
    answer.headers.set("ETag", fmt::format("\"{}\"", etag));
  } catch (const Error& failure) {
    std::optional<Error> hidden = clientError(failure, exchange.request().id);
    answer = renderError(hidden ? *hidden : failure);
  }
  co_await exchange.respond(std::move(answer));
}

}  // namespace

PartAddresses::PartAddresses(const Call& call, const registry::PartUpload& upload)
    : base_(serverUrl(call.core, call.http) + std::string(place)),
      query_("?" + sealGrant(call.core, purpose, {{"actor", upload.createdBy}, {"upload", upload.id}},
                             limits::partAddressSeconds)) {}

std::string PartAddresses::of(std::int64_t number) const { return fmt::format("{}{}{}", base_, number, query_); }

Error uploadNotFound() {
  return Error(Code::notFound,
               "there is no such upload under way of yours; it may have been completed, aborted or removed after seven "
               "days");
}

std::span<const StreamRoute> multipartStreams() {
  static const StreamRoute routes[] = {{"PUT", "/api/2.0/mlflow-artifacts/mpu/part/{number}",
                                        "Upload a part at a signed address", writes(artifactsOfOwner),
                                        makeStream<putPart>, partLimit, false, nullptr, door}};
  return routes;
}

}  // namespace regesta::api::mlflow
