#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/engine.h"

namespace regesta::policy {

/// Where a real OPA answers.
struct OpaOptions {
  std::string url;     ///< "http://127.0.0.1:8181", without a path
  std::string token;   ///< empty, or sent as a bearer token
  std::string caFile;  ///< empty: the system's
  int timeoutSeconds = 5;
};

/// Gate decisions by a real OPA over its REST API, for policies that the embedded engine cannot run. The policy's files
/// are put into OPA below `data.regesta_<digest>`, so versions do not meet each other, several servers may share one
/// OPA, and what is decided is exactly this text. Thread-safe.
///
/// Weaker than Engine in two ways that OPA's own settings have to close: random numbers are OPA's, and so is whether
/// http.send may reach the network (--set or capabilities without it). time.now_ns() is the decision's, as in Engine.
class Opa {
 public:
  explicit Opa(OpaOptions options);
  ~Opa();
  Opa(const Opa&) = delete;
  Opa& operator=(const Opa&) = delete;

  /// As Engine::decide(): never throws for what the policy, the input or OPA does; not reaching OPA is a Verdict with
  /// an error, and counts as a deny.
  Verdict decide(const std::vector<Module>& modules, std::string_view inputJson, std::int64_t nowNanos);

  /// What OPA's compiler says, with places in the files as they were given. Throws Error{unavailable} without an
  /// answer.
  CheckReport check(const std::vector<Module>& modules);

  /// Takes the policy out of OPA again. Absent is fine.
  void forget(const std::vector<Module>& modules);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::policy
