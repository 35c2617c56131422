#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/change.h"
#include "registry/version.h"

namespace regesta::delivery {

/// Who asks for a prompt. In a rollout the key decides, always in the same way; segments look at the context.
struct Asker {
  std::string key;       ///< user, session, tenant; empty: nobody in particular, who gets the stable version
  json::object context;  ///< OpenFeature's evaluation context without targetingKey
};

/// One answer: a version and why it is this one.
struct Resolved {
  std::shared_ptr<const registry::Version> version;
  std::vector<std::string> aliases;  ///< that stand on it now
  enum class Reason { fixed, split, segment } reason = Reason::fixed;
  std::string why;           ///< in words, for people
  std::int64_t rollout = 0;  ///< of the rollout that decided; 0: none did
  std::string variant;       ///< "stable", "candidate", or an arm's name; empty when no rollout runs
};

/// Answers which version of a prompt to serve, from memory once it was asked for. What a change on this server touched
/// is forgotten before the change returns; changes by other servers on the same database arrive within milliseconds.
/// Thread-safe; a cold answer reads the database.
class Resolver {
 public:
  explicit Resolver(registry::Store& store);
  ~Resolver();

  /// `selector`: an alias (also "production.b17": the bucket of a client that cannot send a key), "latest", a number,
  /// a SemVer or a range. Throws Error{notFound} that says what was looked for.
  Resolved resolve(std::string_view workspace, std::string_view name, std::string_view selector, const Asker& asker);

 private:
  registry::Store& store_;
};

}  // namespace regesta::delivery
