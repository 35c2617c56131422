#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/work.h"
#include "http/message.h"

namespace regesta::http {

class StreamHandler;  // http/exchange.h: a coroutine over the request's bytes

/// Where a whole-body handler runs. Handlers that only read run on the I/O thread that parsed the request; handlers
/// that wait (for a commit, a worker, another server) run on the pool of waiting threads, which costs some 60 µs.
/// `measured` is for handlers that read as much as there is: they run on the I/O thread while they are quick, and on
/// the pool for limits::slowRouteMillis after one of them took longer than limits::inlineMicros. Whatever runs on an
/// I/O thread is stopped after limits::inlineBudgetMillis and starts over on the pool, so it must only read.
enum class Runs { inline_, waiting, measured };

/// The handler of a route: exactly one of `whole` and `stream` is set.
struct Action {
  std::function<Response(const Request&)> whole;
  std::shared_ptr<StreamHandler> stream;
  Runs runs = Runs::inline_;
  /// Set: whether it takes a waiting thread to find out who calls, although `runs` says otherwise. Quick, throws
  /// nothing.
  std::function<bool(const Request&)> waits;
  /// Set: decides from the head alone whether the request is let in, before a byte of its body is taken, and sets
  /// request.caller; otherwise returns the refusal. Throws nothing. Where `waits` says so it runs on a waiting thread.
  std::function<std::optional<Response>(Request&)> door;
  bool open = false;     ///< needs no credentials; its body is small and read at once
  bool lasting = false;  ///< a stream that stays open for long, which quotas count
  /// Of the pool, the threads it runs on. Except for Lane::ordinary, it is stopped when its caller has gone.
  Lane lane = Lane::ordinary;
  /// Who calls, where no door found out: callers take turns on the pool. Quick, throws nothing; null: the address.
  std::function<std::string(const Request&)> callerName;
  std::size_t bodyLimit = 0;  ///< 0: limits::wholeBody; streaming routes set their own
  std::string pattern;        ///< for logs and metrics: "/api/v1/assets/{name}"
};

/// Patterns are segments: literal text, {name} for one segment, {name...} for the rest (one or more segments).
/// A literal segment wins over a variable. Filled before the server starts; reading is thread-safe.
class Router {
 public:
  Router();
  ~Router();
  /// Throws Error{internal} when the same method and pattern stand already.
  void add(std::string_view method, std::string_view pattern, Action action);

  struct Found {
    const Action* action = nullptr;    ///< null: no such path, or not with this method
    std::vector<std::string> allowed;  ///< methods the path has; empty: no such path
  };
  /// Fills request.variables. HEAD falls back to GET.
  Found find(Request& request) const;

 private:
  struct Node;
  std::unique_ptr<Node> root_;
};

}  // namespace regesta::http
