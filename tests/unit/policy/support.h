#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "policy/engine.h"

namespace regesta::policy {

/// One engine for all tests of the program: that hostile policies of one test leave it working for the next is the
/// point.
inline Engine& engine() {
  static Engine shared(Options{.wallMillis = 60'000, .queueMillis = 600'000});  // patient: the machine may be busy
  return shared;
}

/// Workers of all engines that died or were killed.
inline std::uint64_t workersLost() {
  return counter("regesta_policy_workers_lost_total", "Policy workers that died or were killed").value();
}

inline std::vector<Module> gate(std::string_view rules) {
  return {{"gate.rego", "package regesta.gate\n" + std::string(rules)}};
}

inline Verdict decide(std::string_view rules, std::string_view input = "{}") {
  return engine().decide(gate(rules), input, 1'700'000'000'000'000'000);
}

/// A decision that any healthy pool makes.
inline bool stillWorks() {
  auto verdict = decide(R"(deny contains {"code": "a", "msg": input.x} if input.x)", R"({"x": "hello"})");
  return verdict.error.empty() && verdict.deny.size() == 1 && verdict.deny[0].msg == "hello";
}

inline std::string repeat(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

}  // namespace regesta::policy
