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

/// One request on its way through a handler.
struct Call {
  Core& core;
  const http::Request& http;
  std::shared_ptr<const governance::Identity> identity;
  std::string workspace;
  int status = 200;       ///< a handler may change it (201, 204)
  http::Headers headers;  ///< extra answer headers

  const registry::Actor& actor() const { return identity->actor; }
  /// Name-level check behind the route's workspace-level one. Throws Error{denied}.
  void require(governance::Verb verb, std::string_view name) const { identity->require(verb, workspace, name); }
};

/// Who may call a route. There is no default: a route without one does not compile.
struct AccessRule {
  enum class Who { anyone, signedIn, role };
  Who who = Who::role;
  governance::Verb verb = governance::Verb::read;
  std::string_view resource;
  http::Runs reading = http::Runs::inline_;  ///< where a handler runs that only asks for reading
};
constexpr AccessRule open() { return {AccessRule::Who::anyone, governance::Verb::read, ""}; }
constexpr AccessRule signedIn() { return {AccessRule::Who::signedIn, governance::Verb::read, ""}; }
/// Handlers behind reads() run on the I/O threads and must be quick; all others run on the waiting threads.
constexpr AccessRule reads(std::string_view what) { return {AccessRule::Who::role, governance::Verb::read, what}; }
constexpr AccessRule writes(std::string_view what) { return {AccessRule::Who::role, governance::Verb::write, what}; }
constexpr AccessRule approves(std::string_view what) {
  return {AccessRule::Who::role, governance::Verb::approve, what};
}
constexpr AccessRule administers(std::string_view what) {
  return {AccessRule::Who::role, governance::Verb::administer, what};
}
constexpr AccessRule runs(std::string_view what) { return {AccessRule::Who::role, governance::Verb::run, what}; }
/// For handlers that anyone who reads may call but that wait: for a policy worker, a password's hash, a commit.
constexpr AccessRule waiting(AccessRule rule) {
  rule.reading = http::Runs::waiting;
  return rule;
}
/// For handlers whose work grows with what is stored: a search, a listing, a history.
constexpr AccessRule scanning(AccessRule rule) {
  rule.reading = http::Runs::measured;
  return rule;
}

/// A request or answer without members: {} on the wire.
struct Nothing {
  static constexpr std::span<const Field> fields{};
};
/// An answer that is not JSON of a described type: text, a file, a redirect.
using Plain = http::Response;

struct Route {
  std::string_view method, pattern;
  AccessRule access;
  const Shape* request;
  const Shape* answer;  ///< null: Plain
  void (*handler)();
  void (*invoke)(void (*handler)(), Call& call, const json::value& input, const Manner& manner,
                 http::Response& response);
  /// Set: answers instead of all of the above, which then only document. For routes where gathering and writing would
  /// cost more than the answer; authentication and authorization are the handler's business (see enter()).
  http::Response (*direct)(Core& core, const http::Request& request) = nullptr;
  bool rawBody = false;  ///< the handler reads call.http.body itself; only path variables are gathered
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
Route route(std::string_view method, std::string_view pattern, AccessRule access,
            Answer (*handler)(Call&, const Input&)) {
  return {method,
          pattern,
          access,
          &shapeOf<Input>,
          detail::answerShape<Answer>(),
          reinterpret_cast<void (*)()>(handler),
          &detail::invoke<Answer, Input>};
}
template <class A, class I>
Route get(std::string_view pattern, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("GET", pattern, access, handler);
}
/// A hot route: `described` names the types, `direct` answers.
template <class A, class I>
Route get(std::string_view pattern, AccessRule access, A (*described)(Call&, const I&),
          http::Response (*direct)(Core&, const http::Request&)) {
  Route made = route("GET", pattern, access, described);
  made.direct = direct;
  return made;
}
template <class A, class I>
Route post(std::string_view pattern, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("POST", pattern, access, handler);
}
template <class A, class I>
Route put(std::string_view pattern, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("PUT", pattern, access, handler);
}
template <class A, class I>
Route patch(std::string_view pattern, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("PATCH", pattern, access, handler);
}
template <class A, class I>
Route del(std::string_view pattern, AccessRule access, A (*handler)(Call&, const I&)) {
  return route("DELETE", pattern, access, handler);
}

/// For bodies that are not JSON of a described type.
inline Route rawBody(Route route) {
  route.rawBody = true;
  return route;
}

/// The tables of a front, one behind the other.
std::vector<Route> joined(std::initializer_list<std::span<const Route>> tables);

/// How a front speaks: what it accepts, and how it says that something went wrong.
struct Dialect {
  std::string_view name;
  Manner manner;
  bool wantsJsonType = false;  ///< POST and PUT without Content-Type application/json are refused
  bool sessions = false;       ///< a browser's session cookie counts as credentials, from pages of this origin
  bool bodyOnGet = false;      ///< a GET without a query string may carry its members as a JSON body
  std::string_view workspaceHeader = "X-Regesta-Workspace";
  /// Without that header: the one workspace that the caller's grants name, for clients that can only send a key.
  bool workspaceOfGrants = false;
  std::string_view keyHeader = {};   ///< a token may come in this header, too
  std::string_view listMember = {};  ///< a body that is a JSON list is read as this member
  bool otherOrigins = false;         ///< pages of other origins may call (api/cors.h)
  http::Response (*renderError)(const Error& error);
  /// Where the error's words depend on what was asked; null: renderError.
  http::Response (*renderErrorOf)(const http::Request& request, const Error& error) = nullptr;
};

/// How every front's error answer begins: the status, and the headers that tell a client how to go on (who it must say
/// it is; when to come again).
constexpr std::string_view basicChallenge = R"(Basic realm="regesta", charset="UTF-8")";
http::Response errorHead(const Error& error, int status, std::string_view challenge = basicChallenge);

/// A table of routes in one dialect, and what goes with it.
struct Front {
  const Dialect& dialect;
  std::span<const Route> routes;
  /// The paths that are this front's, known to it or not. Of several fronts the longest prefix decides.
  std::span<const std::string_view> prefixes = {};
  /// Mounts what reads or writes piece by piece (api/streaming.h); null: nothing does.
  void (*mountStreams)(http::Router& router, Core& core) = nullptr;
  /// Answers an unknown path or a malformed request below its prefixes; null: as the dialect renders errors.
  http::Response (*renderStray)(const http::Request& request, const Error& error) = nullptr;
  /// Routes below /api can be reached below this, too.
  std::string_view alsoBelow = {};
};

/// Puts the front into the router. Each request is authenticated, authorized, read, handled and rendered here.
void mount(http::Router& router, Core& core, const Front& front);

/// The door for streaming handlers, which mount themselves: identity and workspace of a request by the same rules.
/// Throws Error{unauthenticated} or Error{denied}.
Call admit(Core& core, const http::Request& request, const AccessRule& access, const Dialect& dialect);

/// The OpenAPI 3.1 document of all fronts.
std::string openApi(std::span<const Front> fronts, std::string_view version);

}  // namespace regesta::api
