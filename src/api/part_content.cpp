#include "api/part_content.h"

#include "api/streaming.h"
#include "base/text.h"
#include "crypto/md5.h"

namespace regesta::api {
namespace {

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

}  // namespace

http::asio::awaitable<std::string> receivePart(http::Exchange& exchange, const Call& call,
                                               std::function<registry::PartUpload(db::Transaction&)> find) {
  auto number = parseInteger(exchange.request().variable("number"));
  if (!number || *number < 1 || *number > registry::partsPerUpload)
    throw Invalid("part_number", fmt::format("must be 1 to {}", registry::partsPerUpload));
  EtagWriter writer(call.core.blobs.create());
  co_await receive(exchange, call, writer);
  std::string etag = writer.etag();
  co_await exchange.waiting([&] {
    blob::Stored content = writer.commit();
    call.core.store.write([&](db::Transaction& transaction) {
      registry::putPart(transaction, find(transaction), {*number, content, etag, {}, 0, {call.actor().name}});
    });
  });
  co_return etag;
}

}  // namespace regesta::api
