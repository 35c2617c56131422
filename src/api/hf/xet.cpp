#include "api/hf/xet.h"

#include "api/xet_token.h"

namespace regesta::api::hf {
namespace {

http::Response tokenFor(Call& call, const Repo& repo, access::Verb verb) {
  call.core.store.read([&](db::Transaction& transaction) { getRepo(transaction, repo); });
  XetToken token =
      makeXetToken(call.core, {repo.key.workspace, std::string(repo.type()), repo.key.name, verb, call.actor().name});
  std::string url = xetCasUrl(call.core, call.http);
  http::Response response;
  JsonWriter(response.body)
      .object()
      .key("accessToken")
      .text(token.text)
      .key("exp")
      .number(token.expiresAt)
      .key("casUrl")
      .text(url)
      .end();
  response.headers.set("X-Xet-Access-Token", token.text);
  response.headers.set("X-Xet-Token-Expiration", std::to_string(token.expiresAt));
  response.headers.set("X-Xet-Cas-Url", url);
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

http::Response xetReadToken(Call& call, const Repo& repo, const json::value&) {
  return tokenFor(call, repo, access::Verb::read);
}

http::Response xetWriteToken(Call& call, const Repo& repo, const json::value&) {
  return tokenFor(call, repo, access::Verb::write);
}

void addXetHeaders(const Core& core, const http::Request& request, const Repo& repo, const std::string& commit,
                   const std::string& digest, http::Headers& headers) {
  std::optional<std::string> hash = xetHashOf(core, digest);
  if (!hash) return;
  headers.set("X-Xet-Hash", *hash);
  headers.set("Link", fmt::format("<{}/api/{}/{}/xet-read-token/{}>; rel=\"xet-auth\"", hubUrl(core, request),
                                  repo.collection(), repo.id(), commit));
}

}  // namespace regesta::api::hf
