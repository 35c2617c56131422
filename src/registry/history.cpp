#include <ranges>
#include <span>

#include "base/error.h"
#include "base/json.h"
#include "registry/pointer.h"
#include "registry/version_entries.h"

namespace regesta::registry {
namespace {

bool movesPointer(Action action) {
  return action == Action::aliasMoved || action == Action::aliasRemoved || action == Action::stageEntered ||
         action == Action::stageLeft;
}

/// A list in an entry's data; empty if it is not a list.
const json::array& listOf(const json::object& from, std::string_view member) {
  static const json::array empty;
  const json::value* found = from.if_contains(member);
  return found && found->is_array() ? found->get_array() : empty;
}

std::vector<std::int64_t> numbersOf(const json::object& from, std::string_view member) {
  std::vector<std::int64_t> numbers;
  for (const json::value& number : listOf(from, member))
    if (number.is_int64()) numbers.push_back(number.get_int64());
  return numbers;
}

std::vector<std::string> textsOf(const json::object& from, std::string_view member) {
  std::vector<std::string> texts;
  for (const json::value& text : listOf(from, member))
    if (text.is_string()) texts.emplace_back(text.get_string());
  return texts;
}

struct Found {
  std::int64_t id = 0;
  std::optional<std::int64_t> index;
  std::int64_t at = 0;
  json::object body, data;
  bool underOldName = false;
  std::optional<Action> action() const { return parseAction(memberText(body, "action")); }
};

/// Entries follow the order of the tree, and those that wait for it come last: row numbers are the database's own and
/// prove nothing. Where an entry stands, for comparing.
using Place = std::pair<std::int64_t, std::int64_t>;
constexpr Place atTheEnd{INT64_MAX, INT64_MAX};
Place placeOf(const Found& entry) { return {entry.index.value_or(INT64_MAX), entry.id}; }

/// Everything about a subject, in order. A row whose bytes are about something else was filed wrongly, and one that the
/// integrator refused is not an entry.
std::vector<Found> entriesOf(db::Transaction& transaction, std::string_view workspace, std::string_view subject) {
  std::vector<Found> entries;
  db::Rows rows = transaction.query(
      "SELECT e.id, e.idx, e.time, e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry "
      "WHERE s.workspace = $1 AND s.subject = $2 AND e.refused IS NULL",
      {workspace, subject});
  while (rows.next()) {
    Found entry{rows.integer(0), rows.maybeInteger(1), rows.integer(2) / 1000, {}, {}};
    json::value body = parseJson(rows.view(3));
    if (!body.is_object()) throw error(Code::corrupt, "Ledger entry {} is not an object", entry.id);
    entry.body = body.get_object();
    if (memberText(entry.body, "subject") != subject || memberText(entry.body, "workspace") != workspace) continue;
    if (const json::value* data = entry.body.if_contains("data"); data && data->is_object())
      entry.data = data->get_object();
    entries.push_back(std::move(entry));
  }
  std::ranges::sort(entries, {}, placeOf);
  return entries;
}

/// "kind/name#pointer" for every pointer that any asset of that name ever had.
std::vector<std::string> pointerSubjects(db::Transaction& transaction, const AssetKey& key) {
  std::string prefix = key.subject() + "#", end = prefix;
  ++end.back();
  std::vector<std::string> subjects;
  db::Rows rows = transaction.query(
      "SELECT DISTINCT subject FROM subject_entry WHERE workspace = $1 AND subject >= $2 AND subject < $3",
      {key.workspace, prefix, end});
  while (rows.next()) subjects.push_back(rows.text(0));
  return subjects;
}

/// Goes back through the names that one asset had. Each subject is read once, however often the asset had that name.
class Trail {
 public:
  explicit Trail(db::Transaction& transaction) : transaction_(transaction) {}

  /// Calls fn(name, from, before) for each name the asset had, newest first, with the places between which it had it.
  template <class Fn>
  void eachName(AssetKey name, Fn fn) {
    // Each turn goes back to an earlier entry, so it ends.
    for (Place before = atTheEnd;;) {
      const Found* beginning = beginningBefore(name, before);
      Place from = beginning ? placeOf(*beginning) : Place{0, 0};
      fn(name, from, before);
      if (!beginning || beginning->action() != Action::assetRenamed) return;
      before = from;
      name.name = memberText(beginning->data, "from");
    }
  }

  /// The entries about a subject from `from` on and before `before`, in order.
  std::span<const Found> between(const std::string& workspace, const std::string& subject, Place from, Place before) {
    const std::vector<Found>& entries = about(workspace, subject);
    return {std::ranges::lower_bound(entries, from, {}, placeOf),
            std::ranges::lower_bound(entries, before, {}, placeOf)};
  }

 private:
  const std::vector<Found>& about(const std::string& workspace, const std::string& subject) {
    auto known = read_.find(subject);
    if (known == read_.end()) known = read_.emplace(subject, entriesOf(transaction_, workspace, subject)).first;
    return known->second;
  }

  /// How the present bearer of the name came to it: created, or renamed. An earlier asset of the same name is another
  /// one, whose positions mean nothing now.
  const Found* beginningBefore(const AssetKey& name, Place before) {
    const std::vector<Found>& entries = about(name.workspace, name.subject());
    auto last = std::ranges::lower_bound(entries, before, {}, placeOf);
    while (last != entries.begin())
      if (auto action = (--last)->action(); action == Action::assetCreated || action == Action::assetRenamed)
        return &*last;
    return nullptr;
  }

  db::Transaction& transaction_;
  std::map<std::string, std::vector<Found>> read_;
};

/// All moves of the pointer since the asset was created, including those before renames, oldest first.
std::vector<Found> entriesOfPointer(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer) {
  Trail trail(transaction);
  std::vector<std::vector<Found>> parts;
  trail.eachName(key, [&](const AssetKey& name, Place from, Place before) {
    auto found = trail.between(name.workspace, name.subject(pointer), from, before);
    parts.emplace_back(found.begin(), found.end());
    for (Found& entry : parts.back()) entry.underOldName = name.name != key.name;
  });
  std::vector<Found> all;
  for (std::vector<Found>& part : std::views::reverse(parts))
    all.insert(all.end(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
  return all;
}

}  // namespace

std::vector<Position> pointerHistory(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer) {
  std::vector<Position> history;
  for (const Found& entry : entriesOfPointer(transaction, key, pointer)) {
    std::optional<Action> action = entry.action();
    if (!action || !movesPointer(*action)) continue;
    history.push_back({entry.at, memberInteger(entry.data, "from"), memberInteger(entry.data, "to"),
                       memberText(entry.body, "actor"), memberText(entry.data, "decision"), *action, entry.id,
                       entry.index, numbersOf(entry.data, "archived"), entry.underOldName,
                       memberText(entry.data, "reason")});
  }
  return history;
}

std::vector<RolloutChange> rolloutHistory(db::Transaction& transaction, const AssetKey& key, std::string_view alias) {
  std::vector<RolloutChange> changes;
  for (const Found& entry : entriesOfPointer(transaction, key, Pointer::alias(alias))) {
    if (auto action = entry.action(); !action || !isRolloutAction(*action)) continue;
    RolloutChange change{entry.at,
                         memberInteger(entry.data, "rollout"),
                         memberInteger(entry.data, "step"),
                         memberInteger(entry.data, "share"),
                         memberInteger(entry.data, "forced"),
                         {},
                         memberText(entry.data, "status"),
                         memberText(entry.body, "actor"),
                         entry.index};
    for (const json::value& arm : listOf(entry.data, "arms"))
      if (arm.is_object()) change.versions.push_back(memberInteger(arm.get_object(), "version"));
    changes.push_back(std::move(change));
  }
  return changes;
}

std::set<std::int64_t> decidedVersions(db::Transaction& transaction, const AssetKey& key) {
  std::set<std::int64_t> numbers;
  auto take = [&](const Found& entry) {
    if (memberText(entry.data, "decision").empty()) return;
    for (std::string_view member : {"from", "to", "stable"})
      if (std::int64_t number = memberInteger(entry.data, member)) numbers.insert(number);
    for (std::int64_t number : numbersOf(entry.data, "archived")) numbers.insert(number);
    for (const json::value& arm : listOf(entry.data, "arms"))
      if (arm.is_object()) numbers.insert(memberInteger(arm.get_object(), "version"));
  };
  Trail trail(transaction);
  trail.eachName(key, [&](const AssetKey& name, Place from, Place before) {
    for (const std::string& subject : pointerSubjects(transaction, name))
      for (const Found& entry : trail.between(name.workspace, subject, from, before)) take(entry);
  });
  return numbers;
}

std::set<std::int64_t> acceptedVersions(db::Transaction& transaction, const AssetKey& key) {
  std::set<std::int64_t> numbers;
  Trail trail(transaction);
  trail.eachName(key, [&](const AssetKey& name, Place from, Place before) {
    for (const std::string& subject : pointerSubjects(transaction, name))
      for (const Found& entry : trail.between(name.workspace, subject, from, before)) {
        std::optional<Action> action = entry.action();
        if (action && movesPointer(*action) && !memberText(entry.data, "decision").empty())
          numbers.insert(memberInteger(entry.data, "to"));
      }
  });
  return numbers;
}

std::map<std::int64_t, std::int64_t> lastPointed(db::Transaction& transaction, const AssetKey& key) {
  std::map<std::int64_t, std::int64_t> last;
  auto note = [&](std::int64_t number, std::int64_t at) {
    if (number != 0) last[number] = std::max(last[number], at);
  };
  auto take = [&](const Found& entry) {
    std::optional<Action> action = entry.action();
    if (!action || (!movesPointer(*action) && !isRolloutAction(*action))) return;
    for (std::string_view member : {"from", "to", "stable", "forced"})
      note(memberInteger(entry.data, member), entry.at);
    for (const json::value& arm : listOf(entry.data, "arms"))
      if (arm.is_object()) note(memberInteger(arm.get_object(), "version"), entry.at);
  };
  Trail trail(transaction);
  trail.eachName(key, [&](const AssetKey& name, Place from, Place before) {
    for (const std::string& subject : pointerSubjects(transaction, name))
      for (const Found& entry : trail.between(name.workspace, subject, from, before)) take(entry);
  });
  return last;
}

std::vector<RefusedMove> refusedMoves(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer) {
  std::vector<RefusedMove> refused;
  for (const Found& entry : entriesOfPointer(transaction, key, pointer)) {
    auto action = entry.action();
    if (action != Action::aliasMoveRefused && action != Action::stageMoveRefused) continue;
    refused.push_back({entry.at, memberInteger(entry.data, "from"), memberInteger(entry.data, "to"),
                       memberText(entry.body, "actor"), memberText(entry.data, "decision"),
                       textsOf(entry.data, "codes"), entry.id, entry.index, memberText(entry.data, "reason")});
  }
  return refused;
}

namespace {

/// Whether an entry about a pointer moves it to or from the version, or serves it.
bool names(const json::object& data, std::int64_t number) {
  for (std::string_view member : {"from", "to", "stable", "forced"})
    if (memberInteger(data, member) == number) return true;
  for (const json::value& arm : listOf(data, "arms"))
    if (arm.is_object() && memberInteger(arm.get_object(), "version") == number) return true;
  return std::ranges::count(numbersOf(data, "archived"), number) > 0;
}

}  // namespace

std::vector<std::int64_t> entriesOfVersion(db::Transaction& transaction, const AssetKey& key, std::int64_t number) {
  std::vector<std::pair<Place, std::int64_t>> found;
  std::set<std::int64_t> rollouts;  // those that serve the version: all their entries concern it
  auto take = [&](const Found& entry) { found.emplace_back(placeOf(entry), entry.id); };
  std::vector<Found> others;
  Trail trail(transaction);
  trail.eachName(key, [&](const AssetKey& name, Place from, Place before) {
    for (const std::string& subject : {name.subject(), fmt::format("{}@{}", name.subject(), number)})
      for (const Found& entry : trail.between(name.workspace, subject, from, before)) take(entry);
    for (const std::string& subject : pointerSubjects(transaction, name))
      for (const Found& entry : trail.between(name.workspace, subject, from, before)) {
        std::int64_t rollout = memberInteger(entry.data, "rollout");
        bool about = names(entry.data, number);
        if (about && rollout != 0) rollouts.insert(rollout);
        if (about && rollout == 0) take(entry);
        if (rollout != 0) others.push_back(entry);
      }
  });
  for (const Found& entry : others)
    if (rollouts.contains(memberInteger(entry.data, "rollout"))) take(entry);
  std::ranges::sort(found);
  std::vector<std::int64_t> ids;
  for (const auto& [place, id] : found) ids.push_back(id);
  ids.erase(std::ranges::unique(ids).begin(), ids.end());
  return ids;
}

std::vector<std::int64_t> entriesAbout(db::Transaction& transaction, std::string_view workspace,
                                       std::string_view subject) {
  std::vector<Found> found = entriesOf(transaction, workspace, subject);
  std::vector<std::int64_t> ids;
  ids.reserve(found.size());
  for (const Found& entry : found) ids.push_back(entry.id);
  return ids;
}

std::int64_t firstEntryAbout(db::Transaction& transaction, std::string_view workspace, std::string_view subject) {
  db::Rows rows =
      transaction.query("SELECT entry FROM subject_entry WHERE workspace = $1 AND subject = $2 ORDER BY entry LIMIT 1",
                        {workspace, subject});
  return rows.next() ? rows.integer(0) : 0;
}

}  // namespace regesta::registry
