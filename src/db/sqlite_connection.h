#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "db/database.h"
#include "db/sqlite_statement.h"
#include "db/statement_cache.h"

struct sqlite3;

namespace regesta::db {

/// One SQLite connection, used by one thread at a time. The owner opens and ends transactions; what is handed to
/// callers is the Transaction side, which may do neither.
class SqliteConnection final : public Transaction {
 public:
  /// memory: an empty database without a file, for one connection.
  enum class Mode { writer, reader, memory };
  /// Throws Error that names the file and what is wrong with it.
  SqliteConnection(const SqliteOptions& options, Mode mode);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Rows query(std::string_view sql, Params params = {}) override;
  std::int64_t run(std::string_view sql, Params params = {}) override;
  void script(std::string_view sql) override;

  /// Runs `fn` on a snapshot.
  void read(const std::function<void(Transaction&)>& fn);

  void beginBatch();
  /// Durable when it returns. Throws Error when nothing of the batch stays.
  void commitBatch();
  /// Gives up the whole batch.
  void rollbackBatch() noexcept;
  void savepoint();
  /// Keeps what happened since savepoint(). Throws Error{invalid} when a deferred foreign key is broken,
  /// Error{internal} when an earlier statement had failed.
  void releaseSavepoint();
  /// Undoes what happened since savepoint(). Throws Error{unavailable} when the whole batch is lost.
  void rollbackSavepoint();

  /// The disk failed to flush: the connection begins no batch any more. From any thread.
  bool flushFailed() const { return flushFailed_; }
  /// Moves the write-ahead log into the database file once it is long enough.
  void checkpointWhenDue();
  void backupTo(const std::string& path);

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  void open(const SqliteOptions& options, Mode mode);
  void configure(const SqliteOptions& options, Mode mode);
  int tryCommand(const char* sql);
  void command(const char* sql);
  std::shared_ptr<SqliteStatement> take(std::string_view sql);
  void enterStatement();
  void emptyLog(const std::string& path);
  bool inTransaction() const;
  static int authorize(void* self, int action, const char* first, const char* second, const char* schema,
                       const char* trigger);

  std::unique_ptr<sqlite3, Close> handle_;
  StatementCache<SqliteStatement> statements_;
  int openCursors_ = 0;
  bool failed_ = false;   // a statement of this transaction failed: as on PostgreSQL, nothing more may follow
  bool command_ = false;  // the owner's own statement is being prepared
  std::atomic<bool> flushFailed_ = false;
  int patienceMillis_;
  int walPages_ = 0;     // of the log, as the last commit left it
  int checkpointPages_;  // from here on the log is moved into the file
  int restartPages_;     // from here on we wait for readers so that the log can start over
};

}  // namespace regesta::db
