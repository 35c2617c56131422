#include "registry/standing.h"

#include <algorithm>
#include <set>

#include "registry/rollout/rollout.h"

namespace regesta::registry {
namespace {

const Pointer archive = Pointer::stage("Archived");

/// Versions come into the archive together with a move into another stage, whose entry names them.
void addArchived(db::Transaction& transaction, const AssetKey& key, std::vector<Position>& history) {
  for (std::string_view stage : {"Staging", "Production"})
    for (const Position& position : pointerHistory(transaction, key, Pointer::stage(stage)))
      for (std::int64_t number : position.archived) {
        Position entered = position;
        entered.from = 0;
        entered.to = number;
        entered.archived.clear();
        history.push_back(std::move(entered));
      }
  std::ranges::sort(history, {}, [](const Position& position) {
    return std::tuple(position.entryIndex.value_or(INT64_MAX), position.entryId, position.to);
  });
}

std::vector<Position> movementsOf(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer) {
  std::vector<Position> history = pointerHistory(transaction, key, pointer);
  if (pointer == archive) addArchived(transaction, key, history);
  return history;
}

/// What a pointer points to while its movements pass by.
class Holder {
 public:
  void take(const Position& position) {
    bool left = position.action == Action::stageLeft;
    if (!left && position.action != Action::stageEntered) members_.clear();
    for (std::int64_t number : position.archived) members_.erase(number);
    if (left)
      members_.erase(position.from);
    else if (position.to != 0)
      members_.insert(position.to);
  }
  std::int64_t number() const { return members_.empty() ? 0 : *members_.rbegin(); }

 private:
  std::set<std::int64_t> members_;  // a stage holds several versions, and its pointer points to the newest
};

}  // namespace

Standing standingAt(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer, std::int64_t at) {
  Standing standing;
  Holder holder;
  for (Position& position : movementsOf(transaction, key, pointer)) {
    holder.take(position);
    if (holder.number() == standing.number) continue;
    if (position.at > at) {
      standing.until = std::move(position);
      break;
    }
    standing.number = holder.number();
    standing.since = std::move(position);
  }
  return standing;
}

std::optional<RolloutChange> rolloutAt(db::Transaction& transaction, const AssetKey& key, std::string_view alias,
                                       std::int64_t at) {
  std::optional<RolloutChange> active;
  for (RolloutChange& change : rolloutHistory(transaction, key, alias)) {
    if (change.at > at) break;
    auto status = parseRolloutStatus(change.status);
    bool goesOn = status == RolloutStatus::running || status == RolloutStatus::paused;
    if (active && active->rollout == change.rollout) change.versions = active->versions;
    active = goesOn ? std::optional(std::move(change)) : std::nullopt;
  }
  return active;
}

std::vector<StandingPointer> pointersAt(db::Transaction& transaction, const AssetKey& key, std::int64_t at) {
  std::string prefix = key.subject() + "#", end = prefix;
  ++end.back();
  std::vector<std::string> pointers;
  {
    auto rows = transaction.query(
        "SELECT DISTINCT subject FROM subject_entry WHERE workspace = $1 AND subject >= $2 AND subject < $3 "
        "ORDER BY subject",
        {key.workspace, prefix, end});
    while (rows.next()) pointers.push_back(rows.text(0).substr(prefix.size()));
    // Another asset's name may begin with this one's and a '#'; no pointer's holds one.
    std::erase_if(pointers, [](const std::string& pointer) { return pointer.find('#') != std::string::npos; });
  }
  std::vector<StandingPointer> standing;
  for (std::string& text : pointers) {
    Pointer pointer = Pointer::read(std::move(text));
    if (std::int64_t number = standingAt(transaction, key, pointer, at).number)
      standing.push_back({std::move(pointer), number});
  }
  return standing;
}

}  // namespace regesta::registry
