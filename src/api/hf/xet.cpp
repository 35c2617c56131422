#include "api/hf/xet.h"

#include "api/xet_token.h"

namespace regesta::api::hf {
namespace {

constexpr std::string_view infoType = "application/vnd.xet-fileinfo+json";

XetToken tokenOf(const Call& call, const Repo& repo, access::Verb verb) {
  return makeXetToken(call.core,
                      {repo.key.workspace, std::string(repo.type()), repo.key.name, verb, call.actor().name});
}

std::vector<std::pair<std::string, std::string>> headersOf(const XetToken& token, const std::string& casUrl) {
  return {{"X-Xet-Access-Token", token.text},
          {"X-Xet-Token-Expiration", std::to_string(token.expiresAt)},
          {"X-Xet-Cas-Url", casUrl}};
}

http::Response tokenFor(Call& call, const Repo& repo, access::Verb verb) {
  call.core.store.read([&](db::Transaction& transaction) { getRepo(transaction, repo); });
  XetToken token = tokenOf(call, repo, verb);
  std::string url = xetCasUrl(call.core, call.http, repo.key.workspace);
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
  for (const auto& [name, value] : headersOf(token, url)) response.headers.set(name, value);
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

LfsXet xetUpload(const Call& call, const Repo& repo) {
  return {fmt::format("{}/api/{}/{}/xet-write-token/main", hubUrl(call.core, call.http), repo.collection(), repo.id()),
          headersOf(tokenOf(call, repo, access::Verb::write), xetCasUrl(call.core, call.http, repo.key.workspace))};
}

void addXetHeaders(const Core& core, const http::Request& request, const Repo& repo, const std::string& commit,
                   const std::string& digest, http::Headers& headers) {
  std::optional<std::string> hash = xetHashOf(core, digest);
  if (!hash) return;
  headers.set("X-Xet-Hash", *hash);
  headers.set("Link", fmt::format("<{}/api/{}/{}/xet-read-token/{}>; rel=\"xet-auth\", "
                                  "<{}/v1/reconstructions/{}>; rel=\"xet-reconstruction-info\"",
                                  hubUrl(core, request), repo.collection(), repo.id(), commit,
                                  xetCasUrl(core, request, repo.key.workspace), *hash));
}

bool wantsXetInfo(const http::Request& request, const http::Headers& xet) {
  return xet.get("X-Xet-Hash") && request.headers.get("Accept").value_or("").find(infoType) != std::string_view::npos;
}

http::Response xetInfo(const http::Headers& xet, const http::Response& head, std::uint64_t size) {
  http::Response answer;
  for (const auto& [name, value] : head.headers.all())
    if (name != "Content-Range") answer.headers.set(name, value);
  answer.contentType = std::string(infoType);
  JsonWriter(answer.body).object().key("hash").text(*xet.get("X-Xet-Hash")).key("size").number(size).end();
  return answer;
}

}  // namespace regesta::api::hf
