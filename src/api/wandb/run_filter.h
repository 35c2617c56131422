#pragma once
#include <memory>
#include <string_view>
#include <vector>

#include "api/wandb/run_record.h"

namespace regesta::api::wandb {

/// The member at a path of names joined by points; a name may have points itself. Null: none.
const json::value* valueAt(const json::value& value, std::string_view path);

/// The filters of W&B's clients, in MongoDB's form: {"config.lr": {"$gt": 0.1}, "$or": [{"state": "finished"}]}.
class RunFilter {
 public:
  /// Empty: everything. Throws Error{invalid}, also for more patterns or conditions than one request may have.
  explicit RunFilter(std::string_view text);
  bool accepts(const RunRecord& record) const;

 private:
  std::shared_ptr<const struct FilterNode> root_;
};

/// By "+created_at", "-summary_metrics.loss", "+config.lr.value"; default: newest first.
void sortRuns(std::vector<RunRecord>& records, std::string_view order);

}  // namespace regesta::api::wandb
