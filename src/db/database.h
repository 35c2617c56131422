#pragma once
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace regesta::db {

/// Raw bytes, distinct from text: SQLite BLOB, PostgreSQL BYTEA.
struct Bytes {
  std::string_view bytes;
};

/// A value bound to `$n`. Text and bytes are borrowed until the call returns.
using Value = std::variant<std::monostate, std::int64_t, double, std::string_view, Bytes>;

/// Turns what callers have at hand into a Value: integers of any width, bool (0/1), double, anything string-like,
/// std::optional of those (an empty one binds a NULL of its type, so "$1 IS NULL OR name = $1" works), Bytes.
struct Param {
  enum class Null { ofAnyType, integer, real, text, bytes };
  Value value;
  Null null = Null::ofAnyType;  ///< the type of a NULL for PostgreSQL
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
    if (maybe)
      value = Param(*maybe).value;
    else if constexpr (std::integral<T>)
      null = Null::integer;
    else if constexpr (std::floating_point<T>)
      null = Null::real;
    else if constexpr (std::same_as<T, Bytes>)
      null = Null::bytes;
    else
      null = Null::text;
  }
};
using Params = std::initializer_list<Param>;

/// The rows of one query, read forward. Columns count from 0. A getter of the wrong type converts as the database
/// would; text and bytes stay valid until the next call of next(). Several Rows may be open at once, of the same SQL
/// text too; none may outlive the function that its Transaction was handed to. A statement that changes something has
/// done so when query() returns, however many of its rows are read. PostgreSQL holds a whole result in memory: page
/// large reads.
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
/// ON CONFLICT; times are integers, JSON is TEXT. Statements are prepared once per connection and kept.
/// Text sorts by its bytes and LIKE is case-sensitive on both; write "LIKE $1 ESCAPE '\'" and cast to BIGINT, not
/// INTEGER. A stored NaN reads back as NULL on SQLite and as NaN on PostgreSQL: keep a separate flag. SQLite forgets
/// the sign of -0.0. Failures throw Error: exists (unique constraint), conflict (serialization; `write` retries it),
/// invalid (foreign key, check, NUL or broken UTF-8 in text), unavailable (busy, lost connection, disk full), corrupt,
/// internal. A failed statement ends its transaction, as in PostgreSQL: code that catches the Error and continues gets
/// Error{internal}, and everything is rolled back. If a conflict is expected, write ON CONFLICT.
class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Rows query(std::string_view sql, Params params = {}) = 0;
  /// Runs a statement and returns the number of rows it changed.
  virtual std::int64_t run(std::string_view sql, Params params = {}) = 0;
  /// Like query(), for a result that is not needed at once: PostgreSQL gets the statement together with the next one,
  /// and nobody waits for it before a row is asked for. So several cost one round trip. What the statement throws is
  /// thrown by whatever waits first: next(), another statement, or write() itself.
  virtual Rows send(std::string_view sql, Params params = {}) { return query(sql, params); }
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

  /// Runs `fn` on a consistent snapshot that holds every write acknowledged before. Anything `fn` throws passes
  /// through. Inside read() or write() of the same database it joins that Transaction.
  virtual void read(const std::function<void(Transaction&)>& fn) = 0;
  /// The same, for a function that waits once: what it sends up to then sees one snapshot, later statements see a later
  /// one. PostgreSQL needs no BEGIN for it.
  virtual void readOnce(const std::function<void(Transaction&)>& fn) { read(fn); }

  /// Runs `fn` as one transaction and returns once it is durable. When `fn` throws, nothing of it stays and the
  /// exception passes through. `fn` may run more than once (serialization failure), so it must not have effects outside
  /// the Transaction. SQLite: fn runs on the one writer thread inside a SAVEPOINT; many callers share a COMMIT (group
  /// commit, synchronous = FULL). PostgreSQL: the same, under a lock that all servers of the database take in turn.
  /// Must not be called from inside read() or write().
  virtual void write(const std::function<void(Transaction&)>& fn) = 0;

  /// False when write() throws until the process is started again, because the disk failed to store something.
  virtual bool acceptsWrites() const { return true; }

  /// Tells every process on this database that `channel` has news; `listen` callbacks run on a thread of the database
  /// with the payload. SQLite: this process only. Delivery is a hint, not a promise: also poll. Call it after write(),
  /// not inside: the news would be older than the change. Callbacks must not throw and
  /// must not wait for long; what they use must live as long as the database.
  virtual void notify(const std::string& channel, const std::string& payload) = 0;
  virtual void listen(const std::string& channel, std::function<void(const std::string&)> callback) = 0;

  /// Writes a consistent copy to `path`, which must not exist, while the server runs (SQLite: online backup); durable
  /// when it returns. PostgreSQL: unsupported, says to use pg_dump.
  virtual void backup(const std::string& path) = 0;

  template <class Fn>
  auto reading(Fn&& fn) {
    using Result = std::invoke_result_t<Fn&, Transaction&>;
    std::optional<Result> result;
    read([&](Transaction& transaction) { result.emplace(fn(transaction)); });
    return std::move(*result);
  }
  template <class Fn>
  auto readingOnce(Fn&& fn) {
    using Result = std::invoke_result_t<Fn&, Transaction&>;
    std::optional<Result> result;
    readOnce([&](Transaction& transaction) { result.emplace(fn(transaction)); });
    return std::move(*result);
  }
  template <class Fn>
  auto writing(Fn&& fn) {
    using Result = std::invoke_result_t<Fn&, Transaction&>;
    std::optional<Result> result;
    write([&](Transaction& transaction) { result.emplace(fn(transaction)); });
    return std::move(*result);
  }
};

struct SqliteOptions {
  std::string path;                          ///< the database file; its folder must exist
  std::size_t cacheBytes = 8 * 1024 * 1024;  ///< of each connection: one writer and up to `readers`
  std::size_t readers = 4;
  std::size_t logBytes = 4 * 1024 * 1024;  ///< of write-ahead log before it is moved into the file
  int patienceMillis = 5000;               ///< how long to wait for another process that holds the file
  bool readOnly = false;  ///< for looking at a file that is not ours: nothing is created, write() throws
  /// With readOnly: the file does not change meanwhile (a backup), so it is read without lock files. A remaining log is
  /// read in the ordinary way.
  bool immutable = false;
};
/// Creates the file when there is none. Throws Error that names the file: unavailable (folder, permission, disk),
/// corrupt (not a SQLite database). Another process may have the file open: writes take turns, but keep to one server a
/// directory.
std::unique_ptr<Database> openSqlite(const SqliteOptions& options);

/// `url` is a libpq connection URI. `connections` bounds the pool of readers; one more writes and one listens. Throws
/// Error{unavailable} when the server cannot be reached or turns us away, Error{unsupported} when it is too old or not
/// UTF-8.
std::unique_ptr<Database> openPostgres(const std::string& url, std::size_t connections = 16);

}  // namespace regesta::db
