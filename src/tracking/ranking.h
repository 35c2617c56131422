#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "registry/filter.h"

namespace regesta::tracking {

/// Keeps the best `capacity` items of a stream under `before`, without holding the rest.
template <class Item, class Before>
class Best {
 public:
  Best(std::size_t capacity, Before before) : capacity_(capacity), before_(std::move(before)) {}

  void offer(Item item) {
    if (items_.size() < capacity_) {
      items_.push_back(std::move(item));
      std::push_heap(items_.begin(), items_.end(), before_);
    } else if (capacity_ > 0 && before_(item, items_.front())) {
      std::pop_heap(items_.begin(), items_.end(), before_);
      items_.back() = std::move(item);
      std::push_heap(items_.begin(), items_.end(), before_);
    }
  }
  std::vector<Item> sorted() {
    std::sort_heap(items_.begin(), items_.end(), before_);
    return std::move(items_);
  }

 private:
  std::size_t capacity_;
  Before before_;
  std::vector<Item> items_;
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
