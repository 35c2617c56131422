#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/choose.h"
#include "registry/change.h"
#include "registry/version.h"

namespace regesta::delivery {

/// One answer: a version and why it is this one.
struct Resolved {
  std::shared_ptr<const registry::Version> version;
  std::shared_ptr<const registry::Version> composed;  ///< the same with its partials put in; what clients are given
  bool live = false;  ///< a partial follows a label: what is composed may change while the version does not
  std::vector<std::string> aliases;  ///< that stand on it now
  Choice::Reason reason = Choice::Reason::fixed;
  std::string why;           ///< in words, for people; nothing of who asked is in it
  std::int64_t rollout = 0;  ///< of the rollout that decided; 0: none did
  std::string variant;       ///< "stable", or the arm's name ("candidate"); empty when no rollout runs
};

/// An answer as one front writes it, ready to be sent.
struct Rendered {
  std::string body;
  std::string etag;  ///< strong, with its quotes: a digest of the body
};

/// An answer that many askers share, with what fronts made of it. Immutable; thread-safe.
class Served {
 public:
  /// `Render` must depend on nothing but the answer.
  using Render = std::string (*)(const Resolved&);
  explicit Served(Resolved answer) : answer(std::move(answer)) {}
  ~Served();
  Served(const Served&) = delete;
  Served& operator=(const Served&) = delete;

  const Resolved answer;
  /// What `render` makes of the answer; made once, then kept as long as this.
  const Rendered& view(Render render) const;

 private:
  struct View;
  mutable std::atomic<View*> views_ = nullptr;
};

class Target;

/// Answers which version of a prompt to serve, from memory once it was asked for. What a change on this server touched
/// is forgotten before the change returns; changes by other servers on the same database arrive within milliseconds.
/// Thread-safe; a cold answer reads the database, a warm one takes one short lock and allocates nothing.
class Resolver {
 public:
  explicit Resolver(registry::Store& store);
  ~Resolver();

  /// `selector`: an alias (also "production.b17": the bucket of a client that cannot send a key), "latest", a number,
  /// a SemVer or a range. Throws Error{notFound} that says what was looked for.
  std::shared_ptr<const Served> serve(std::string_view workspace, std::string_view name, std::string_view selector,
                                      const Asker& asker);
  /// All that the selector may lead to, and how it is chosen (delivery/target.h).
  std::shared_ptr<const Target> target(std::string_view workspace, std::string_view name, std::string_view selector);
  Resolved resolve(std::string_view workspace, std::string_view name, std::string_view selector, const Asker& asker) {
    return serve(workspace, name, selector, asker)->answer;
  }

  /// A change of the subject ("prompt/NAME", "prompt/NAME@3", "prompt/NAME#production") became durable. What is being
  /// read from the database at this moment is not kept either: it may be older than the change.
  void forget(std::string_view workspace, std::string_view subject);
  /// News may have been missed.
  void forgetAll();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::delivery
