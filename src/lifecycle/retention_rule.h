#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"
#include "registry/version.h"

namespace regesta::lifecycle {

/// Since when the age of a version counts.
enum class AgeOf {
  creation,
  use,  ///< the latest of: creation, the moment when an alias or stage last left it, the newest report about it
};

/// Which versions of matching assets are archived or deleted, and when. Immutable per revision. Whatever a rule says,
/// what is protected, held, on an alias or stage, served, included or cited stays (retention_plan.h).
struct RetentionRule {
  std::string name;
  std::int64_t revision = 0;
  std::string kind = "*";         ///< prompt, model, dataset, artifact, or "*" for these; never policy
  std::string namePattern = "*";  ///< glob over asset names
  std::int64_t keepNewest = 0;    ///< versions of each asset that stay, archived ones not counted
  std::optional<std::int64_t> archiveAfter, deleteAfter;  ///< age in milliseconds; 0: at once
  AgeOf age = AgeOf::creation;
  std::int64_t setAt = 0;
  std::string setBy;
  bool covers(const registry::AssetKey& key) const;
  std::string label() const;  ///< "old-models@3", as entries cite it
};

/// "90d", "12h", "30m", "0d" in milliseconds. Throws Invalid{field}.
std::int64_t parseAge(std::string_view text, std::string_view field);
std::string ageText(std::int64_t millis);  ///< the largest unit that is exact: "90d"
std::string_view ageName(AgeOf age);       ///< "creation", "use"
std::optional<AgeOf> parseAgeOf(std::string_view text);

/// Stores the next revision of the rule with this name. No effect if it equals the present one. Recorded as
/// "retention.rule-set". Throws Invalid, Error{notFound} for a missing workspace.
RetentionRule setRule(registry::Change& change, std::string_view workspace, RetentionRule rule);
/// Recorded as "retention.rule-deleted". Throws Error{notFound}.
void deleteRule(registry::Change& change, std::string_view workspace, std::string_view name);
std::optional<RetentionRule> findRule(db::Transaction& transaction, std::string_view workspace, std::string_view name);
/// The rules in force, by name.
std::vector<RetentionRule> listRules(db::Transaction& transaction, std::string_view workspace);

}  // namespace regesta::lifecycle
