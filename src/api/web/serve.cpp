#include "api/web/serve.h"

#include "http/conditional.h"

namespace regesta::api::web {
namespace {

bool accepts(const http::Request& request, std::string_view encoding) {
  auto header = request.headers.get("Accept-Encoding");
  return header && header->find(encoding) != std::string_view::npos;
}

void guard(http::Response& response, std::string_view contentPolicy) {
  response.headers.set("Content-Security-Policy", std::string(contentPolicy));
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "same-origin");
  response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
}

}  // namespace

const File* find(std::span<const File> files, std::string_view path) {
  for (const File& file : files)
    if (file.path == path) return &file;
  return nullptr;
}

http::Response serve(const http::Request& request, const File& file, std::string_view caching,
                     std::string_view contentPolicy) {
  http::Validators known{file.etag, std::nullopt};
  if (http::evaluateConditions(request, known) == http::Condition::notModified) return http::notModified(known);
  http::Response response;
  response.contentType = file.contentType;
  response.headers.set("ETag", std::string(file.etag));
  response.headers.set("Cache-Control", std::string(caching));
  response.headers.set("Vary", "Accept-Encoding");
  if (!file.brotli.empty() && accepts(request, "br")) {
    response.headers.set("Content-Encoding", "br");
    response.body = file.brotli;
  } else if (!file.gzip.empty() && accepts(request, "gzip")) {
    response.headers.set("Content-Encoding", "gzip");
    response.body = file.gzip;
  } else {
    response.body = file.plain;
  }
  guard(response, contentPolicy);
  return response;
}

http::Response plainPage(std::string_view html, std::string_view contentPolicy) {
  http::Response response;
  response.contentType = "text/html; charset=utf-8";
  response.body = html;
  guard(response, contentPolicy);
  return response;
}

}  // namespace regesta::api::web
