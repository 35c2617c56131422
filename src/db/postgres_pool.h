#pragma once
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/sync.h"
#include "base/work.h"
#include "db/postgres_connection.h"

namespace regesta::db {

/// Connections, opened as they are needed and lent to one thread at a time. Thread-safe.
class PostgresPool {
 public:
  PostgresPool(std::string url, std::size_t limit)
      : url_(std::move(url)), limit_(limit == 0 ? 1 : limit), scanLimit_((limit_ + 1) / 2) {}

  /// Waits until one is free; throws what connecting throws. Reads of Lane::scan hold at most half of them. A
  /// connection that comes back lost takes the idle ones with it: they went to the same server.
  class Loan {
   public:
    explicit Loan(PostgresPool& pool)
        : pool_(pool), scan_(currentWork().lane == Lane::scan), connection_(pool.take(scan_)) {}
    ~Loan() { pool_.give(std::move(connection_), scan_); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    PostgresConnection& operator*() { return *connection_; }
    PostgresConnection* operator->() { return connection_.get(); }

   private:
    PostgresPool& pool_;
    bool scan_;
    std::unique_ptr<PostgresConnection> connection_;
  };

 private:
  struct State {
    std::vector<std::unique_ptr<PostgresConnection>> idle;
    std::size_t lent = 0;
    std::size_t scanning = 0;  ///< of those that are lent
  };
  std::unique_ptr<PostgresConnection> take(bool scan);
  void give(std::unique_ptr<PostgresConnection> connection, bool scan);

  std::string url_;
  std::size_t limit_, scanLimit_;
  Sync<State> state_;
  std::condition_variable returned_;
};

}  // namespace regesta::db
