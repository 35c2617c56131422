#pragma once
#include <map>

#include "governance/citation.h"
#include "lifecycle/retention_rule.h"

namespace regesta::lifecycle {

enum class RetentionAct { archive, remove };
std::string_view actName(RetentionAct act);  ///< "archive", "delete"

/// A version that the rules let go.
struct PlannedItem {
  RetentionAct act = RetentionAct::remove;
  std::int64_t version = 0;  ///< its row
  registry::AssetKey key;
  std::int64_t number = 0;
  std::string digest;
  std::string rules;                      ///< labels of the rules that all let it go: "old-models@3, all@1"
  std::int64_t createdAt = 0, since = 0;  ///< milliseconds; since: when its age began
  std::int64_t bytes = 0;                 ///< of its files; content that others use is not freed
  std::string subject() const;            ///< "model/loan-risk@7"
};
/// A version of a matching asset that stays.
struct KeptItem {
  std::string subject, reason;
};

struct RetentionPlan {
  std::int64_t asOf = 0;  ///< milliseconds: the moment at which ages were measured
  std::string digest;     ///< of the items: equal plans have equal digests
  std::vector<PlannedItem> items;
  std::vector<KeptItem> kept;
  std::int64_t keptMore = 0;  ///< kept ones beyond the listed
  bool more = false;          ///< further items exist: they are in the plan after this one is applied
};

/// Ages are measured at the last full hour, so that a plan does not change while it is read.
std::int64_t planMoment(std::int64_t now);

/// What the rules in force let go, at most `limit` items. Changes nothing.
RetentionPlan planRetention(db::Transaction& transaction, std::string_view workspace, std::int64_t asOf,
                            std::size_t limit = 1000);

/// Whether the rules in force still let the item go, checked again in the transaction that applies it. Returns the
/// reason why not; empty: they do.
std::string reasonToKeep(db::Transaction& transaction, const PlannedItem& item, std::int64_t asOf);

/// Why nothing but a user may archive or delete the version: what uses, holds or cites it. Empty: nothing does.
std::string reasonToStay(db::Transaction& transaction, const registry::Version& version, RetentionAct act);
/// The age in milliseconds at which the rules in force delete versions of the asset, if it does not depend on use or on
/// newer versions.
std::optional<std::int64_t> ageAtDeletion(db::Transaction& transaction, const registry::AssetKey& key);

/// For an application that is resumed.
json::value itemsJson(const std::vector<PlannedItem>& items);
std::vector<PlannedItem> itemsOf(std::string_view json, std::string_view workspace);

}  // namespace regesta::lifecycle
