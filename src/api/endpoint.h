#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/core.h"
#include "api/shape.h"
#include "base/error.h"
#include "http/message.h"
#include "http/router.h"

namespace regesta::api {

/// One request in a handler.
struct Call {
  Core& core;
  const http::Request& http;
  std::shared_ptr<const access::Identity> identity;
  std::string workspace;
  int status = 200;       ///< a handler may change it (201, 204)
  http::Headers headers;  ///< additional response headers

  const registry::Actor& actor() const { return identity->actor; }
  /// Name-level check after the route's workspace-level one. Throws Error{denied}.
  void require(access::Verb verb, std::string_view name) const { identity->require(verb, workspace, name); }
};

/// Who may call a route. There is no default: a route without one does not compile.
struct AccessRule {
  enum class Who { anyone, signedIn, role };
  Who who = Who::role;
  access::Verb verb = access::Verb::read;
  std::string_view resource;
  http::Runs reading = http::Runs::inline_;  ///< where a handler runs that requires only reading
  Lane lane = Lane::scan;                    ///< its threads, if it does not run on an I/O thread
};
constexpr AccessRule open() { return {AccessRule::Who::anyone, access::Verb::read, ""}; }
constexpr AccessRule signedIn() { return {AccessRule::Who::signedIn, access::Verb::read, ""}; }
/// Handlers with reads() run on the I/O threads and must be fast; all others run on the waiting threads.
constexpr AccessRule reads(std::string_view what) { return {AccessRule::Who::role, access::Verb::read, what}; }
constexpr AccessRule writes(std::string_view what) { return {AccessRule::Who::role, access::Verb::write, what}; }
constexpr AccessRule approves(std::string_view what) { return {AccessRule::Who::role, access::Verb::approve, what}; }
constexpr AccessRule administers(std::string_view what) {
  return {AccessRule::Who::role, access::Verb::administer, what};
}
constexpr AccessRule runs(std::string_view what) { return {AccessRule::Who::role, access::Verb::run, what}; }
/// For handlers that readers may call but that wait for a password hash, a commit or the gate. They may change state,
/// so they are not cancelled.
constexpr AccessRule waiting(AccessRule rule) {
  rule.reading = http::Runs::waiting;
  rule.lane = Lane::ordinary;
  return rule;
}
/// For handlers whose work grows with the stored data: a search, a listing, a history. They are limited to
/// limits::scanMillis and stopped if their caller disconnects.
constexpr AccessRule scanning(AccessRule rule) {
  rule.reading = http::Runs::measured;
  rule.lane = Lane::scan;
  return rule;
}
/// The same for handlers that always take long or read blobs, which may be remote: never on an I/O thread.
constexpr AccessRule searching(AccessRule rule) {
  rule.reading = http::Runs::waiting;
  rule.lane = Lane::scan;
  return rule;
}
/// For handlers with expensive computations and no effects: policy trials, renderings, comparisons. Gates never wait
/// for them.
constexpr AccessRule trial(AccessRule rule) {
  rule.reading = http::Runs::waiting;
  rule.lane = Lane::trial;
  return rule;
}

/// A request or response without members: {} on the wire.
struct Empty {
  static constexpr std::span<const Field> fields{};
};
/// A response that is not JSON of a described type: text, a file, a redirect.
using Plain = http::Response;

struct Route {
  std::string_view method, pattern;
  std::string_view summary;  ///< imperative, for the OpenAPI document; unique within the front
  AccessRule access;
  const Shape* request;
  const Shape* answer;  ///< null: Plain
  void (*handler)();
  void (*invoke)(void (*handler)(), Call& call, const json::value& input, const Manner& manner,
                 http::Response& response);
  /// If set, responds instead of the above, which then only document. For hot routes; the handler authenticates and
  /// authorizes (see enter()).
  http::Response (*direct)(Core& core, const http::Request& request) = nullptr;
  bool rawBody = false;  ///< the handler reads call.http.body; only path variables are parsed
};

/// A route that streams (api/streaming.h). Its rule is checked before its handler starts and before the body is read;
/// the handler gets the result from admit().
struct StreamRoute {
  std::string_view method, pattern;
  std::string_view summary;  ///< as Route's
  AccessRule access;
  std::shared_ptr<http::StreamHandler> (*make)(Core& core);
  std::size_t bodyLimit = 1;  ///< of the body, in bytes; 1: no body expected
  bool lasting = false;       ///< stays open for long (server-sent events, long polls); counted by limits::streams
  /// The workspace, if the path names it instead of a header. Throws for a path without one.
  std::string (*workspace)(const http::Request& request) = nullptr;
  /// If set, also admits callers by other means than credentials. Throws if they are refused.
  std::shared_ptr<http::Caller> (*door)(Core& core, const http::Request& request) = nullptr;
};

namespace detail {

template <class Answer, class Input>
void invoke(void (*handler)(), Call& call, const json::value& input, const Manner& manner, http::Response& response) {
  Input in;
  readShape(shapeOf<Input>, &in, input, manner);
  auto answer = reinterpret_cast<Answer (*)(Call&, const Input&)>(handler)(call, in);
  if constexpr (std::same_as<Answer, Plain>)
    response = std::move(answer);
  else
    writeShape(shapeOf<Answer>, &answer, response.body, manner);
}

template <class Answer>
constexpr const Shape* answerShape() {
  if constexpr (std::same_as<Answer, Plain>)
    return nullptr;
  else
    return &shapeOf<Answer>;
}

}  // namespace detail

template <class Answer, class Input>
Route route(std::string_view method, std::string_view pattern, std::string_view summary, AccessRule access,
            Answer (*handler)(Call&, const Input&)) {
  return {method,
          pattern,
          summary,
          access,
          &shapeOf<Input>,
          detail::answerShape<Answer>(),
          reinterpret_cast<void (*)()>(handler),
          &detail::invoke<Answer, Input>};
}
template <class A, class I>
Route get(std::string_view pattern, std::string_view summary, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("GET", pattern, summary, access, handler);
}
/// A hot route: `described` names the types, `direct` responds.
template <class A, class I>
Route get(std::string_view pattern, std::string_view summary, AccessRule access, A (*described)(Call&, const I&),
          http::Response (*direct)(Core&, const http::Request&)) {
  Route made = route("GET", pattern, summary, access, described);
  made.direct = direct;
  return made;
}
template <class A, class I>
Route post(std::string_view pattern, std::string_view summary, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("POST", pattern, summary, access, handler);
}
template <class A, class I>
Route put(std::string_view pattern, std::string_view summary, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("PUT", pattern, summary, access, handler);
}
template <class A, class I>
Route patch(std::string_view pattern, std::string_view summary, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("PATCH", pattern, summary, access, handler);
}
template <class A, class I>
Route del(std::string_view pattern, std::string_view summary, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("DELETE", pattern, summary, access, handler);
}

/// For bodies that are not JSON of a described type.
inline Route rawBody(Route route) {
  route.rawBody = true;
  return route;
}

/// Concatenates the tables of a front.
std::vector<Route> joined(std::initializer_list<std::span<const Route>> tables);

/// Conventions of a front: accepted requests and the form of errors.
struct Dialect {
  std::string_view name;
  Manner manner;
  bool wantsJsonType = false;  ///< POST and PUT without Content-Type application/json are refused
  bool sessions = false;       ///< a browser's session cookie counts as credentials, from pages of this origin
  bool bodyOnGet = false;      ///< a GET without a query string may carry its members as a JSON body
  std::string_view workspaceHeader = "X-Regesta-Workspace";
  /// Without that header, use the only workspace in the caller's grants, for clients that can only send a key.
  bool workspaceOfGrants = false;
  std::string_view keyHeader = {};   ///< a token may also be in this header
  std::string_view listMember = {};  ///< read a body that is a JSON list as this member
  bool otherOrigins = false;         ///< pages of other origins may call (api/cors.h)
  http::Response (*renderError)(const http::Request& request, const Error& error);
};

/// The start of every front's error response: status, and headers for the client's next step (WWW-Authenticate,
/// Retry-After).
constexpr std::string_view basicChallenge = R"(Basic realm="regesta", charset="UTF-8")";
http::Response errorHead(const Error& error, int status, std::string_view challenge = basicChallenge);
/// A Dialect::renderError for clients that show the body to people: the message as plain text.
http::Response renderPlainError(const http::Request& request, const Error& error);

/// A front: a table of routes in one dialect.
struct Front {
  const Dialect& dialect;
  std::span<const Route> routes;
  /// Prefixes of the front's paths, including unknown ones. The longest matching prefix decides.
  std::span<const std::string_view> prefixes = {};
  std::span<const StreamRoute> streams = {};
  /// Responds to an unknown path or malformed request below its prefixes; null: the dialect's renderError.
  http::Response (*renderUnrouted)(const http::Request& request, const Error& error) = nullptr;
  /// Routes below /api are also available below this prefix.
  std::string_view alsoBelow = {};
};

/// Adds the front to the router. Requests are authenticated, authorized, parsed, handled and rendered here.
void mount(http::Router& router, Core& core, const Front& front);

/// Authenticates the caller and records them for the access log. Throws Error{unauthenticated}. All fronts use this or
/// admit().
std::shared_ptr<const access::Identity> identify(Core& core, const http::Request& request,
                                                 std::optional<std::string_view> credentials);

/// Identity and workspace of a request by the route's rule, also for streaming handlers. Reuses the result of the check
/// before the body. Throws Error{unauthenticated} or Error{denied}.
Call admit(Core& core, const http::Request& request, const AccessRule& access, const Dialect& dialect);

/// The OpenAPI 3.1 document of all fronts.
std::string openApi(std::span<const Front> fronts, std::string_view version);

}  // namespace regesta::api
