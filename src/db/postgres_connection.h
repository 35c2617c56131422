#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/database.h"
#include "db/statement_cache.h"

struct pg_conn;
struct pg_result;

namespace regesta::db {

struct Binding;

struct ForgetResult {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, ForgetResult>;

/// The rows of a result that is here already.
std::unique_ptr<Rows::Cursor> resultCursor(PostgresResult result);

/// One PostgreSQL connection, used by one thread at a time. The owner opens and ends transactions. It is in libpq's
/// pipeline mode: BEGIN, SAVEPOINT and RELEASE cost no round trip, because they are sent together with the next
/// statement, and the end of a transaction that only read is not waited for.
class PostgresConnection final : public Transaction {
 public:
  /// Throws Error{unavailable} in words that name host and database, Error{unsupported} for a server we cannot work
  /// with.
  explicit PostgresConnection(std::string url);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  Rows query(std::string_view sql, Params params = {}) override;
  std::int64_t run(std::string_view sql, Params params = {}) override;
  void script(std::string_view sql) override;

  /// reading: one snapshot. writing: alone among all that write to the database (an advisory lock, held to the end), so
  /// READ COMMITTED is serializable.
  enum class Mode { reading, writing };
  /// Takes effect with the first statement, which connects again if the connection turns out to be lost.
  void begin(Mode mode);
  void savepoint();
  /// Keeps what happened since savepoint().
  void releaseSavepoint();
  /// Undoes what happened since savepoint(). Throws Error{internal} if the transaction is no longer open.
  void rollbackSavepoint();
  /// Durable when it returns.
  void commit();
  /// Ends a transaction that only read.
  void finish() noexcept;
  /// Gives up what is open; a connection that is lost stays lost.
  void rollback() noexcept;
  /// Throws Error{internal} if a statement failed or ended the transaction.
  void requireOpen() const;
  bool lost() const;
  /// The transaction that failed may succeed when it is run again from its start.
  bool worthRepeating() const { return repeatable_; }
  /// BEGIN, the lock or a savepoint failed: the whole transaction is lost.
  bool broken() const { return broken_; }
  /// The server refused the COMMIT of the transaction, so nothing of it was stored.
  bool commitRefused() const { return committing_ && !repeatable_ && !lost(); }

  void listenTo(const std::string& channel);
  /// Runs one statement outside of transactions.
  void runAlone(std::string_view sql, Params params);
  /// Waits until there is news, `wake` becomes readable or the time is up. Throws Error{unavailable} when the
  /// connection is lost.
  std::vector<std::pair<std::string, std::string>> news(int wake, int timeoutMillis);

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  struct Statement {
    std::string name;
  };
  /// What came back for the commands of one round trip.
  struct Answer {
    PostgresResult result;      ///< of the last one, or of the first that failed
    std::size_t succeeded = 0;  ///< before the first that failed
  };
  void connect();
  void setUp();
  void enterStatement();
  PostgresResult execute(std::string_view sql, Params params);
  Answer roundTrip(std::string_view sql, const Binding& binding);
  void sendQueued();
  Answer flushQueued();
  Answer collect();
  void settle(const Answer& answer);
  void drain() noexcept;
  pg_result* nextResult();
  PostgresResult checked(PostgresResult result, std::string_view sql);
  void command(std::string sql);
  int transactionStatus() const;

  std::string url_;
  std::unique_ptr<pg_conn, Close> handle_;
  StatementCache<Statement> statements_;
  std::uint64_t prepared_ = 0;
  std::vector<std::string> queued_;  ///< commands for the next round trip
  bool opening_ = false;             ///< BEGIN has not been answered
  bool inSavepoint_ = false;         ///< a savepoint is set, or queued
  bool broken_ = false;
  bool owed_ = false;         ///< the answer to a ROLLBACK is still to be read
  bool ended_ = false;        ///< libpq could not talk to the server
  bool interrupted_ = false;  ///< a cancel request was sent
  bool forgetStatements_ = false;
  bool failed_ = false;
  bool repeatable_ = false;
  bool committing_ = false;
  bool readOnly_ = false;
};

}  // namespace regesta::db
