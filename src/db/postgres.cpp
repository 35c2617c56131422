#include <chrono>
#include <mutex>
#include <random>
#include <thread>

#include "base/error.h"
#include "db/database.h"
#include "db/postgres_listener.h"
#include "db/postgres_pool.h"
#include "db/scope.h"
#include "db/value_check.h"

namespace regesta::db {
namespace {

constexpr int maxAttempts = 50;
constexpr int attemptsTogether = 3;  // after these, transactions that clashed take turns

/// Half a millisecond doubling up to 32, spread at random so that those who clashed do not clash again.
void backOff(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  int ceiling = 500 << std::min(attempt, 6);
  std::this_thread::sleep_for(std::chrono::microseconds(std::uniform_int_distribution(1, ceiling)(random)));
}

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(const std::string& url, std::size_t connections) : pool_(url, connections), listener_(url) {
    PostgresPool::Loan firstOne(pool_);  // what is wrong with the server is found at the start
  }

  Dialect dialect() const override { return Dialect::postgres; }

  void read(const std::function<void(Transaction&)>& fn) override {
    if (Transaction* open = Scope::transactionOn(*this)) return fn(*open);
    if (!tryRead(fn, true)) tryRead(fn, false);
  }

  void write(const std::function<void(Transaction&)>& fn) override {
    Scope::requireOutside(*this, "Database::write()");
    std::unique_lock turn(turn_, std::defer_lock);
    for (int attempt = 1; !tryWrite(fn, attempt == maxAttempts); ++attempt) {
      if (attempt == attemptsTogether) turn.lock();
      backOff(attempt);
    }
  }

  void notify(const std::string& channel, const std::string& payload) override {
    requireNotifiable(channel, payload);
    Scope::requireOutside(*this, "Database::notify()");
    write([&](Transaction& transaction) { transaction.run("SELECT pg_notify($1, $2)", {channel, payload}); });
  }
  void listen(const std::string& channel, std::function<void(const std::string&)> callback) override {
    listener_.listen(channel, std::move(callback));
  }

  void backup(const std::string&) override {
    throw Error(Code::unsupported,
                "a PostgreSQL database is backed up with pg_dump, or with your server's own backups");
  }

 private:
  /// False when the pooled connection turned out to be dead before `fn` saw it.
  bool tryRead(const std::function<void(Transaction&)>& fn, bool mayRepeat) {
    PostgresPool::Loan connection(pool_);
    struct Ending {
      PostgresConnection& connection;
      ~Ending() { connection.rollback(); }
    } ending{*connection};
    try {
      connection->begin(true);
    } catch (const Error&) {
      if (mayRepeat && connection->lost()) return false;
      throw;
    }
    Scope scope(*this, *connection);
    fn(*connection);
    return true;
  }

  /// False when it may succeed if it is tried again.
  bool tryWrite(const std::function<void(Transaction&)>& fn, bool lastAttempt) {
    PostgresPool::Loan connection(pool_);
    try {
      connection->begin(false);
      {
        Scope scope(*this, *connection);
        fn(*connection);
      }
      connection->commit();
      return true;
    } catch (...) {
      connection->rollback();
      if (!connection->worthRepeating() || lastAttempt) throw;
      return false;
    }
  }

  PostgresPool pool_;
  PostgresListener listener_;
  std::mutex turn_;
};

}  // namespace

std::unique_ptr<Database> openPostgres(const std::string& url, std::size_t connections) {
  return std::make_unique<PostgresDatabase>(url, connections);
}

}  // namespace regesta::db
