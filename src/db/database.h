#pragma once
#include <cstdint>
#include <concepts>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regesta::db {

/// Raw bytes, told apart from text: SQLite BLOB, PostgreSQL BYTEA.
struct Bytes {
  std::string_view bytes;
};

/// A value bound to `$n`. Text and bytes are borrowed until the call returns.
using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, Bytes>;

/// Turns what callers have at hand into a Value: integers of any width, bool (0/1), double, anything string-like,
/// std::optional of those (nullopt binds NULL), Bytes.
struct Param {
  Value value;
  Param(std::nullptr_t) {}
  Param(std::nullopt_t) {}
  template <std::integral T>
  Param(T number) : value(static_cast<std::int64_t>(number)) {}
  Param(double number) : value(number) {}
  Param(Bytes bytes) : value(bytes) {}
  Param(const char* text) : value(std::string_view(text)) {}
  Param(std::string_view text) : value(text) {}
  Param(const std::string& text) : value(std::string_view(text)) {}
  template <class T>
  Param(const std::optional<T>& maybe) {
    if (maybe) value = Param(*maybe).value;
  }
};
using Params = std::initializer_list<Param>;

/// The rows of one query, read forward. Columns count from 0. A getter of the wrong type converts as the database would;
/// text and bytes stay valid until the next call of next(). Only one Rows may be open on a Session at a time per SQL text.
class Rows {
 public:
  /// What an implementation provides.
  class Cursor {
   public:
    virtual ~Cursor() = default;
    virtual bool next() = 0;
    virtual bool isNull(int column) const = 0;
    virtual std::int64_t integer(int column) const = 0;
    virtual double real(int column) const = 0;
    virtual std::string_view text(int column) const = 0;
    virtual std::string_view bytes(int column) const = 0;
  };
  explicit Rows(std::unique_ptr<Cursor> cursor) : cursor_(std::move(cursor)) {}

  bool next() { return cursor_->next(); }
  bool isNull(int column) const { return cursor_->isNull(column); }
  std::int64_t integer(int column) const { return cursor_->integer(column); }
  double real(int column) const { return cursor_->real(column); }
  std::string text(int column) const { return std::string(cursor_->text(column)); }
  std::string_view view(int column) const { return cursor_->text(column); }
  std::string bytes(int column) const { return std::string(cursor_->bytes(column)); }
  std::optional<std::int64_t> maybeInteger(int column) const {
    return isNull(column) ? std::nullopt : std::optional(integer(column));
  }
  std::optional<std::string> maybeText(int column) const {
    return isNull(column) ? std::nullopt : std::optional(text(column));
  }

 private:
  std::unique_ptr<Cursor> cursor_;
};

/// One connection inside one transaction. Not thread-safe; never outlives the function it was handed to.
/// SQL is one statement, the same text for SQLite and PostgreSQL: $1…$n in any order and repeated at will, RETURNING,
/// ON CONFLICT; times are integers, JSON is TEXT. Statements are prepared once a connection and kept.
/// Failures throw Error: exists (unique constraint), conflict (serialization; `write` retries it), invalid (foreign key,
/// check), unavailable (busy, lost connection, disk full), corrupt, internal.
class Session {
 public:
  virtual ~Session() = default;
  virtual Rows query(std::string_view sql, Params params = {}) = 0;
  /// Runs a statement and returns the number of rows it changed.
  virtual std::int64_t run(std::string_view sql, Params params = {}) = 0;
  /// Several statements without parameters, for migrations.
  virtual void script(std::string_view sql) = 0;
  /// Fetch `id` with "INSERT … RETURNING id".
  std::int64_t insert(std::string_view sql, Params params = {}) {
    Rows rows = query(sql, params);
    rows.next();
    return rows.integer(0);
  }
};

enum class Dialect { sqlite, postgres };

/// Where the state lives. Thread-safe.
class Database {
 public:
  virtual ~Database() = default;
  virtual Dialect dialect() const = 0;

  /// Runs `fn` on a consistent snapshot. Anything `fn` throws passes through.
  virtual void read(const std::function<void(Session&)>& fn) = 0;

  /// Runs `fn` as one transaction and returns once it is durable. When `fn` throws, nothing of it stays and the exception
  /// passes through. `fn` may run more than once (serialization failure), so it must not have effects outside the Session.
  /// SQLite: fn runs on the one writer thread inside a SAVEPOINT; many callers share a COMMIT (group commit, synchronous
  /// = FULL). PostgreSQL: a pooled SERIALIZABLE transaction. Must not be called from inside read() or write().
  virtual void write(const std::function<void(Session&)>& fn) = 0;

  /// Tells every process on this database that `channel` has news; `listen` callbacks run on a thread of the database
  /// with the payload. SQLite: this process only. Delivery is a hint, not a promise: also poll.
  virtual void notify(const std::string& channel, const std::string& payload) = 0;
  virtual void listen(const std::string& channel, std::function<void(const std::string&)> callback) = 0;

  /// Writes a consistent copy to `path` while the server runs (SQLite: online backup). PostgreSQL: unsupported, says to
  /// use pg_dump.
  virtual void backup(const std::string& path) = 0;

  template <class Fn>
  auto reading(Fn&& fn) {
    using Result = std::invoke_result_t<Fn&, Session&>;
    std::optional<Result> result;
    read([&](Session& session) { result.emplace(fn(session)); });
    return std::move(*result);
  }
  template <class Fn>
  auto writing(Fn&& fn) {
    using Result = std::invoke_result_t<Fn&, Session&>;
    std::optional<Result> result;
    write([&](Session& session) { result.emplace(fn(session)); });
    return std::move(*result);
  }
};

struct SqliteOptions {
  std::string path;            ///< the database file; its folder must exist
  std::size_t cacheBytes = 8 * 1024 * 1024;
  std::size_t readers = 4;
  bool readOnly = false;
};
std::unique_ptr<Database> openSqlite(const SqliteOptions& options);

/// `url` is a libpq connection URI. `connections` bounds the pool.
std::unique_ptr<Database> openPostgres(const std::string& url, std::size_t connections = 16);

}  // namespace regesta::db
