#include "db/sqlite_connection.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "base/cancel.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "db/slow_log.h"

namespace regesta::db {
namespace {

constexpr std::size_t keptStatements = 300;
constexpr std::size_t pageBytes = 4096;
constexpr int restartFactor = 16;        // so much longer than it should be: readers keep the log from starting over
constexpr int restartMillis = 50;        // how long we then wait for them; all writers wait with us
constexpr int stepsBetweenLooks = 2000;  // of SQLite's machine, between two looks at the current Cancellation
constexpr std::int64_t keptLogBytes = 64 * 1024 * 1024;

/// Creates an empty file that only its owner can read, and says what is wrong in words. The file is touched only when
/// it did not exist: closing a descriptor of a file that SQLite has open in this process would drop SQLite's locks.
void createDatabaseFile(const std::string& path) {
  int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return;
  }
  if (errno == EEXIST) return;
  if (errno == ENOENT || errno == ENOTDIR)
    throw error(Code::unavailable, "the folder of the database file {} does not exist", path);
  file::fail("create the database file", path);
}

int isCancelled(void*) {
  const Cancellation* cancellation = Cancellation::current();
  return cancellation != nullptr && cancellation->cancelled() ? 1 : 0;
}

Error openError(sqlite3* handle, int code, const std::string& path) {
  Error failure = sqliteError(handle, code);
  std::error_code ignored;
  std::string why = failure.message;
  if (std::filesystem::is_directory(path, ignored))
    why = "it is a folder";
  else if ((code & 0xff) != SQLITE_NOTADB && (code & 0xff) != SQLITE_CORRUPT)
    why = reasonOfTheSystem(handle).value_or(why);
  return error(failure.code, "cannot open the database {}: {}", path, why);
}

bool harmlessPragma(std::string_view name, const char* value) {
  constexpr std::array<std::string_view, 9> withValue = {"integrity_check", "quick_check", "foreign_key_check",
                                                         "table_info",      "table_xinfo", "index_list",
                                                         "index_info",      "index_xinfo", "foreign_key_list"};
  constexpr std::array<std::string_view, 5> plain = {"page_count", "page_size", "freelist_count", "journal_mode",
                                                     "synchronous"};
  if (std::find(withValue.begin(), withValue.end(), name) != withValue.end()) return true;
  return value == nullptr && std::find(plain.begin(), plain.end(), name) != plain.end();
}

/// After one the kernel may have dropped the bytes and say yes the next time: nothing can be built upon that file any
/// more until its log was read afresh.
bool isFailedFlush(int code) { return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC; }

int noteTime(unsigned, void*, void* statement, void* nanoseconds) {
  const char* sql = sqlite3_sql(static_cast<sqlite3_stmt*>(statement));  // with placeholders
  noteStatement(sql == nullptr ? "" : sql, std::chrono::nanoseconds(*static_cast<sqlite3_int64*>(nanoseconds)));
  return 0;
}

int rememberLogLength(void* walPages, sqlite3*, const char*, int pages) {
  *static_cast<int*>(walPages) = pages;
  return SQLITE_OK;
}

}  // namespace

SqliteConnection::SqliteConnection(const SqliteOptions& options, Mode mode)
    : statements_(keptStatements),
      patienceMillis_(options.patienceMillis),
      checkpointPages_(static_cast<int>(options.logBytes / pageBytes)),
      restartPages_(checkpointPages_ * restartFactor) {
  open(options, mode);
  configure(options, mode);
  if (mode == Mode::writer) emptyLog(options.path);
}

SqliteConnection::~SqliteConnection() {
  statements_.clear();
  // After a failed flush the log is the only copy that can be trusted: leave it for the next start.
  if (flushFailed_) sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

void SqliteConnection::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

void SqliteConnection::open(const SqliteOptions& options, Mode mode) {
  if (mode == Mode::writer) createDatabaseFile(options.path);
  int flags = (mode == Mode::reader ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX |
              SQLITE_OPEN_EXRESCODE | (mode == Mode::memory ? SQLITE_OPEN_MEMORY | SQLITE_OPEN_CREATE : 0);
  auto attempt = [&](const std::string& name, int extra) {
    sqlite3* handle = nullptr;
    int code = sqlite3_open_v2(name.c_str(), &handle, flags | extra, nullptr);
    handle_.reset(handle);
    if (code != SQLITE_OK) throw openError(handle, code, options.path);
    sqlite3_busy_timeout(
        handle, options.patienceMillis);  // before anything that may wait for another process, journal_mode above all
    return sqlite3_exec(handle, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr);
  };
  std::error_code none;
  bool logIsEmpty = std::filesystem::file_size(options.path + "-wal", none) == 0 || none;
  auto attemptImmutable = [&] {
    return attempt("file:" + percentEncode(options.path, true) + "?immutable=1", SQLITE_OPEN_URI);
  };
  bool copy = options.readOnly && options.immutable && logIsEmpty;
  int code = copy ? attemptImmutable() : attempt(options.path, 0);
  if ((code & 0xff) == SQLITE_CANTOPEN && options.readOnly && logIsEmpty)  // a copy in a folder that cannot be written
    code = attemptImmutable();
  if (code != SQLITE_OK) throw openError(handle_.get(), code, options.path);
}

void SqliteConnection::configure(const SqliteOptions& options, Mode mode) {
  std::string sql = fmt::format(
      "PRAGMA foreign_keys=ON; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA case_sensitive_like=ON;"
      "PRAGMA cache_size=-{};",
      std::max<std::size_t>(options.cacheBytes / 1024, 64));
  if (mode == Mode::writer)
    sql += fmt::format(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit={};",
        keptLogBytes);
  int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw openError(handle_.get(), code, options.path);
  if (mode == Mode::writer && sqlite3_db_readonly(handle_.get(), "main") != 0)
    throw error(Code::unavailable, "the database file {} cannot be written: check its owner and permissions",
                options.path);
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_limit(handle_.get(), SQLITE_LIMIT_ATTACHED, 0);
  if (slowStatementMillis() > 0) sqlite3_trace_v2(handle_.get(), SQLITE_TRACE_PROFILE, &noteTime, nullptr);
  sqlite3_set_authorizer(handle_.get(), &SqliteConnection::authorize, this);
  if (mode == Mode::reader) {
    sqlite3_progress_handler(handle_.get(), stepsBetweenLooks, &isCancelled, nullptr);
    return;
  }
  if (mode == Mode::memory) return;
  sqlite3_wal_hook(handle_.get(), &rememberLogLength, &walPages_);
  SqliteStatement journal(handle_.get(), "PRAGMA journal_mode");
  REGESTA_INVARIANT(journal.step());
  if (std::string_view(reinterpret_cast<const char*>(sqlite3_column_text(journal.raw(), 0))) != "wal")
    throw error(Code::unavailable, "the folder of {} does not support a write-ahead log (is it a network drive?)",
                options.path);
}

/// Transactions are the owner's: a COMMIT in the middle of a batch would make other callers' half-done work durable.
int SqliteConnection::authorize(void* self, int action, const char* first, const char* second, const char*,
                                const char*) {
  if (static_cast<SqliteConnection*>(self)->command_) return SQLITE_OK;
  switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return SQLITE_DENY;
    case SQLITE_PRAGMA:
      return harmlessPragma(first, second) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_OK;
  }
}

namespace {
/// Lets BEGIN, COMMIT and their like through, also while they run: SQLite may have to prepare them again.
class Permission {
 public:
  explicit Permission(bool& granted) : granted_(granted) { granted_ = true; }
  ~Permission() { granted_ = false; }
  Permission(const Permission&) = delete;

 private:
  bool& granted_;
};
}  // namespace

int SqliteConnection::tryCommand(const char* sql) {
  Permission permission(command_);
  auto statement = statements_.find(sql);
  if (statement == nullptr) {
    statement = std::make_shared<SqliteStatement>(handle_.get(), sql);
    statements_.put(sql, statement);
  }
  int code = sqlite3_step(statement->raw());
  statement->reset();
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

void SqliteConnection::command(const char* sql) {
  int code = tryCommand(sql);
  if (code != SQLITE_OK) throw sqliteError(handle_.get(), code, sql);
}

std::shared_ptr<SqliteStatement> SqliteConnection::take(std::string_view sql) {
  auto statement = statements_.find(sql);
  if (statement != nullptr && !statement->inUse()) return statement;
  bool keep = statement == nullptr;
  statement = std::make_shared<SqliteStatement>(handle_.get(), sql);
  if (keep) statements_.put(std::string(sql), statement);
  return statement;
}

void SqliteConnection::enterStatement() {
  if (failed_)
    throw Error(Code::internal,
                "an earlier statement of this transaction failed, so nothing more can follow; "
                "use ON CONFLICT where a clash is expected");
  failed_ = true;  // until the statement has succeeded
}

Rows SqliteConnection::query(std::string_view sql, Params params) {
  enterStatement();
  auto statement = take(sql);
  bool live = statement->readsOnly();
  statement->bind(params, live);
  auto cursor = live ? liveCursor(statement, failed_, openCursors_) : bufferedCursor(statement);
  if (!live) statement->reset();
  failed_ = false;
  return Rows(std::move(cursor));
}

std::int64_t SqliteConnection::run(std::string_view sql, Params params) {
  enterStatement();
  auto statement = take(sql);
  statement->bind(params, false);
  std::int64_t before = sqlite3_total_changes64(handle_.get());
  while (statement->step()) {
  }
  statement->reset();
  failed_ = false;
  // A statement that changes no rows (CREATE TABLE) leaves the last one's count standing.
  return sqlite3_total_changes64(handle_.get()) == before ? 0 : sqlite3_changes64(handle_.get());
}

void SqliteConnection::script(std::string_view sql) {
  enterStatement();
  int code = sqlite3_exec(handle_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw sqliteError(handle_.get(), code, sql);
  failed_ = false;
}

void SqliteConnection::read(const std::function<void(Transaction&)>& fn) {
  struct Ending {
    SqliteConnection& connection;
    ~Ending() { connection.rollbackBatch(); }
  } ending{*this};
  failed_ = false;
  command("BEGIN");
  fn(*this);
  REGESTA_INVARIANT(openCursors_ == 0);  // Rows outlived the function they were read in
  command("COMMIT");
}

void SqliteConnection::beginBatch() {
  if (flushFailed_)
    throw Error(Code::unavailable,
                "the disk failed to store earlier data, so nothing is written until the server is restarted");
  command("BEGIN IMMEDIATE");
}

void SqliteConnection::commitBatch() {
  int code = tryCommand("COMMIT");
  if (code == SQLITE_OK) return;
  flushFailed_ = isFailedFlush(code);
  throw sqliteError(handle_.get(), code);
}

void SqliteConnection::rollbackBatch() noexcept {
  if (!inTransaction()) return;
  Permission permission(command_);
  sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);  // not by tryCommand, which may throw
}

void SqliteConnection::savepoint() {
  failed_ = false;
  command("SAVEPOINT unit");
}

void SqliteConnection::releaseSavepoint() {
  REGESTA_INVARIANT(openCursors_ == 0);  // Rows outlived the function they were read in
  enterStatement();
  int pending = 0, unused = 0;
  sqlite3_db_status(handle_.get(), SQLITE_DBSTATUS_DEFERRED_FKS, &pending, &unused, 0);
  if (pending != 0) throw sqliteError(handle_.get(), SQLITE_CONSTRAINT_FOREIGNKEY);
  command("RELEASE unit");
}

void SqliteConnection::rollbackSavepoint() {
  // A full disk or a failed read ends the whole transaction, not only the unit.
  if (!inTransaction())
    throw Error(Code::unavailable, "the disk failed while the change was being written; nothing of it was kept");
  command("ROLLBACK TO unit");
  command("RELEASE unit");
}

bool SqliteConnection::inTransaction() const { return sqlite3_get_autocommit(handle_.get()) == 0; }

/// Log data of an earlier process may exist only in the kernel's memory: a failed flush there is not reported
/// to us. Rewritten into the database file and flushed, it is safe to build upon.
void SqliteConnection::emptyLog(const std::string& path) {
  int code = sqlite3_wal_checkpoint_v2(handle_.get(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
  if (code != SQLITE_OK && code != SQLITE_BUSY) throw openError(handle_.get(), code, path);
  walPages_ = 0;
}

void SqliteConnection::checkpointWhenDue() {
  if (walPages_ < checkpointPages_ || flushFailed_) return;
  bool restart = walPages_ >= restartPages_;
  sqlite3_busy_timeout(handle_.get(), restartMillis);
  int code = sqlite3_wal_checkpoint_v2(
      handle_.get(), "main", restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  sqlite3_busy_timeout(handle_.get(), patienceMillis_);
  flushFailed_ = isFailedFlush(code);
  bool held = restart && code != SQLITE_OK;
  restartPages_ = (held ? walPages_ : 0) + checkpointPages_ * restartFactor;
  walPages_ = 0;
}

void SqliteConnection::backupTo(const std::string& path) {
  sqlite3* opened = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXRESCODE,
                             nullptr);
  std::unique_ptr<sqlite3, Close> copy(opened);
  if (code != SQLITE_OK) throw openError(opened, code, path);
  sqlite3_backup* backup = sqlite3_backup_init(opened, "main", handle_.get(), "main");
  if (backup == nullptr) throw sqliteError(opened, sqlite3_errcode(opened));
  sqlite3_backup_step(backup, -1);
  code = sqlite3_backup_finish(backup);
  if (code != SQLITE_OK) throw sqliteError(opened, code);
}

}  // namespace regesta::db
