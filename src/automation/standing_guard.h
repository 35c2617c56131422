#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/json.h"
#include "registry/change.h"
#include "registry/version.h"

namespace regesta::governance {
class Gate;
}

/// Standing guards: an alias that stands normally, without a rollout, is watched by a metric of the version that it
/// points to. For prompts the metric is reported (quality/report.h); for models it is read off their traces.
namespace regesta::automation {

struct GuardRule {
  std::string metric;
  bool higherIsBetter = true;
  std::optional<double> threshold;    ///< the mean must not be clearly worse than it
  std::optional<double> margin;       ///< nor than that of the version before by more than this
  std::int64_t minReports = 30;       ///< of each version that is judged
  std::int64_t windowHours = 24 * 7;  ///< only what was reported since; 0: everything
  bool rollback = false;              ///< on a breach; otherwise it only alerts
};

struct StandingGuard {
  std::int64_t id = 0;
  registry::Asset asset;
  std::string alias, name;
  std::string body;  ///< canonical JSON
  GuardRule rule;    ///< body, read
  std::int64_t setAt = 0;
  std::string setBy;
  std::int64_t actedNumber = 0, actedAt = 0;  ///< the newest breach; 0: none
  std::string outcome;                        ///< of that
  std::string state;                          ///< waiting, fine, watching, breached
  std::string why;                            ///< a sentence
  std::int64_t checkedAt = 0;
};

/// Throws Invalid that names the member.
GuardRule readGuard(const json::object& body);

/// Creates or replaces it. For callers who may write the asset; only an administrator of the asset, and the user who
/// set it, may replace or delete one. Recorded as "standing-guard.set" and "standing-guard.deleted".
StandingGuard setGuard(registry::Change& change, const access::Identity& identity, const registry::Asset& asset,
                       std::string_view alias, std::string_view name, const json::object& body);
void deleteGuard(registry::Change& change, const access::Identity& identity, const StandingGuard& guard);
std::optional<StandingGuard> findGuard(db::Transaction& transaction, const registry::AssetKey& key,
                                       std::string_view alias, std::string_view name);
/// By asset, alias and name. `asset` 0: of all assets.
std::vector<StandingGuard> listGuards(db::Transaction& transaction, std::int64_t asset);

/// What a guard compares, and its result.
struct GuardFinding {
  std::string state;          ///< waiting, fine, watching, breached
  std::string why;            ///< a sentence
  std::int64_t version = 0;   ///< that the alias points to; 0: none
  std::int64_t previous = 0;  ///< the version before, if it was compared
  json::object evidence;      ///< the numbers
};
GuardFinding judge(db::Transaction& transaction, const StandingGuard& guard, std::int64_t now);

/// Looks at every guard again and again. A breach is recorded once for each version, as "guard.breached" with the
/// numbers, and rolls the alias back if the guard says so: through the gate, by the rights that the user who set it has
/// now. One server per database works at a time. Thread-safe.
class StandingGuards {
 public:
  StandingGuards(registry::Store& store, governance::Gate& gate);
  ~StandingGuards();
  void start();
  void stop();
  /// Returns the number of breaches.
  std::size_t round();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::automation
