#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "crypto/mac.h"
#include "db/database.h"

namespace regesta::governance {

/// The governed state rebuilt from the ledger: the expected content of every row of every governed table. Two equal
/// lists of rows are the same state, so the comparison is generic.
struct Row {
  json::object fields;      ///< the row's members; texts too long for the ledger as digests
  std::int64_t entry = -1;  ///< index of the last ledger entry about the row; -1: not from the ledger, or no index yet
};
/// Rows by rowKey(), or by their name alone where no asset is part of it ("change-request/4", "user/anna").
using Rows = std::map<std::string, Row, std::less<>>;

enum class Table {
  asset,
  tag,
  version,
  alias,
  stage,
  evidence,
  changeRequest,
  approval,
  comment,
  decision,
  binding,
  user,
  token,
  run,
  rollout,
  hold,
};
inline constexpr std::size_t tableCount = 16;
struct State {
  std::array<Rows, tableCount> tables;
  Rows& operator[](Table table) { return tables[static_cast<std::size_t>(table)]; }
  const Rows& operator[](Table table) const { return tables[static_cast<std::size_t>(table)]; }
};

/// Rebuilds the state from entries, given in order.
class Replay {
 public:
  /// `index` -1: committed, but not in the tree yet. Ignores bodies that are not entries; verifyDatabase reports them.
  void take(std::int64_t index, std::string_view body);
  void take(std::int64_t index, const json::object& body);
  const State& state() const { return state_; }

 private:
  struct Entry;
  void takeRegistry(const Entry& entry);
  void takePointer(const Entry& entry);
  void takeRollout(const Entry& entry);
  void takeGovernance(const Entry& entry);
  void takeRequest(const Entry& entry);
  void takeAccess(const Entry& entry);
  void takeRun(const Entry& entry);
  void takeHold(const Entry& entry);
  void renameAsset(const Entry& entry);
  void dropAsset(const Entry& entry);
  void citeDecision(const Entry& entry);
  State state_;
};

/// The entry's object; empty if the text is not an entry.
std::optional<json::object> parseEntry(std::string_view text);

/// The same state read from the database's tables.
State readState(db::Transaction& transaction);

struct Difference {
  std::int64_t entry = -1;  ///< index of the ledger entry that differs; -1: none
  std::string subject;      ///< "model/loan-risk#production", "user/anna", "decision 3f2a…"
  std::string what;  ///< a sentence: "alias model/loan-risk#production points to 4, the ledger says 3 (entry 17)"
};
struct Comparison {
  std::int64_t compared = 0;  ///< number of compared rows
  std::vector<Difference> differences;
  std::int64_t further = 0;  ///< beyond `limit`
  void add(Difference difference, std::size_t limit);
};
/// "entry 12".
std::string entryWords(std::int64_t entry);
/// Replays the whole ledger in one snapshot and reports every governed row that differs. Trusts the entries;
/// ledger::verifyDatabase checks those. `pending` (ledger::Log::pendingKey()) distinguishes entries that wait for the
/// tree from rows that no server wrote. `macs`: this process has the key of the rows' MACs (registry::setRowKey).
Comparison compareWithDatabase(db::Database& database, const crypto::MacKey* pending = nullptr, std::size_t limit = 50,
                               bool macs = true);
/// `where` names the second state in sentences.
Comparison compareStates(const State& ledger, const State& database, std::size_t limit,
                         std::string_view where = "the database");

/// `asset` is "model/loan-risk", `rest` its suffix: "", "@3", "#production", " tag". Asset names may contain these
/// characters, so the parts are separated by a character that no name may contain.
std::string rowKey(std::string_view workspace, std::string_view asset, std::string_view rest);
/// Display form: "model/loan-risk@3", with its workspace unless that is the default one.
std::string rowName(std::string_view key);

}  // namespace regesta::governance
