#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/database.h"
#include "db/postgres_binding.h"
#include "db/statement_cache.h"

struct pg_conn;
struct pg_result;

namespace regesta::db {

struct ForgetResult {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, ForgetResult>;

/// The rows of a result that is here already.
std::unique_ptr<Rows::Cursor> resultCursor(PostgresResult result);

/// One PostgreSQL connection, used by one thread at a time. The owner opens and ends transactions. It is in libpq's
/// pipeline mode: BEGIN, SAVEPOINT, RELEASE and what send() got go to the server together with the next statement that
/// somebody waits for, and the end of a transaction that only read is not waited for.
class PostgresConnection final : public Transaction {
 public:
  enum class Purpose { reading, writing };
  /// Throws Error{unavailable} in words that name host and database, Error{unsupported} for a server we cannot work
  /// with.
  explicit PostgresConnection(std::string url, Purpose purpose = Purpose::writing);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  Rows query(std::string_view sql, Params params = {}) override;
  std::int64_t run(std::string_view sql, Params params = {}) override;
  Rows send(std::string_view sql, Params params = {}) override;
  void script(std::string_view sql) override;

  /// reading: one snapshot. readingOnce: one snapshot per round trip, without BEGIN; both need Purpose::reading.
  /// writing: alone among all that write to the database (an advisory lock, held to the end), so READ COMMITTED is
  /// serializable.
  enum class Mode { reading, readingOnce, writing };
  /// Takes effect with the first statement, which connects again if the connection turns out to be lost.
  void begin(Mode mode);
  /// Ends the part of the transaction that belongs to one function, and begins the next. If a statement that it sent
  /// fails later, the whole transaction is broken().
  void endPart();
  /// Waits for the answers to everything that was sent.
  void settle();
  void savepoint();
  /// Keeps what happened since savepoint().
  void releaseSavepoint();
  /// Undoes what happened since savepoint(). Throws Error{internal} if the transaction is no longer open.
  void rollbackSavepoint();
  /// Undoes the part without a savepoint: false if it has changed something, or failed.
  bool dropPart();
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
  /// BEGIN, the lock, a savepoint or a statement of an earlier part failed: the whole transaction is lost.
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
  struct Prepared {
    std::string name;
  };
  /// A statement's result, once it is here.
  struct Sent {
    PostgresResult result;
  };
  class SentCursor;
  /// What goes to the server with the next round trip.
  struct Command {
    std::string sql, key;  ///< key: with the types of the parameters
    Binding binding;
    std::shared_ptr<Sent> sent;  ///< null: it controls the transaction
  };
  /// What the server answers, in order: each command, and before it the preparation of its statement if it is new.
  struct Step {
    std::size_t command;
    std::shared_ptr<Prepared> prepared;  ///< null: the command is executed
  };
  void connect();
  void setUp();
  void control(std::string_view sql, Params params = {});
  void forgetPart();
  std::shared_ptr<Sent> enqueue(std::string_view sql, Params params);
  PostgresResult execute(std::string_view sql, Params params);
  void exchange();
  static void noteTrip(const std::vector<Command>& done, std::chrono::nanoseconds took);
  std::vector<Step> transmit();
  void collect(const std::vector<Step>& steps);
  void sendAside(const char* sql) noexcept;
  void drain() noexcept;
  pg_result* nextResult();
  void requireSuccess(const pg_result* result, std::string_view sql);
  int transactionStatus() const;

  std::string url_;
  Purpose purpose_;
  std::unique_ptr<pg_conn, Close> handle_;
  StatementCache<Prepared> statements_;
  std::uint64_t prepared_ = 0;
  std::vector<Command> queued_;
  std::size_t partFrom_ = 0;     ///< where the commands of the present part begin in queued_
  std::size_t queuedBytes_ = 0;  ///< that are copies
  PostgresResult failure_;       ///< of the round trip
  std::size_t failedAt_ = 0;     ///< which command
  bool partSent_ = false;        ///< some of the part's statements have been executed
  bool partChanges_ = false;     ///< and they may have changed something
  bool opening_ = false;         ///< BEGIN has not been answered
  bool inSavepoint_ = false;     ///< a savepoint is set, or queued
  bool once_ = false;            ///< Mode::readingOnce
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
