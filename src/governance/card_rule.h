#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/change.h"
#include "registry/version.h"

namespace regesta::governance {

/// Required sections of the cards of matching assets.
struct CardRule {
  std::int64_t id = 0;
  std::string workspace;
  std::string kind;          ///< "model", …, or "*"
  std::string namePattern;   ///< a glob
  std::string templateName;  ///< whose required sections count, too; empty: none
  std::vector<std::string> sections;
  std::int64_t setAt = 0;
  std::string setBy;
};

/// Creates or replaces the rule of its workspace, kind and pattern. Recorded as "card-rule.set". Throws Invalid.
CardRule setCardRule(registry::Change& change, CardRule rule);
/// Recorded as "card-rule.deleted". Throws Error{notFound}.
void deleteCardRule(registry::Change& change, std::string_view workspace, std::int64_t id);
std::vector<CardRule> listCardRules(db::Transaction& transaction, std::string_view workspace);
/// The sections that all matching rules require, in their order, each once.
std::vector<std::string> requiredSections(db::Transaction& transaction, const registry::AssetKey& key);

/// The required sections that a card does not fill. `summary` is checkCard()'s.
std::vector<std::string> missingSections(const std::vector<std::string>& required, const json::object& summary);

}  // namespace regesta::governance
