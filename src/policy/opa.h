#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"

namespace regesta::policy {

/// Address of a real OPA.
struct OpaOptions {
  std::string url;     ///< "http://127.0.0.1:8181", without a path
  std::string token;   ///< empty, or sent as a bearer token
  std::string caFile;  ///< empty: the system's
  int timeoutSeconds = 5;
};

/// Gate decisions by a real OPA over its REST API, for policies that the embedded engine cannot run. The policy's files
/// are put into OPA below `data.regesta_<digest>`, so versions do not interfere, several servers can share one OPA, and
/// exactly this text decides. Thread-safe.
///
/// Weaker than Engine in two ways that OPA's own settings have to close: random numbers are OPA's, and so is whether
/// http.send may reach the network (--set or capabilities without it). time.now_ns() is the decision's, as in Engine.
class Opa {
 public:
  explicit Opa(OpaOptions options);
  ~Opa();
  Opa(const Opa&) = delete;
  Opa& operator=(const Opa&) = delete;

  /// Like Engine::decide(): does not throw because of policy, input or OPA; an unreachable OPA is a Verdict with an
  /// error, which counts as a deny.
  Verdict decide(const std::vector<Module>& modules, std::string_view inputJson, std::int64_t nowNanos);

  /// The result of OPA's compiler, with positions in the original files. Throws Error{unavailable} without a response.
  CheckReport check(const std::vector<Module>& modules);

  /// Removes the policy from OPA. No effect if absent.
  void forget(const std::vector<Module>& modules);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::policy
