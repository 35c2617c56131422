#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "db/database.h"

namespace regesta::governance {

/// The governed state as the ledger alone tells it: what each row of each governed table must say. Two lists of rows
/// are the same state when they are equal, so comparing is generic and nothing is forgotten for a table that is filled
/// in.
struct Row {
  json::object fields;      ///< member by member what the row says; texts too long for the ledger as their digests
  std::int64_t entry = -1;  ///< index of the ledger entry that said so last; -1: not from the ledger, or no index yet
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
};
inline constexpr std::size_t tableCount = 15;
struct State {
  std::array<Rows, tableCount> tables;
  Rows& operator[](Table table) { return tables[static_cast<std::size_t>(table)]; }
  const Rows& operator[](Table table) const { return tables[static_cast<std::size_t>(table)]; }
};

/// Rebuilds the state from entries, given in order.
class Replay {
 public:
  /// `index` -1: committed, but not in the tree yet. Bodies that are no entry are ignored: verifyDatabase names them.
  void take(std::int64_t index, std::string_view body);
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
  void renameAsset(const Entry& entry);
  void dropAsset(const Entry& entry);
  void citeDecision(const Entry& entry);
  State state_;
};

/// The same state as the database's tables tell it.
State readState(db::Session& session);

struct Difference {
  std::int64_t entry = -1;  ///< index of the ledger entry that says otherwise; -1: none does
  std::string subject;      ///< "model/loan-risk#production", "user/anna", "decision 3f2a…"
  std::string what;  ///< a sentence: "alias model/loan-risk#production stands on 4, the ledger says 3 (entry 17)"
};
struct Comparison {
  std::int64_t compared = 0;  ///< rows looked at
  std::vector<Difference> differences;
  std::int64_t further = 0;  ///< beyond `limit`
};
/// Replays the whole ledger in one snapshot and names every governed row that says something else. The entries
/// themselves are taken as they are: ledger::verifyDatabase tells whether those are genuine.
Comparison compareWithDatabase(db::Database& database, std::size_t limit = 50);
Comparison compareStates(const State& ledger, const State& database, std::size_t limit);

/// `asset` is "model/loan-risk", `rest` what follows it: "", "@3", "#production", " tag". Names of assets may hold any
/// of these marks, so the parts are kept apart by a character that no name may have.
std::string rowKey(std::string_view workspace, std::string_view asset, std::string_view rest);
/// How people write it: "model/loan-risk@3", with its workspace when that is not the default one.
std::string rowName(std::string_view key);

}  // namespace regesta::governance
