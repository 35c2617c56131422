#include "api/web/site.h"

#include "api/web/files.h"
#include "http/conditional.h"

namespace regesta::api::web {
namespace {

/// Nothing but our own files runs or loads; no page of others may frame us. Hostile names, cards and prompts are shown
/// as text or as sanitised markup, and this is the wall behind that.
constexpr std::string_view contentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
    "'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types svelte-trusted-html dompurify regesta";

constexpr std::string_view withoutUi =
    "<!doctype html><html lang=\"en\"><title>Regesta</title><h1>Regesta</h1><p>This program was built without its web "
    "UI. The API is described in <a href=\"/openapi.json\">/openapi.json</a>.</p>";

const File* find(std::string_view path) {
  for (const File& file : files())
    if (file.path == path) return &file;
  return nullptr;
}

bool accepts(const http::Request& request, std::string_view encoding) {
  auto header = request.headers.get("Accept-Encoding");
  return header && header->find(encoding) != std::string_view::npos;
}

void guard(http::Response& response) {
  response.headers.set("Content-Security-Policy", std::string(contentPolicy));
  response.headers.set("X-Content-Type-Options", "nosniff");
  response.headers.set("Referrer-Policy", "same-origin");
  response.headers.set("Cross-Origin-Opener-Policy", "same-origin");
}

http::Response serve(const http::Request& request, const File& file, std::string_view caching) {
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
  guard(response);
  return response;
}

http::Response page(const http::Request& request) {
  if (const File* index = find("/index.html")) return serve(request, *index, "no-cache");
  http::Response response;
  response.contentType = "text/html; charset=utf-8";
  response.body = withoutUi;
  guard(response);
  return response;
}

Plain home(Call& call, const Nothing&) { return page(call.http); }

struct AssetPath {
  std::string path;
  static constexpr Field fields[] = {field<&AssetPath::path>("path", required)};
};

/// Their names change with their content.
Plain asset(Call& call, const AssetPath& asked) {
  const File* file = find("/assets/" + asked.path);
  if (!file) throw error(Code::notFound, "the web UI has no file '{}'", asked.path);
  return serve(call.http, *file, "public, max-age=31536000, immutable");
}

Plain icon(Call& call, const Nothing&) {
  const File* file = find("/favicon.png");
  if (!file) throw Error(Code::notFound, "there is no icon");
  return serve(call.http, *file, "public, max-age=86400");
}

http::Response renderError(const Error& error) {
  http::Response response = errorHead(error, httpStatus(error.code));
  response.contentType = "text/plain; charset=utf-8";
  response.body = error.message + "\n";
  return response;
}

const Route routes[] = {
    get("/", open(), home),
    get("/favicon.png", open(), icon),
    get("/assets/{path...}", open(), asset),
};

}  // namespace

Front front() {
  static const Dialect pages{.name = "web", .manner = {}, .renderError = renderError};
  static constexpr std::string_view below[] = {"/assets/"};
  return {.dialect = pages, .routes = routes, .prefixes = below};
}

std::optional<http::Response> pageFor(const http::Request& request) {
  auto accept = request.headers.get("Accept");
  bool wantsPage = accept && accept->find("text/html") != std::string_view::npos;
  if (!wantsPage || (request.method != "GET" && request.method != "HEAD")) return std::nullopt;
  return page(request);
}

}  // namespace regesta::api::web
