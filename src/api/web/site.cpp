#include "api/web/site.h"

#include "api/web/docs.h"
#include "api/web/serve.h"

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

http::Response page(const http::Request& request) {
  if (const File* index = find(files(), "/index.html")) return serve(request, *index, "no-cache", contentPolicy);
  return plainPage(withoutUi, contentPolicy);
}

Plain home(Call& call, const Empty&) { return page(call.http); }

struct AssetPath {
  std::string path;
  static constexpr Field fields[] = {field<&AssetPath::path>("path", required)};
};

/// Their names change with their content.
Plain asset(Call& call, const AssetPath& asked) {
  const File* file = find(files(), "/assets/" + asked.path);
  if (!file) throw error(Code::notFound, "the web UI has no file '{}'", asked.path);
  return serve(call.http, *file, "public, max-age=31536000, immutable", contentPolicy);
}

Plain icon(Call& call, const Empty&) {
  const File* file = find(files(), "/favicon.png");
  if (!file) throw Error(Code::notFound, "the icon does not exist");
  return serve(call.http, *file, "public, max-age=86400", contentPolicy);
}

const Route routes[] = {
    get("/", "Open the web UI", open(), home),
    get("/favicon.png", "Get the icon of the web UI", open(), icon),
    get("/assets/{path...}", "Get a file of the web UI", open(), asset),
};

}  // namespace

Front front() {
  static const Dialect pages{.name = "web", .manner = {}, .renderError = renderPlainError};
  static constexpr std::string_view below[] = {"/assets/", "/docs/"};
  static const std::vector<Route> all = joined({routes, docsRoutes()});
  return {.dialect = pages, .routes = all, .prefixes = below};
}

std::optional<http::Response> pageFor(const http::Request& request) {
  auto accept = request.headers.get("Accept");
  bool wantsPage = accept && accept->find("text/html") != std::string_view::npos;
  if (!wantsPage || (request.method != "GET" && request.method != "HEAD")) return std::nullopt;
  return page(request);
}

}  // namespace regesta::api::web
