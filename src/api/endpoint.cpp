#include "api/endpoint.h"

#include <boost/json/monotonic_resource.hpp>
#include <set>

#include "api/cors.h"
#include "api/session_cookie.h"
#include "base/log.h"
#include "base/text.h"
#include "registry/workspace.h"

namespace regesta::api {
namespace {

using governance::Verb;

bool isJson(const http::Request& request) {
  auto type = request.headers.get("Content-Type");
  if (!type) return false;
  return equalsIgnoreCase(trim(type->substr(0, type->find(';'))), "application/json");
}

/// A member that is given twice becomes a list.
void addMember(json::object& object, std::string_view name, std::string_view value) {
  json::value* there = object.if_contains(name);
  if (!there) {
    object.emplace(name, value);
  } else if (there->is_array()) {
    there->get_array().emplace_back(value);
  } else {
    json::array list(object.storage());
    list.emplace_back(*there);
    list.emplace_back(value);
    *there = std::move(list);
  }
}

json::value readBody(const http::Request& request, const Dialect& dialect, const json::storage_ptr& storage) {
  if (trim(request.body).empty()) return json::object(storage);
  json::value body = parseJson(request.body, storage);
  // Old MLflow clients encode twice: a JSON string that holds the JSON object.
  if (body.is_string()) body = parseJson(std::string(body.get_string()), storage);
  if (body.is_array() && !dialect.listMember.empty()) {
    json::object wrapped(storage);
    wrapped.emplace(dialect.listMember, std::move(body));
    return wrapped;
  }
  if (!body.is_object()) throw Error(Code::invalid, "the request body must be a JSON object");
  return body;
}

/// Query string, body and path variables meet in one object, so that one reader serves them all.
json::value gather(const http::Request& request, const Route& route, const Dialect& dialect,
                   const json::storage_ptr& storage) {
  bool asQuery = request.method == "GET" || request.method == "HEAD" || request.method == "DELETE";
  bool hasBody = !request.body.empty();
  json::value input;
  if (route.rawBody) {
    input = json::object(storage);
  } else if (asQuery && !(hasBody && (dialect.bodyOnGet || request.method == "DELETE") && request.query.empty())) {
    input = json::object(storage);
    for (const auto& [name, value] : http::parseQuery(request.query)) addMember(input.get_object(), name, value);
  } else {
    if (dialect.wantsJsonType && (request.method == "POST" || request.method == "PUT") && !isJson(request))
      throw Error(Code::invalid, "Bad Request. Content-Type should be application/json.");
    input = readBody(request, dialect, storage);
  }
  for (const auto& [name, value] : request.variables) input.get_object().insert_or_assign(name, value);
  return input;
}

/// Hot objects live in a buffer on the stack; larger requests spill to the heap.
struct Arena {
  unsigned char buffer[16 * 1024];
  json::monotonic_resource resource{buffer};
};

http::Response serve(Core& core, const Dialect& dialect, const Route& route, const http::Request& request) {
  if (route.direct) return route.direct(core, request);
  Call call = admit(core, request, route.access, dialect);
  Arena arena;
  json::value input = gather(request, route, dialect, json::storage_ptr(&arena.resource));
  http::Response response;
  route.invoke(route.handler, call, input, dialect.manner, response);
  if (route.answer) response.status = call.status;
  for (const auto& [name, value] : call.headers.all()) response.headers.set(name, value);
  if (response.status == 204) response.body.clear();
  return response;
}

http::Response render(const Dialect& dialect, const http::Request& request, const Error& error) {
  if (dialect.renderErrorOf) return dialect.renderErrorOf(request, error);
  http::Response response = dialect.renderError(error);
  // A page's own script asks people for credentials itself: told of Basic, the browser would open a window of its own.
  if (error.code == Code::unauthenticated && dialect.sessions && request.headers.get("Sec-Fetch-Dest") == "empty")
    response.headers.set("WWW-Authenticate", "Session realm=\"regesta\"");
  return response;
}

/// Every fault becomes an answer in the front's own words here, so that the server's fallback is only for unknown
/// paths.
http::Response answer(Core& core, const Dialect& dialect, const Route& route, const http::Request& request) {
  try {
    return serve(core, dialect, route, request);
  } catch (const Error& e) {
    if (httpStatus(e.code) >= 500)
      log(LogLevel::error, e.message, {{"request", request.id}, {"path", request.rawPath}, {"code", codeName(e.code)}});
    return render(dialect, request, e);
  } catch (const std::exception& e) {
    log(LogLevel::error, e.what(), {{"request", request.id}, {"path", request.rawPath}});
    return render(dialect, request,
                  Error(Code::internal, "internal error; the server's log has more under request " + request.id));
  }
}

/// What the caller shows, as an Authorization header would say it.
std::optional<std::string> credentialsOf(const http::Request& request, const Dialect& dialect) {
  if (auto authorization = request.headers.get("Authorization")) return std::string(*authorization);
  if (dialect.sessions)
    if (auto session = sessionCredentials(request)) return session;
  if (dialect.keyHeader.empty()) return std::nullopt;
  if (auto key = request.headers.get(dialect.keyHeader)) return fmt::format("Bearer {}", *key);
  return std::nullopt;
}

/// Whether to find out who calls would take a thread that may wait.
bool waitsForAccess(Core& core, const Dialect& dialect, const http::Request& request) {
  try {
    auto credentials = credentialsOf(request, dialect);
    return credentials && core.access.wouldCheck(*credentials);
  } catch (const Error&) {
    return true;  // the handler will meet and tell it
  }
}

/// The workspace that all grants name, when they name one and the same.
std::optional<std::string> onlyWorkspace(const governance::Identity& identity) {
  if (identity.grants.empty() || identity.grants.front().workspace == "*") return std::nullopt;
  for (const governance::Grant& grant : identity.grants)
    if (grant.workspace != identity.grants.front().workspace) return std::nullopt;
  return identity.grants.front().workspace;
}

http::Action preflightFor(Core& core) {
  http::Action action;
  action.whole = [&core](const http::Request& request) { return preflight(core, request); };
  return action;
}

http::Action actionFor(Core& core, const Dialect& dialect, const Route& route) {
  http::Action action;
  action.whole = [&core, &dialect, &route](const http::Request& request) {
    http::Response response = answer(core, dialect, route, request);
    if (dialect.otherOrigins) allowOrigin(core, request, response);
    return response;
  };
  bool onlyReads = route.access.who != AccessRule::Who::role || route.access.verb == Verb::read;
  action.runs = onlyReads ? route.access.reading : http::Runs::waiting;
  if (onlyReads && route.access.who != AccessRule::Who::anyone)
    action.waits = [&core, &dialect](const http::Request& request) { return waitsForAccess(core, dialect, request); };
  return action;
}

}  // namespace

std::vector<Route> joined(std::initializer_list<std::span<const Route>> tables) {
  std::vector<Route> all;
  for (std::span<const Route> table : tables) all.insert(all.end(), table.begin(), table.end());
  return all;
}

http::Response errorHead(const Error& error, int status, std::string_view challenge) {
  http::Response response;
  response.status = status;
  if (error.code == Code::unauthenticated) response.headers.set("WWW-Authenticate", std::string(challenge));
  if (error.code == Code::exhausted || error.code == Code::unavailable) response.headers.set("Retry-After", "1");
  return response;
}

Call admit(Core& core, const http::Request& request, const AccessRule& access, const Dialect& dialect) {
  Call call{core, request, nullptr, std::string(registry::defaultWorkspace)};
  if (auto workspace = request.headers.get(dialect.workspaceHeader); workspace && !workspace->empty())
    call.workspace = *workspace;
  if (access.who == AccessRule::Who::anyone) {
    static const auto nobody = std::make_shared<governance::Identity>();
    call.identity = nobody;
    return call;
  }
  call.identity = core.access.authenticate(credentialsOf(request, dialect));
  if (dialect.workspaceOfGrants && !request.headers.get(dialect.workspaceHeader))
    if (auto only = onlyWorkspace(*call.identity)) call.workspace = *only;
  if (access.who == AccessRule::Who::role) call.identity->require(access.verb, call.workspace);
  if (call.workspace != registry::defaultWorkspace)
    core.store.read([&](db::Session& session) { registry::getWorkspace(session, call.workspace); });
  return call;
}

void mount(http::Router& router, Core& core, const Front& front) {
  std::set<std::string_view> asked;
  for (const Route& route : front.routes) {
    if (front.dialect.otherOrigins && asked.insert(route.pattern).second)
      router.add("OPTIONS", route.pattern, preflightFor(core));
    router.add(route.method, route.pattern, actionFor(core, front.dialect, route));
    if (!front.alsoBelow.empty() && route.pattern.starts_with("/api/"))
      router.add(route.method, std::string(front.alsoBelow) + std::string(route.pattern.substr(4)),
                 actionFor(core, front.dialect, route));
  }
  if (front.mountStreams) front.mountStreams(router, core);
}

}  // namespace regesta::api
