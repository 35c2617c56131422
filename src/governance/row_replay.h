#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "governance/replay.h"

namespace regesta::governance {

/// Compares every column of every governed table with the ledger: each entry has the digests of the rows that its
/// change wrote (registry/row_note.h), so a row must have its newest digest. Rows known only from entries of versions
/// without digests are not compared.
class RowReplay {
 public:
  RowReplay();
  /// Entries in the tree's order, then those without an index (-1), by id.
  void take(std::int64_t id, std::int64_t index, const json::object& entry);
  /// Adds to `found` each governed row that differs, is missing, or has no entry, and each row of the entry index that
  /// differs from the entries. Does not repeat rows that `found` has. `macs`: the process has the key of row MACs
  /// (registry::setRowKey), so MACs are checked too.
  void compare(db::Transaction& transaction, Comparison& found, std::size_t limit, bool macs) const;

 private:
  struct Noted {
    std::array<char, 24> digest{};
    std::int64_t id = 0;      ///< of the entry, as its row names it
    std::int64_t index = -1;  ///< of the entry in the tree; -1: not yet
    bool any = false;         ///< a row that migrations created and the first start completes
  };
  using Notes = std::map<std::string, Noted, std::less<>>;
  struct Altered {
    std::string table, key;
    Noted by;  ///< the entry whose change found the row different from the previous entry's digest
  };
  void takeRow(const std::string& table, const std::string& key, const json::value& row, const Noted& by);
  void put(const std::string& table, const std::string& key, std::string_view digest, const Noted& by);
  void expect(const std::string& table, const std::string& key, std::string_view before, const Noted& by);
  void drop(const std::string& table, const std::string& key);
  std::map<std::string, Notes, std::less<>> tables_;
  std::map<std::string, Notes, std::less<>> gone_;          ///< what the change at hand deleted
  std::unordered_map<std::int64_t, std::string> subjects_;  ///< by entry id: a digest of workspace and subject
  std::vector<Altered> altered_;
  std::vector<std::int64_t> strayAdoptions_;  ///< indexes of entries that adopt rows that the ledger has already
  bool began_ = false;                        ///< an entry was taken
  bool complete_ = false;                     ///< every governed row has a note
  bool noted_ = false;                        ///< at least one entry carries rows
  bool told_ = false;                         ///< an entry that adopts nothing carries rows
  bool adopted_ = false;                      ///< the rows were adopted
  friend class RowComparing;
};

}  // namespace regesta::governance
