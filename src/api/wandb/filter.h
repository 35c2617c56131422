#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/json.h"

namespace regesta::api::wandb {

/// The value of a field of what is filtered, by the name that the filter has for it; null for none.
using FieldValue = std::function<const json::value&(std::string_view name)>;

/// The filters of W&B's clients, in MongoDB's form: {"config.lr": {"$gt": 0.1}, "$or": [{"state": "finished"}]}.
class Filter {
 public:
  /// Empty: everything. Throws Error{invalid}, also for more patterns or conditions than one request may have.
  explicit Filter(std::string_view text);
  bool accepts(const FieldValue& valueOf) const;

 private:
  std::shared_ptr<const struct FilterNode> root_;
};

/// Less, equal, greater; nothing for values that do not compare.
std::optional<int> compareValues(const json::value& a, const json::value& b);

/// The member at a path of names joined by points; a name may have points itself. Null: none.
const json::value* valueAt(const json::value& value, std::string_view path);

}  // namespace regesta::api::wandb
