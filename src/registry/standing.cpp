#include "registry/standing.h"

#include <algorithm>
#include <set>

namespace regesta::registry {
namespace {

constexpr std::string_view archive = "stage:Archived";

/// Versions come into the archive together with a move into another stage, whose entry names them.
void addArchived(db::Session& session, const AssetKey& key, std::vector<Position>& history) {
  for (std::string_view stage : {"stage:Staging", "stage:Production"})
    for (const Position& position : pointerHistory(session, key, stage))
      for (std::int64_t number : position.archived) {
        Position entered = position;
        entered.from = 0;
        entered.to = number;
        entered.archived.clear();
        history.push_back(std::move(entered));
      }
  std::ranges::sort(history, {}, [](const Position& position) { return std::pair(position.entryId, position.to); });
}

std::vector<Position> movementsOf(db::Session& session, const AssetKey& key, std::string_view pointer) {
  std::vector<Position> history = pointerHistory(session, key, pointer);
  if (pointer == archive) addArchived(session, key, history);
  return history;
}

/// What a pointer stands on while its movements pass by.
class Holder {
 public:
  void take(const Position& position) {
    if (!position.action.starts_with("stage.")) members_.clear();
    for (std::int64_t number : position.archived) members_.erase(number);
    if (position.action == "stage.left")
      members_.erase(position.from);
    else if (position.to != 0)
      members_.insert(position.to);
  }
  std::int64_t number() const { return members_.empty() ? 0 : *members_.rbegin(); }

 private:
  std::set<std::int64_t> members_;  // a stage holds several versions, and its pointer stands on the newest
};

}  // namespace

Standing standingAt(db::Session& session, const AssetKey& key, std::string_view pointer, std::int64_t at) {
  Standing standing;
  Holder holder;
  for (Position& position : movementsOf(session, key, pointer)) {
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

std::vector<StandingPointer> pointersAt(db::Session& session, const AssetKey& key, std::int64_t at) {
  std::string prefix = key.subject() + "#", end = prefix;
  ++end.back();
  std::vector<std::string> pointers;
  {
    auto rows = session.query(
        "SELECT DISTINCT subject FROM subject_entry WHERE workspace = $1 AND subject >= $2 AND subject < $3 "
        "ORDER BY subject",
        {key.workspace, prefix, end});
    while (rows.next()) pointers.push_back(rows.text(0).substr(prefix.size()));
    // Another asset's name may begin with this one's and a '#'; no pointer's holds one.
    std::erase_if(pointers, [](const std::string& pointer) { return pointer.find('#') != std::string::npos; });
  }
  std::vector<StandingPointer> standing;
  for (std::string& pointer : pointers)
    if (std::int64_t number = standingAt(session, key, pointer, at).number)
      standing.push_back({std::move(pointer), number});
  return standing;
}

}  // namespace regesta::registry
