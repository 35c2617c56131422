#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "db/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace regesta::db {

/// The failure `code` of `handle` in words that a person understands. `sql` may be empty.
Error sqliteError(sqlite3* handle, int code, std::string_view sql = {});

/// Why a call on a file failed, if SQLite knows it: its own messages only say that one did. Known after SQLITE_IOERR
/// and SQLITE_CANTOPEN.
std::optional<std::string> reasonOfTheSystem(sqlite3* handle);

/// One prepared statement. Parameters are bound by the digit in `$n`: SQLite itself takes `$n` as a name and numbers
/// the names by first appearance.
class SqliteStatement {
 public:
  SqliteStatement(sqlite3* handle, std::string_view sql);

  /// Binds every parameter; `copy` when the values do not outlive the last step.
  void bind(Params params, bool copy);
  /// True when there is a row. Throws Error, and is then ready for the next use.
  bool step();
  /// Makes it ready for the next use.
  void reset();

  bool readsOnly() const { return readsOnly_; }
  bool inUse() const { return inUse_; }
  void setInUse(bool inUse) { inUse_ = inUse; }
  sqlite3_stmt* raw() const { return statement_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  void numberParameters(std::string_view sql);
  void bindOne(int index, const Value& value, bool copy);

  sqlite3* handle_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::vector<std::size_t> numbers_;  // numbers_[i] is the n of the parameter with SQLite's index i + 1
  std::size_t highest_ = 0;           // the highest n
  bool readsOnly_ = false;
  bool inUse_ = false;
};

/// Reads row by row from a statement that changes nothing. `failed` is set when a step fails. Starts at the first row.
std::unique_ptr<Rows::Cursor> liveCursor(std::shared_ptr<SqliteStatement> statement, bool& failed, int& openCursors);
/// Runs a changing statement (RETURNING) to its end at once and keeps its rows: SQLite checks foreign keys only at the
/// end, so a reader who stops after the first row would miss the failure.
std::unique_ptr<Rows::Cursor> bufferedCursor(std::shared_ptr<SqliteStatement> statement);

}  // namespace regesta::db
