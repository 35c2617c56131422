#include "db/sqlite_statement.h"

#include <sqlite3.h>

#include <fmt/format.h>

#include "base/cancel.h"
#include "base/file.h"
#include "base/text.h"
#include "db/value_check.h"

namespace regesta::db {
namespace {

/// SQLite's "UNIQUE constraint failed: asset.workspace, asset.name" is for programmers; this message is for users.
std::string existsMessage(std::string_view message) {
  constexpr std::string_view prefix = "UNIQUE constraint failed: ";
  if (!message.starts_with(prefix) || message.find("index '") != std::string_view::npos) return std::string(message);
  std::string_view table;
  std::vector<std::string> columns;
  for (std::string_view part : split(message.substr(prefix.size()), ',')) {
    std::string_view name = trim(part);
    std::size_t dot = name.find('.');
    table = name.substr(0, dot);
    columns.emplace_back(name.substr(dot + 1));
  }
  return takenMessage(table, join(columns, ", "));
}

Error constraintError(int code, std::string_view message) {
  switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return Error(Code::exists, existsMessage(message));
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return Error(Code::invalid, "a record that this one refers to does not exist, or others still refer to this one");
    default:
      return Error(Code::invalid, std::string(message));
  }
}

/// A statement's rows, kept as SQLite values so that every getter converts exactly as on a live row.
class BufferedCursor final : public Rows::Cursor {
 public:
  explicit BufferedCursor(SqliteStatement& statement) : columns_(sqlite3_column_count(statement.raw())) {
    while (statement.step())
      for (int i = 0; i < columns_; ++i)
        values_.emplace_back(sqlite3_value_dup(sqlite3_column_value(statement.raw(), i)));
  }
  bool next() override {
    std::size_t rows = columns_ == 0 ? 0 : values_.size() / static_cast<std::size_t>(columns_);
    if (row_ < rows)
      ++row_;
    else
      over_ = true;
    return !over_;
  }
  bool isNull(int column) const override { return sqlite3_value_type(at(column)) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_value_int64(at(column)); }
  double real(int column) const override { return sqlite3_value_double(at(column)); }
  std::string_view text(int column) const override {
    auto* start = reinterpret_cast<const char*>(sqlite3_value_text(at(column)));
    return {start, start == nullptr ? 0 : static_cast<std::size_t>(sqlite3_value_bytes(at(column)))};
  }
  std::string_view bytes(int column) const override {
    auto* start = static_cast<const char*>(sqlite3_value_blob(at(column)));
    return {start, start == nullptr ? 0 : static_cast<std::size_t>(sqlite3_value_bytes(at(column)))};
  }

 private:
  struct Free {
    void operator()(sqlite3_value* value) const { sqlite3_value_free(value); }
  };
  sqlite3_value* at(int column) const {
    REGESTA_INVARIANT(row_ > 0 && !over_ && column >= 0 && column < columns_);
    return values_[(row_ - 1) * static_cast<std::size_t>(columns_) + static_cast<std::size_t>(column)].get();
  }
  int columns_;
  std::vector<std::unique_ptr<sqlite3_value, Free>> values_;
  std::size_t row_ = 0;
  bool over_ = false;
};

class LiveCursor final : public Rows::Cursor {
 public:
  LiveCursor(std::shared_ptr<SqliteStatement> statement, bool& failed, int& openCursors)
      : statement_(std::move(statement)), failed_(failed), openCursors_(openCursors) {
    haveRow_ = statement_->step();
    statement_->setInUse(true);
    ++openCursors_;
  }
  ~LiveCursor() override {
    statement_->reset();
    statement_->setInUse(false);
    --openCursors_;
  }
  bool next() override {
    if (std::exchange(first_, false) || !haveRow_) return haveRow_;
    failed_ = true;
    haveRow_ = statement_->step();
    failed_ = false;
    return haveRow_;
  }
  bool isNull(int column) const override { return sqlite3_column_type(at(column), column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(at(column), column); }
  double real(int column) const override { return sqlite3_column_double(at(column), column); }
  std::string_view text(int column) const override {
    auto* start = reinterpret_cast<const char*>(sqlite3_column_text(at(column), column));
    return {start, start == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(at(column), column))};
  }
  std::string_view bytes(int column) const override {
    auto* start = static_cast<const char*>(sqlite3_column_blob(at(column), column));
    return {start, start == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(at(column), column))};
  }

 private:
  sqlite3_stmt* at(int column) const {
    REGESTA_INVARIANT(!first_ && haveRow_ && column >= 0 && column < sqlite3_column_count(statement_->raw()));
    return statement_->raw();
  }
  std::shared_ptr<SqliteStatement> statement_;
  bool& failed_;
  int& openCursors_;
  bool haveRow_ = false;
  bool first_ = true;
};

}  // namespace

std::optional<std::string> reasonOfTheSystem(sqlite3* handle) {
  int number = handle == nullptr ? 0 : sqlite3_system_errno(handle);
  return number == 0 ? std::nullopt : std::optional(file::reason(number));
}

Error sqliteError(sqlite3* handle, int code, std::string_view sql) {
  std::string message = handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return constraintError(code, message);
    case SQLITE_FULL:
      return Error(Code::unavailable, "the disk that holds the database is full");
    case SQLITE_IOERR:
      return error(Code::unavailable, "the disk that holds the database reported an error ({}, code {})",
                   reasonOfTheSystem(handle).value_or(message), code);
    case SQLITE_READONLY:
      if (handle != nullptr && sqlite3_db_readonly(handle, "main") == 1)
        return error(Code::internal, "a function that reads must not write: {}", shorten(sql, 300));
      return error(Code::unavailable, "the database cannot be written: {}", message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error(Code::unavailable, "another process is using the database; try again");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return error(Code::unavailable, "the database file cannot be opened: {}",
                   reasonOfTheSystem(handle).value_or(message));
    case SQLITE_NOMEM:
      return Error(Code::unavailable, "the database ran out of memory");
    case SQLITE_INTERRUPT:
      if (const Cancellation* work = Cancellation::current(); work != nullptr && work->cancelled())
        return work->reason();
      return Error(Code::unavailable, "the database call was interrupted");
    case SQLITE_CORRUPT:
      return error(Code::corrupt, "the database file is damaged: {}", message);
    case SQLITE_NOTADB:
      return Error(Code::corrupt, "the database file is not a SQLite database, or its header is damaged");
    case SQLITE_TOOBIG:
      return Error(Code::tooLarge, "a value is too large for the database");
    case SQLITE_MISMATCH:
      return Error(Code::invalid, "a value has the wrong type for its column");
    case SQLITE_AUTH:
      return error(Code::internal, "a statement inside a transaction may not do this: {}", shorten(sql, 200));
    default:
      return error(Code::internal, "SQL failed: {} (code {}): {}", message, code, shorten(sql, 300));
  }
}

SqliteStatement::SqliteStatement(sqlite3* handle, std::string_view sql) : handle_(handle) {
  const char* rest = nullptr;
  sqlite3_stmt* prepared = nullptr;
  int code =
      sqlite3_prepare_v3(handle, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &prepared, &rest);
  statement_.reset(prepared);
  if (code != SQLITE_OK) throw sqliteError(handle, code, sql);
  std::string_view behind(rest, static_cast<std::size_t>(sql.data() + sql.size() - rest));
  if (prepared == nullptr || !trim(behind).empty())
    throw error(Code::internal, "not exactly one SQL statement: {}", shorten(sql, 300));
  readsOnly_ = sqlite3_stmt_readonly(prepared) != 0;
  numberParameters(sql);
}

void SqliteStatement::numberParameters(std::string_view sql) {
  for (int i = 1; i <= sqlite3_bind_parameter_count(raw()); ++i) {
    const char* name = sqlite3_bind_parameter_name(raw(), i);
    auto number = name != nullptr && name[0] == '$' ? parseInteger(name + 1) : std::nullopt;
    if (!number || *number < 1 || *number > 32'766)
      throw error(Code::internal, "SQL parameters are written $1, $2, …: {}", shorten(sql, 300));
    numbers_.push_back(static_cast<std::size_t>(*number));
    highest_ = std::max(highest_, numbers_.back());
  }
  // SQLite lists each name once, so a gap shows in the count. PostgreSQL refuses gaps, so we do on both.
  if (highest_ != numbers_.size())
    throw error(Code::internal, "SQL uses ${} but not every parameter below it: {}", highest_, shorten(sql, 300));
}

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void SqliteStatement::bind(Params params, bool copy) {
  if (params.size() != highest_)
    throw error(Code::internal, "SQL takes {} parameters, {} were given: {}", highest_, params.size(),
                shorten(sqlite3_sql(raw()), 300));
  for (std::size_t i = 0; i < numbers_.size(); ++i)
    bindOne(static_cast<int>(i) + 1, (params.begin() + (numbers_[i] - 1))->value, copy);
}

void SqliteStatement::bindOne(int index, const Value& value, bool copy) {
  auto keep = copy ? SQLITE_TRANSIENT : SQLITE_STATIC;
  int code = SQLITE_OK;
  if (auto* number = std::get_if<std::int64_t>(&value)) {
    code = sqlite3_bind_int64(raw(), index, *number);
  } else if (auto* real = std::get_if<double>(&value)) {
    code = sqlite3_bind_double(raw(), index, *real);
  } else if (auto* text = std::get_if<std::string_view>(&value)) {
    requireStorableText(*text);
    const char* start = text->data() == nullptr ? "" : text->data();  // a null pointer would bind NULL
    code = sqlite3_bind_text64(raw(), index, start, text->size(), keep, SQLITE_UTF8);
  } else if (auto* blob = std::get_if<Bytes>(&value)) {
    const char* start = blob->bytes.data() == nullptr ? "" : blob->bytes.data();
    code = sqlite3_bind_blob64(raw(), index, start, blob->bytes.size(), keep);
  } else {
    code = sqlite3_bind_null(raw(), index);
  }
  if (code != SQLITE_OK) throw sqliteError(handle_, code);
}

bool SqliteStatement::step() {
  int code = sqlite3_step(raw());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error failure = sqliteError(handle_, code, sqlite3_sql(raw()));
  reset();
  throw failure;
}

void SqliteStatement::reset() {
  sqlite3_reset(raw());
  sqlite3_clear_bindings(raw());
}

std::unique_ptr<Rows::Cursor> liveCursor(std::shared_ptr<SqliteStatement> statement, bool& failed, int& openCursors) {
  return std::make_unique<LiveCursor>(std::move(statement), failed, openCursors);
}

std::unique_ptr<Rows::Cursor> bufferedCursor(std::shared_ptr<SqliteStatement> statement) {
  return std::make_unique<BufferedCursor>(*statement);
}

}  // namespace regesta::db
