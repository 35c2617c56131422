#include "api/endpoint.h"

#include <boost/json/monotonic_resource.hpp>
#include <set>

#include "api/admitted.h"
#include "api/body_limit.h"
#include "api/client_error.h"
#include "api/cors.h"
#include "api/session_cookie.h"
#include "base/limits_edge.h"
#include "base/log.h"
#include "base/text.h"
#include "governance/refusals.h"
#include "http/exchange.h"
#include "registry/workspace.h"

namespace regesta::api {
namespace {

using access::Verb;

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
    auto pairs = http::parseQuery(request.query);
    if (pairs.size() > limits::queryFields)
      throw error(Code::tooLarge, "the query string has more than {} fields", limits::queryFields);
    for (const auto& [name, value] : pairs) addMember(input.get_object(), name, value);
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
  if (response.status == 204 || response.status == 304) response.body.clear();
  return response;
}

/// Whether a page's own script calls: Sec-Fetch-Dest says so where the browser trusts the origin, which it does not
/// over plain HTTP. There the web UI sends X-Requested-With, and an EventSource asks for its media type.
bool calledByScript(const http::Request& request) {
  if (request.headers.get("Sec-Fetch-Dest") == "empty" || request.headers.get("X-Requested-With")) return true;
  auto accept = request.headers.get("Accept");
  return accept && *accept == "text/event-stream";
}

http::Response render(const Dialect& dialect, const http::Request& request, const Error& fault) {
  std::optional<Error> hidden = clientError(fault, request.id);
  const Error& error = hidden ? *hidden : fault;
  http::Response response = dialect.renderError(request, error);
  // The page's script shows its own sign-in form; for Basic, the browser would open a dialog.
  if (error.code == Code::unauthenticated && dialect.sessions && calledByScript(request))
    response.headers.set("WWW-Authenticate", "Session realm=\"regesta\"");
  return response;
}

/// Every fault becomes an answer in the front's own words here, so that the server's fallback is only for unknown
/// paths.
template <class Function>
auto answered(const Dialect& dialect, const http::Request& request, Function function) -> decltype(function()) {
  try {
    return function();
  } catch (const Error& e) {
    request.account.problem = codeName(e.code);
    if (httpStatus(e.code) >= 500)
      log(LogLevel::error, e.message, {{"request", request.id}, {"path", request.rawPath}, {"code", codeName(e.code)}});
    return render(dialect, request, e);
  } catch (const std::exception& e) {
    log(LogLevel::error, e.what(), {{"request", request.id}, {"path", request.rawPath}});
    return render(dialect, request, Error(Code::internal, {}));
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

/// The caller for fair queueing on the waiting threads: the known owner of the credentials, otherwise the peer's
/// address.
std::string callerOf(Core& core, const Dialect& dialect, const http::Request& request) {
  try {
    auto credentials = credentialsOf(request, dialect);
    if (!credentials || !core.access.wouldCheck(*credentials)) return core.access.authenticate(credentials)->actor.name;
  } catch (const Error&) {
    // The handler reports the error.
  }
  return "address:" + std::string(request.remote);
}

/// The workspace that all grants name, when they name one and the same.
std::optional<std::string> onlyWorkspace(const access::Identity& identity) {
  if (identity.grants.empty() || identity.grants.front().workspace == "*") return std::nullopt;
  for (const access::Grant& grant : identity.grants)
    if (grant.workspace != identity.grants.front().workspace) return std::nullopt;
  return identity.grants.front().workspace;
}

http::Action preflightFor(Core& core) {
  http::Action action;
  action.whole = [&core](const http::Request& request) { return preflight(core, request); };
  return action;
}

std::string workspaceOf(const http::Request& request, const Dialect& dialect) {
  auto workspace = request.headers.get(dialect.workspaceHeader);
  return std::string(workspace && !workspace->empty() ? *workspace : registry::defaultWorkspace);
}

/// A door (http::Action::door) around something that lets a caller in or throws.
template <class Admit>
std::function<std::optional<http::Response>(http::Request&)> doorOf(const Dialect& dialect, Admit admit) {
  return [&dialect, admit](http::Request& request) -> std::optional<http::Response> {
    return answered(dialect, request, [&]() -> std::optional<http::Response> {
      request.caller = admit(request);
      return std::nullopt;
    });
  };
}

http::Action actionFor(Core& core, const Dialect& dialect, const Route& route) {
  http::Action action;
  action.whole = [&core, &dialect, &route](const http::Request& request) {
    http::Response response = answered(dialect, request, [&] { return serve(core, dialect, route, request); });
    if (dialect.otherOrigins) allowOrigin(core, request, response);
    return response;
  };
  action.open = route.access.who == AccessRule::Who::anyone;
  action.bodyLimit = bodyLimitOf(route);
  if (!action.open)
    action.door = doorOf(dialect, [&core, &dialect, &route](const http::Request& request) {
      return admitHead(core, request, route.access, dialect, nullptr);
    });
  bool onlyReads = route.access.who != AccessRule::Who::role || route.access.verb == Verb::read;
  action.runs = onlyReads ? route.access.reading : http::Runs::waiting;
  action.lane = onlyReads ? route.access.lane : Lane::ordinary;
  if (!action.open) {
    action.waits = [&core, &dialect](const http::Request& request) { return waitsForAccess(core, dialect, request); };
    action.callerName = [&core, &dialect](const http::Request& request) { return callerOf(core, dialect, request); };
  }
  return action;
}

http::Action actionFor(Core& core, const Dialect& dialect, const StreamRoute& route) {
  http::Action action = http::streaming(route.make(core), route.bodyLimit);
  action.lasting = route.lasting;
  action.waits = [&core, &dialect](const http::Request& request) { return waitsForAccess(core, dialect, request); };
  action.door =
      doorOf(dialect, [&core, &dialect, &route](const http::Request& request) -> std::shared_ptr<http::Caller> {
        if (route.door) return route.door(core, request);
        auto use = route.lasting ? access::Access::Use::look : access::Access::Use::request;
        return admitHead(core, request, route.access, dialect, route.workspace, use);
      });
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

http::Response renderPlainError(const http::Request& /*request*/, const Error& error) {
  http::Response response = errorHead(error, httpStatus(error.code));
  response.contentType = "text/plain; charset=utf-8";
  response.body = error.message + "\n";
  return response;
}

namespace {

/// Who calls, noted for the access log; `find` is what finds it out.
template <class Find>
auto noted(const http::Request& request, std::optional<std::string_view> credentials, Find find) {
  try {
    return find();
  } catch (const Error& why) {
    if (credentials && (why.code == Code::unauthenticated || why.code == Code::exhausted))
      request.account.claimed = governance::claimedName(*credentials);
    throw;
  }
}

}  // namespace

std::shared_ptr<const access::Identity> identify(Core& core, const http::Request& request,
                                                 std::optional<std::string_view> credentials) {
  auto identity = noted(request, credentials, [&] { return core.access.authenticate(credentials, request.remote); });
  request.account.actor = identity->actor.name;
  return identity;
}

std::shared_ptr<Admitted> admitHead(Core& core, const http::Request& request, const AccessRule& access,
                                    const Dialect& dialect, std::string (*ofPath)(const http::Request&),
                                    access::Access::Use use) {
  std::optional<std::string> credentials = credentialsOf(request, dialect);
  access::Access::Admission admission =
      noted(request, credentials, [&] { return core.access.admit(credentials, request.remote, use); });
  request.account.actor = admission.identity->actor.name;
  std::string workspace = ofPath ? ofPath(request) : workspaceOf(request, dialect);
  if (!ofPath && dialect.workspaceOfGrants && !request.headers.get(dialect.workspaceHeader))
    if (auto only = onlyWorkspace(*admission.identity)) workspace = *only;
  if (access.who == AccessRule::Who::role) admission.identity->require(access.verb, workspace);
  if (workspace != registry::defaultWorkspace)
    core.store.read([&](db::Transaction& transaction) { registry::getWorkspace(transaction, workspace); });
  auto again = [&core, credentials] { return core.access.admit(credentials, {}, access::Access::Use::look); };
  return std::make_shared<Admitted>(core, std::move(admission), std::move(again), std::move(workspace));
}

Call admit(Core& core, const http::Request& request, const AccessRule& access, const Dialect& dialect) {
  if (access.who == AccessRule::Who::anyone) {
    static const auto nobody = std::make_shared<access::Identity>();
    return {core, request, nobody, workspaceOf(request, dialect)};
  }
  auto known = std::dynamic_pointer_cast<Admitted>(request.caller);
  if (known && known->current()) {
    if (access.who == AccessRule::Who::role) known->identity()->require(access.verb, known->workspace());
    return {core, request, known->identity(), known->workspace()};
  }
  if (known) {
    // Users or grants changed since the head was let in. The workspace that it named stays, whatever named it.
    auto again = admitHead(core, request, signedIn(), dialect, nullptr);
    if (access.who == AccessRule::Who::role) again->identity()->require(access.verb, known->workspace());
    return {core, request, again->identity(), known->workspace()};
  }
  auto admitted = admitHead(core, request, access, dialect, nullptr);
  return {core, request, admitted->identity(), admitted->workspace()};
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
  for (const StreamRoute& route : front.streams) {
    router.add(route.method, route.pattern, actionFor(core, front.dialect, route));
    if (!front.alsoBelow.empty() && route.pattern.starts_with("/api/"))
      router.add(route.method, std::string(front.alsoBelow) + std::string(route.pattern.substr(4)),
                 actionFor(core, front.dialect, route));
  }
}

}  // namespace regesta::api
