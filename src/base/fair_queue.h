#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace regesta {

/// A queue of items of several callers, served round robin per caller; none runs more than `atOnce`. Not thread-safe.
template <class Item>
class FairQueue {
 public:
  struct Party;  ///< a caller with items that wait or run
  struct Taken {
    Item item;
    Party* party;  ///< for finish()
  };

  /// Limits of one caller.
  FairQueue(std::size_t atOnce, std::size_t waiting) : atOnce_(atOnce), waiting_(waiting) {}

  /// False: the caller has as many waiting as it may; nothing was taken over then.
  bool push(std::string_view caller, Item&& item) {
    auto found = parties_.find(caller);
    if (found == parties_.end()) found = parties_.emplace(std::string(caller), Party()).first;
    Party& party = found->second;
    if (party.waiting.size() >= waiting_) return false;
    party.name = found->first;
    party.waiting.push_back(std::move(item));
    ++size_;
    queueUp(party);
    return true;
  }
  /// The next item of the caller whose turn it is, which runs until finish(). `free`: how many more may run, this one
  /// included. A caller takes a further one only while more are free than it runs, so that few callers cannot take
  /// them all.
  std::optional<Taken> pop(std::size_t free = unlimited) {
    auto turn = nextTurn(free);
    if (turn == turns_.end()) return std::nullopt;
    Party& party = **turn;
    turns_.erase(turn);
    party.queued = false;
    Taken taken{std::move(party.waiting.front()), &party};
    party.waiting.pop_front();
    --size_;
    ++party.running;
    queueUp(party);
    return taken;
  }
  void finish(Party* party) {
    --party->running;
    queueUp(*party);
    forget(*party);
  }
  /// Removes cancelled items from the queue.
  std::vector<Item> takeIf(std::string_view caller, const std::function<bool(const Item&)>& unwanted) {
    std::vector<Item> out;
    auto found = parties_.find(caller);
    if (found == parties_.end()) return out;
    Party& party = found->second;
    std::deque<Item> kept;
    for (Item& item : party.waiting) {
      if (unwanted(item))
        out.push_back(std::move(item));
      else
        kept.push_back(std::move(item));
    }
    party.waiting = std::move(kept);
    size_ -= out.size();
    if (party.waiting.empty() && party.queued) {
      std::erase(turns_, &party);
      party.queued = false;
    }
    forget(party);
    return out;
  }
  /// Whether pop() has something.
  bool ready(std::size_t free = unlimited) const { return nextTurn(free) != turns_.end(); }
  /// How many wait.
  std::size_t size() const { return size_; }

  struct Party {
    std::string_view name;
    std::deque<Item> waiting;
    std::size_t running = 0;
    bool queued = false;  ///< has a place in `turns_`
  };

 private:
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  auto nextTurn(std::size_t free) const {
    return std::find_if(turns_.begin(), turns_.end(), [&](const Party* party) { return party->running < free; });
  }
  void queueUp(Party& party) {
    if (party.queued || party.waiting.empty() || party.running >= atOnce_) return;
    party.queued = true;
    turns_.push_back(&party);
  }
  void forget(Party& party) {
    if (party.waiting.empty() && party.running == 0) parties_.erase(parties_.find(party.name));
  }

  std::size_t atOnce_, waiting_, size_ = 0;
  std::map<std::string, Party, std::less<>> parties_;
  std::deque<Party*> turns_;
};

}  // namespace regesta
