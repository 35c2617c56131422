#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filter/filter.h"
#include "tracking/experiment.h"

namespace regesta::tracking {

/// Keeps the best `capacity` items of a stream under `before` in bounded memory; an item costs about one comparison in
/// any order of arrival.
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
  /// Reduces to the best items, the worst of them last.
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

/// -1, 0 or 1: compares two rows by the cells of `order`; for 0 the caller breaks the tie.
inline int compareCells(const std::vector<filter::Cell>& a, const std::vector<filter::Cell>& b,
                        const std::vector<filter::OrderBy>& order) {
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (filter::sameOrder(a[i], b[i])) continue;
    return filter::comesBefore(a[i], b[i], order[i].ascending) ? -1 : 1;
  }
  return 0;
}

/// The page of a search from `offset` on. `ranked` holds the best `offset + maxResults + 1` rows, or all there are, in
/// order; `item` is the member of `Ranked` that holds the row's item.
template <class Item, class Ranked>
Page<Item> pageOf(std::vector<Ranked> ranked, std::int64_t offset, std::int64_t maxResults, Item Ranked::* item) {
  Page<Item> page;
  auto end = static_cast<std::size_t>(offset + maxResults);
  for (auto i = static_cast<std::size_t>(offset); i < std::min(ranked.size(), end); ++i)
    page.items.push_back(std::move(ranked[i].*item));
  if (ranked.size() > end) page.nextPageToken = filter::pageToken(offset + maxResults);
  return page;
}

/// Throws filter::QueryError unless `maxResults` is 1 to limits::trackingSearchResults.
void checkMaxResults(std::int64_t maxResults);
/// The page's offset. Throws filter::QueryError for a token that this server did not make.
std::int64_t pageOffset(std::string_view token);
std::int64_t checkedOffset(std::int64_t offset);

}  // namespace regesta::tracking
