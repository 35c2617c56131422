#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "registry/filter.h"

namespace regesta::tracking {

/// Keeps the best `capacity` items of a stream under `before`, without holding all others: what cannot be among them is
/// dropped at once or in bulk, so that an item costs about one comparison whatever order they come in.
template <class Item, class Before>
class Best {
 public:
  Best(std::size_t capacity, Before before) : capacity_(capacity), before_(std::move(before)) {}

  void offer(Item item) {
    if (full_ && !before_(item, items_[capacity_ - 1])) return;
    items_.push_back(std::move(item));
    if (items_.size() >= 2 * capacity_ + 64) select();
  }
  std::vector<Item> sorted() {
    if (items_.size() > capacity_) select();
    std::sort(items_.begin(), items_.end(), before_);
    return std::move(items_);
  }

 private:
  /// Leaves the best, the worst of them last.
  void select() {
    if (capacity_ > 0)
      std::nth_element(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(capacity_ - 1), items_.end(),
                       before_);
    items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(capacity_), items_.end());
    full_ = capacity_ > 0;
  }
  std::size_t capacity_;
  Before before_;
  std::vector<Item> items_;
  bool full_ = false;  ///< items_[capacity_ - 1] is the worst of the best so far
};

/// -1, 0 or 1: how two rows stand by the cells of `order`; 0 leaves it to the caller's tie-breakers.
inline int compareCells(const std::vector<registry::Cell>& a, const std::vector<registry::Cell>& b,
                        const std::vector<registry::OrderBy>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (registry::sameOrder(a[i], b[i])) continue;
    return registry::comesBefore(a[i], b[i], order[i].ascending) ? -1 : 1;
  }
  return 0;
}

/// Throws Error{invalid} in MLflow's words unless 1 to limits::trackingSearchResults are asked for.
void checkMaxResults(std::int64_t maxResults);
/// Where the page begins. Throws Error{invalid} for a token that this server cannot have made.
std::int64_t pageOffset(std::string_view token);
std::int64_t checkedOffset(std::int64_t offset);

}  // namespace regesta::tracking
