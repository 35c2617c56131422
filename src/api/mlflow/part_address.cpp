#include "api/mlflow/part_address.h"

#include "api/client_error.h"
#include "api/mlflow/artifacts.h"
#include "api/mlflow/dialect.h"
#include "api/mlflow/multipart.h"
#include "api/sealed.h"
#include "api/sealed_caller.h"
#include "api/server_url.h"
#include "api/streaming.h"
#include "api/tracking_scope.h"
#include "base/limits_content.h"
#include "base/text.h"
#include "crypto/md5.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using http::Exchange;

constexpr std::string_view purpose = "mlflow-part";
constexpr std::string_view place = "/api/2.0/mlflow-artifacts/mpu/part/";
constexpr std::size_t partLimit = std::size_t{5} << 30;  // as S3's

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
                           throw governance::hidden(identity, Verb::write, workspace, "path");
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

std::int64_t numberOf(const http::Request& request) {
  auto number = parseInteger(request.variable("number"));
  if (!number || *number < 1 || *number > registry::partsPerUpload)
    throw Invalid("part_number", fmt::format("must be 1 to {}", registry::partsPerUpload));
  return *number;
}

/// Computes the MD5 of what it passes on: the ETag of a part.
class EtagWriter final : public blob::Writer {
 public:
  explicit EtagWriter(std::unique_ptr<blob::Writer> inner) : inner_(std::move(inner)) {}
  void write(std::string_view bytes) override {
    md5_.update(bytes);
    inner_->write(bytes);
  }
  const blob::Digest& finish() override { return inner_->finish(); }
  blob::Stored commit() override { return inner_->commit(); }
  std::string etag() { return md5_.finish(); }

 private:
  std::unique_ptr<blob::Writer> inner_;
  crypto::Md5 md5_;
};

/// Returns the ETag.
http::asio::awaitable<std::string> takePart(Exchange& exchange, Core& core) {
  auto caller = std::dynamic_pointer_cast<PartCaller>(exchange.request().caller);
  REGESTA_INVARIANT(caller);
  std::int64_t number = numberOf(exchange.request());
  Call call{core, exchange.request(), caller->identity(), caller->upload.workspace};
  EtagWriter writer(core.blobs.create());
  co_await receive(exchange, call, writer);
  std::string etag = writer.etag();
  co_await exchange.waiting([&] {
    blob::Stored content = writer.commit();
    core.store.write([&](db::Transaction& transaction) {
      requirePath(call, Verb::write, transaction, caller->upload.path);
      registry::PartUpload upload = requireUnderWay(transaction, caller->id);  // it may have been aborted
      registry::putPart(transaction, upload, {number, content, etag, {}, 0});
    });
  });
  co_return etag;
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
