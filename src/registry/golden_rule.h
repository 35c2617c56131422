#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// Binds a dataset with inputs and expected outputs to assets: every new version of a matching asset is run against it
/// (evaluation/golden). Immutable; delete it and make another one.
struct GoldenRule {
  std::int64_t id = 0;
  std::string workspace, name;
  std::string kind;               ///< model or prompt
  std::string namePattern;        ///< glob over asset names
  std::int64_t dataset = 0;       ///< asset row
  std::string selector;           ///< of the dataset's version; an alias or "latest" follows it
  std::string datasetDigest;      ///< of the version that it named when the rule was made
  std::string file;               ///< of the dataset; empty: its only one
  std::string method;             ///< evaluation/golden/compare.h
  std::string tolerance;          ///< a number
  std::int64_t repeats = 2;       ///< how often a version is run, to see whether it is deterministic
  std::int64_t afterVersion = 0;  ///< version row: only newer ones are run without a request
  std::int64_t createdAt = 0;
  std::string createdBy;
  std::string subject() const { return fmt::format("golden-rule/{}", name); }
  bool covers(const AssetKey& key) const;
};

/// Recorded as "golden-rule.set". Throws Invalid for a malformed name, Error{exists} for a taken one.
GoldenRule addGoldenRule(Change& change, GoldenRule rule);
/// Recorded as "golden-rule.deleted".
void deleteGoldenRule(Change& change, const GoldenRule& rule);
std::optional<GoldenRule> findGoldenRule(db::Transaction& transaction, std::string_view workspace,
                                         std::string_view name);
std::optional<GoldenRule> findGoldenRuleById(db::Transaction& transaction, std::int64_t id);
/// By name; of all workspaces if `workspace` is empty.
std::vector<GoldenRule> listGoldenRules(db::Transaction& transaction, std::string_view workspace);
std::vector<GoldenRule> goldenRulesFor(db::Transaction& transaction, const AssetKey& key);

}  // namespace regesta::registry
