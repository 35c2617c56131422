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

struct ForgetResult {
  void operator()(pg_result* result) const;
};
using PostgresResult = std::unique_ptr<pg_result, ForgetResult>;

/// The rows of a result that is here already.
std::unique_ptr<Rows::Cursor> resultCursor(PostgresResult result);

/// One PostgreSQL connection, used by one thread at a time. The owner opens and ends transactions.
class PostgresConnection final : public Transaction {
 public:
  /// Throws Error{unavailable} in words that name host and database, Error{unsupported} for a server we cannot work
  /// with.
  explicit PostgresConnection(const std::string& url);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  Rows query(std::string_view sql, Params params = {}) override;
  std::int64_t run(std::string_view sql, Params params = {}) override;
  void script(std::string_view sql) override;

  void begin(bool readOnly);
  /// Durable when it returns.
  void commit();
  /// Gives up what is open; a connection that is lost stays lost.
  void rollback() noexcept;
  /// Connected and outside of any transaction.
  bool idle() const;
  bool lost() const;
  /// The transaction that failed may succeed when it is run again from its start.
  bool worthRepeating() const { return repeatable_; }

  void listenTo(const std::string& channel);
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
  void setUp();
  void enterStatement();
  PostgresResult execute(std::string_view sql, Params params);
  pg_result* awaitResult();
  std::shared_ptr<Statement> prepare(std::string_view sql, const std::vector<unsigned>& types);
  PostgresResult checked(pg_result* result, std::string_view sql);
  void command(const char* sql);

  std::unique_ptr<pg_conn, Close> handle_;
  StatementCache<Statement> statements_;
  std::uint64_t prepared_ = 0;
  bool failed_ = false;
  bool repeatable_ = false;
  bool committing_ = false;
  bool readOnly_ = false;
};

}  // namespace regesta::db
