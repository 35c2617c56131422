#include "api/web/docs.h"

#include "api/web/serve.h"

namespace regesta::api::web {
namespace {

/// Only files of the site load and run: no inline script or style, nothing from elsewhere. Scripts of the search page
/// write HTML, so Trusted Types are left out here, unlike for the web UI.
constexpr std::string_view docsPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
    "'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

constexpr std::string_view withoutDocs =
    "<!doctype html><html lang=\"en\"><title>Regesta documentation</title><h1>Documentation</h1><p>This program was "
    "built without its documentation. Read the pages in the folder <code>docs</code> of the source, or configure the "
    "build with <code>-DREGESTA_DOCS=ON</code> on a machine that has Python 3.11 or newer and npm.</p>";

struct PagePath {
  std::string path;
  static constexpr Field fields[] = {field<&PagePath::path>("path", required)};
};

http::Response noSuchPage(const http::Request& request) {
  const File* page = find(docsFiles(), "/404.html");
  http::Response response = page ? serve(request, *page, "no-store", docsPolicy) : plainPage(withoutDocs, docsPolicy);
  response.status = 404;
  return response;
}

http::Response redirectTo(std::string location) {
  http::Response response;
  response.status = 308;
  response.contentType = "text/plain; charset=utf-8";
  response.headers.set("Location", std::move(location));
  return response;
}

http::Response docsPage(const http::Request& request, std::string_view path) {
  if (const File* file = find(docsFiles(), path)) return serve(request, *file, "no-cache", docsPolicy);
  return noSuchPage(request);
}

/// The pages refer to each other by relative links, which need the slash.
Plain toStart(Call&, const Empty&) { return redirectTo("/docs/"); }

Plain start(Call& call, const Empty&) { return docsPage(call.http, "/index.html"); }

/// "/docs/sign-in" leads to "/docs/sign-in.html", so that messages and screens can omit the extension.
Plain file(Call& call, const PagePath& in) {
  std::string path = "/" + in.path;
  if (const File* html = find(docsFiles(), path + ".html")) return redirectTo("/docs" + std::string(html->path));
  return docsPage(call.http, path);
}

}  // namespace

std::span<const Route> docsRoutes() {
  static const Route routes[] = {
      get("/docs", "Redirect to the documentation", open(), toStart),
      get("/docs/", "Open the documentation", open(), start),
      get("/docs/{path...}", "Get a page or file of the documentation", open(), file),
  };
  return routes;
}

}  // namespace regesta::api::web
