#include "api/alias_stream.h"

#include "api/lfs_objects.h"
#include "registry/blob_alias.h"

namespace regesta::api {

Call admitToAll(Core& core, const http::Request& request, const AccessRule& rule, const Dialect& dialect) {
  Call call = admit(core, request, rule, dialect);
  call.require(rule.verb, "*");
  return call;
}

http::asio::awaitable<void> sendAlias(http::Exchange& exchange, Core& core, std::function<AliasName()> find) {
  std::unique_ptr<blob::Reader> reader;
  http::Response head;
  http::Selection selection;
  co_await exchange.waiting([&] {
    AliasName name = find();
    auto stored = core.store.read(
        [&](db::Transaction& transaction) { return registry::findBlobAlias(transaction, name.workspace, name.alias); });
    if (stored) reader = core.blobs.open(stored->digest);
    if (!reader)
      throw error(Code::notFound, "workspace '{}' has no object {}", name.workspace,
                  name.alias.substr(name.alias.find(':') + 1));
    std::string etag = fmt::format("\"{}\"", stored->digest);
    selection = http::selectBytes(exchange.request(), reader->size(), {etag, std::nullopt});
    head.status = selection.status;
    head.headers = selection.headers;
    head.contentType = "application/octet-stream";
  });
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *reader, selection);
}

http::asio::awaitable<void> receiveLfsObject(http::Exchange& exchange, Core& core, std::function<Call()> enter) {
  std::optional<Call> call;
  std::string oid(exchange.request().variable("oid")), alias;
  std::unique_ptr<blob::Writer> writer;
  co_await exchange.waiting([&] {
    call.emplace(enter());
    alias = lfsAlias(oid);
    writer = core.blobs.create();
  });
  co_await receive(exchange, *call, *writer);
  co_await exchange.waiting([&] {
    if (const blob::Digest& found = writer->finish(); found != oid)
      throw error(Code::invalid, "the content has the SHA-256 {}, not {} as its path says; nothing was stored", found,
                  oid);
    blob::Stored stored = writer->commit();
    core.store.write([&](db::Transaction& transaction) {
      registry::putBlobAlias(transaction, call->workspace, alias, stored, call->actor().name);
    });
  });
  http::Response answer;
  answer.contentType = lfsMediaType;
  answer.body = "{}";
  co_await exchange.respond(std::move(answer));
}

}  // namespace regesta::api
