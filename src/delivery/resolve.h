#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/version.h"
#include "rollout/choose.h"

namespace regesta::delivery {

/// A resolved version and the reason for it.
struct Resolved {
  std::shared_ptr<const registry::Version> version;
  std::shared_ptr<const registry::Version> composed;  ///< the same with its partials inserted, as clients get it
  std::vector<std::string> aliases;                   ///< that point to it now
  rollout::Choice::Reason reason = rollout::Choice::Reason::fixed;
  std::string why;           ///< a sentence for users, without data of the caller
  std::int64_t rollout = 0;  ///< id of the rollout that decided; 0: none
  std::string variant;       ///< "stable", or the arm's name ("candidate"); empty if no rollout is active
};

/// A response body of one front.
struct Rendered {
  std::string body;
  std::string etag;  ///< strong, with its quotes: a digest of the body
};

/// A resolved version shared by callers, with cached response bodies. Immutable; thread-safe.
class Served {
 public:
  /// `Render` must depend only on the resolved version.
  using Render = std::string (*)(const Resolved&);
  explicit Served(Resolved answer) : answer(std::move(answer)) {}
  ~Served();
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  const Resolved answer;
  /// The result of `render`, cached as long as this object lives.
  const Rendered& view(Render render) const;

 private:
  struct View;
  mutable std::atomic<View*> views_ = nullptr;
};

class Target;

/// Resolves which version of a prompt to serve, with a cache. A change on this server invalidates entries before it
/// returns; changes by other servers of the database arrive within milliseconds. Thread-safe; a miss reads the
/// database, a hit takes one short lock and allocates nothing.
class Resolver {
 public:
  explicit Resolver(registry::Store& store);
  ~Resolver();

  /// `selector`: an alias (also "production.b17": the bucket of a client that cannot send a key), "latest", a number,
  /// a SemVer or a range. Throws Error{notFound} that names the selector.
  std::shared_ptr<const Served> serve(std::string_view workspace, std::string_view name, std::string_view selector,
                                      const rollout::EvaluationContext& context);
  /// All possible results of the selector, and how one is chosen (delivery/target.h).
  std::shared_ptr<const Target> target(std::string_view workspace, std::string_view name, std::string_view selector);
  Resolved resolve(std::string_view workspace, std::string_view name, std::string_view selector,
                   const rollout::EvaluationContext& context) {
    return serve(workspace, name, selector, context)->answer;
  }

  /// Call when a change of the subject ("prompt/NAME", "prompt/NAME@3", "prompt/NAME#production") is durable. Reads in
  /// progress are not cached either, because they may be older than the change.
  void forget(std::string_view workspace, std::string_view subject);
  /// Call when notifications may have been missed.
  void forgetAll();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::delivery
