#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "delivery/resolve.h"

namespace regesta::delivery {

/// What one selector of one prompt leads to: one answer, or one for each thing that a rollout may choose. Immutable.
class Target {
 public:
  /// Reads it in one snapshot. Throws Error{notFound}.
  Target(db::Session& session, const registry::AssetKey& key, std::string_view selector);

  const std::shared_ptr<const Served>& serve(const Asker& asker) const { return served_[pick(asker)]; }
  /// The place in answers() of what the asker gets.
  std::size_t pick(const Asker& asker) const;
  /// In the order of choices(), or the only one.
  const std::vector<std::shared_ptr<const Served>>& answers() const { return served_; }
  const Chooser* chooser() const { return chooser_ ? &*chooser_ : nullptr; }  ///< null: no rollout runs
  /// Prompts of the same workspace that answers follow through a label.
  const std::set<std::string>& follows() const { return follows_; }
  int bucket() const { return bucket_; }        ///< of a label such as production.b17; -1: none
  std::size_t bytes() const { return bytes_; }  ///< memory, about

 private:
  using Version = std::shared_ptr<const registry::Version>;
  struct Loaded {
    Version version, composed;
    bool live = false;
  };
  Loaded load(db::Session& session, registry::Version version);
  void add(db::Session& session, const Loaded& loaded, Choice choice, std::string why);
  void addRollout(db::Session& session, registry::Rollout rollout);

  std::optional<Chooser> chooser_;
  int bucket_ = -1;
  std::vector<std::shared_ptr<const Served>> served_;
  std::set<std::string> follows_;
  std::size_t bytes_ = 0;
};

}  // namespace regesta::delivery
