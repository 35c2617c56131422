#include "api/xet/call.h"

#include "base/encoding.h"
#include "governance/scope.h"

namespace regesta::api::xet {
namespace {

http::Response renderError(const http::Request& /*request*/, const Error& error) {
  http::Response response = errorHead(error, httpStatus(error.code), "Bearer");
  JsonWriter writer(response.body);
  writer.object().key("error").text(error.message).end();
  return response;
}

}  // namespace

const Dialect& dialect() {
  static const Dialect xet{.name = "xet", .manner = {}, .renderError = renderError};
  return xet;
}

bool Call::mayRead(db::Transaction& transaction, std::string_view digest) const {
  governance::Scope reach(transaction, *caller->identity(), workspace());
  if (reach.blob(digest)) return true;
  return reach.everything(access::Verb::read) &&
         transaction
             .query("SELECT 1 FROM blob_alias WHERE digest = $1 AND workspace = $2 LIMIT 1", {digest, workspace()})
             .next();
}

blob::IndexedObject Call::readableFile(std::string_view hash) const {
  for (blob::IndexedObject& object : packs().index().findXet(hash)) {
    bool readable = core.store.read([&](db::Transaction& transaction) { return mayRead(transaction, object.digest); });
    if (readable) return std::move(object);
  }
  throw error(Code::notFound, "workspace '{}' has no file with the Xet hash {}", workspace(), hash);
}

Call callOf(Core& core, const http::Exchange& exchange) {
  auto caller = std::dynamic_pointer_cast<XetCaller>(exchange.request().caller);
  REGESTA_INVARIANT(caller);
  return {core, std::move(caller)};
}

std::string hashOf(const http::Request& request) {
  std::string_view hash = request.variable("hash");
  if (!isLowerHex(hash, 64)) throw Invalid("hash", "must be 64 lower-case hexadecimal digits");
  return std::string(hash);
}

http::Response jsonAnswer(std::string body, int status) {
  http::Response response;
  response.status = status;
  response.body = std::move(body);
  return response;
}

}  // namespace regesta::api::xet
