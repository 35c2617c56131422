#include "api/oci/common.h"

namespace regesta::api::oci {

Task Download::handle(Exchange& exchange) {
  http::Response head;
  Content content;
  http::Selection selection;
  co_await exchange.waiting([&] {
    const http::Request& request = exchange.request();
    Call call = admit(core_, request, reads(ofRepository), dialect());
    content = open_(call, repositoryOf(call, Verb::read));
    selection =
        http::selectBytes(request, content.reader->size(), {fmt::format("\"{}\"", content.digest), std::nullopt});
    head = answer(selection.status, content.type);
    for (const auto& [name, value] : selection.headers.all()) head.headers.set(name, value);
    head.headers.set("Docker-Content-Digest", content.digest);
    head.headers.set("X-Content-Type-Options", "nosniff");
    head.headers.set("Content-Security-Policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
  });
  if (!selection.sends()) co_return co_await exchange.respond(std::move(head));
  co_await send(exchange, std::move(head), *content.reader, selection);
}

}  // namespace regesta::api::oci
