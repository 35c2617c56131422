#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "delivery/resolve.h"

namespace regesta::delivery {

/// The possible results of one selector of one prompt: one, or one per choice of a rollout. Immutable.
class Target {
 public:
  /// Reads them in one snapshot. Throws Error{notFound}.
  Target(db::Transaction& transaction, const registry::AssetKey& key, std::string_view selector);

  const std::shared_ptr<const Served>& serve(const rollout::EvaluationContext& context) const {
    return served_[pick(context)];
  }
  /// The index in answers() of the caller's result.
  std::size_t pick(const rollout::EvaluationContext& context) const;
  /// In the order of choices(), or the only one.
  const std::vector<std::shared_ptr<const Served>>& answers() const { return served_; }
  const rollout::Chooser* chooser() const { return chooser_ ? &*chooser_ : nullptr; }  ///< null: no active rollout
  int bucket() const { return bucket_; }        ///< of a label such as production.b17; -1: none
  std::size_t bytes() const { return bytes_; }  ///< approximate memory

 private:
  using Version = std::shared_ptr<const registry::Version>;
  struct Loaded {
    Version version, composed;
  };
  Loaded load(db::Transaction& transaction, registry::Version version);
  void add(db::Transaction& transaction, const Loaded& loaded, rollout::Choice choice, std::string why);
  void addRollout(db::Transaction& transaction, registry::Rollout rollout);

  std::optional<rollout::Chooser> chooser_;
  int bucket_ = -1;
  std::vector<std::shared_ptr<const Served>> served_;
  std::size_t bytes_ = 0;
};

}  // namespace regesta::delivery
