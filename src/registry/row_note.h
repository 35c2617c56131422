#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "registry/row_text.h"

namespace regesta::registry {

/// Adds a MAC to every row without one. Only for the first start after an upgrade.
void putMacs(db::Transaction& transaction);

/// The governed rows that one change wrote, until an entry takes them.
class RowNotes {
 public:
  /// `digest`: the row's new digest, or none if it was deleted. `before`: its digest when the statement read it, which
  /// reveals a change by others before the server overwrote or deleted it; empty: the statement inserted the row.
  void put(const TableClass& table, std::string key, std::optional<std::string> digest, std::string before = {});
  /// Marks a group; its rows are read when the entry is written.
  void touchGroup(const TableClass& table, std::int64_t key);
  bool empty() const { return rows_.empty() && groups_.empty(); }
  /// Removes about `bytes` of notes and returns them as JSON:
  /// {"alias":{"7|live":"now"},"version":{"7|8":["before",null],"7|9":["before","now"]}}.
  std::string take(db::Transaction& transaction, std::size_t bytes);
  std::size_t size() const { return size_; }  ///< approximate number of bytes that take() would return

 private:
  void readGroups(db::Transaction& transaction);
  struct Noted {
    std::optional<std::string> digest;
    std::string before;
  };
  std::map<std::string_view, std::map<std::string, Noted>> rows_;
  std::map<std::pair<std::string_view, std::int64_t>, const TableClass*> groups_;
  std::size_t size_ = 0;
};

/// A session that notes writes to governed tables or, without `notes`, refuses them: governed tables change only inside
/// Store::change, so every change has an entry. Adds the MAC to rows of tables that have one. SQL is recognized by its
/// start: INSERT INTO table, UPDATE table SET, DELETE FROM table.
class NotingTransaction final : public db::Transaction {
 public:
  NotingTransaction(db::Transaction& inner, RowNotes* notes, db::Dialect dialect)
      : inner_(inner), notes_(notes), dialect_(dialect) {}
  db::Rows query(std::string_view sql, db::Params params) override;
  std::int64_t run(std::string_view sql, db::Params params) override;
  db::Rows send(std::string_view sql, db::Params params) override;
  void script(std::string_view sql) override { inner_.script(sql); }
  /// Notes the rows of what was sent. Needed before the notes are read.
  void settle();

 private:
  struct Sent;
  class SentRows;
  db::Transaction& inner_;
  RowNotes* notes_;
  db::Dialect dialect_;
  std::vector<std::shared_ptr<Sent>> sent_;  // in their order, without those that are noted
};

}  // namespace regesta::registry
