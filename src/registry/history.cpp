#include "base/error.h"
#include "base/json.h"
#include "registry/pointer.h"

namespace regesta::registry {
namespace {

constexpr std::string_view actions[] = {"alias.moved", "alias.removed", "stage.entered", "stage.left"};

/// A list in an entry's data; what is no list is an empty one.
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
  std::string action() const { return memberText(body, "action"); }
};

/// The entries about a subject from `from` on and before `before`, in order.
std::vector<Found> entriesOf(db::Session& session, std::string_view workspace, std::string_view subject,
                             std::int64_t from, std::int64_t before) {
  std::vector<Found> entries;
  db::Rows rows = session.query(
      "SELECT e.id, e.idx, e.time, e.body FROM subject_entry s JOIN ledger_entry e ON e.id = s.entry "
      "WHERE s.workspace = $1 AND s.subject = $2 AND s.entry >= $3 AND s.entry < $4 ORDER BY s.entry",
      {workspace, subject, from, before});
  while (rows.next()) {
    Found entry{rows.integer(0), rows.maybeInteger(1), rows.integer(2) / 1000, {}, {}};
    json::value body = parseJson(rows.view(3));
    if (!body.is_object()) throw error(Code::corrupt, "Ledger entry {} is not an object", entry.id);
    entry.body = body.get_object();
    if (const json::value* data = entry.body.if_contains("data"); data && data->is_object())
      entry.data = data->get_object();
    entries.push_back(std::move(entry));
  }
  return entries;
}

/// How the present bearer of a name came to it: created, or renamed from another name. An earlier asset of the same
/// name is another one, whose positions mean nothing now.
struct Beginning {
  std::int64_t entry = 0;
  std::string oldName;  ///< empty: created
};
Beginning beginningOf(db::Session& session, const AssetKey& key, std::int64_t before) {
  Beginning found;
  for (const Found& entry : entriesOf(session, key.workspace, key.subject(), 0, before)) {
    if (entry.action() == "asset.created") found = {entry.id, {}};
    if (entry.action() == "asset.renamed") found = {entry.id, memberText(entry.data, "from")};
  }
  return found;
}

/// Everything about the pointer since the asset was created, through its renames, oldest first.
std::vector<Found> entriesOfPointer(db::Session& session, const AssetKey& key, std::string_view pointer) {
  std::vector<Found> entries;
  AssetKey name = key;
  std::int64_t before = std::numeric_limits<std::int64_t>::max();
  for (int renames = 0; renames < 100; ++renames) {
    Beginning beginning = beginningOf(session, name, before);
    std::string subject = fmt::format("{}#{}", name.subject(), pointer);
    std::vector<Found> part = entriesOf(session, name.workspace, subject, beginning.entry, before);
    entries.insert(entries.begin(), std::make_move_iterator(part.begin()), std::make_move_iterator(part.end()));
    if (beginning.oldName.empty()) break;
    before = beginning.entry;
    name.name = beginning.oldName;
  }
  return entries;
}

}  // namespace

std::vector<Position> pointerHistory(db::Session& session, const AssetKey& key, std::string_view pointer) {
  std::vector<Position> history;
  for (const Found& entry : entriesOfPointer(session, key, pointer)) {
    std::string action = entry.action();
    if (std::find(std::begin(actions), std::end(actions), action) == std::end(actions)) continue;
    history.push_back({entry.at, memberInteger(entry.data, "from"), memberInteger(entry.data, "to"),
                       memberText(entry.body, "actor"), memberText(entry.data, "decision"), std::move(action), entry.id,
                       entry.index, numbersOf(entry.data, "archived")});
  }
  return history;
}

std::vector<RefusedMove> refusedMoves(db::Session& session, const AssetKey& key, std::string_view pointer) {
  std::vector<RefusedMove> refused;
  for (const Found& entry : entriesOfPointer(session, key, pointer)) {
    if (!entry.action().ends_with(".move-refused")) continue;
    refused.push_back({entry.at, memberInteger(entry.data, "from"), memberInteger(entry.data, "to"),
                       memberText(entry.body, "actor"), memberText(entry.data, "decision"),
                       textsOf(entry.data, "codes"), entry.id, entry.index});
  }
  return refused;
}

}  // namespace regesta::registry
