#include "base/error.h"
#include "db/database.h"
#include "db/postgres_listener.h"
#include "db/postgres_pool.h"
#include "db/postgres_writer.h"
#include "db/scope.h"

namespace regesta::db {
namespace {

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(const std::string& url, std::size_t connections)
      : pool_(url, connections), listener_(url), writer_(*this, url) {
    PostgresPool::Loan firstOne(pool_);  // what is wrong with the server is found at the start
  }

  Dialect dialect() const override { return Dialect::postgres; }

  void read(const std::function<void(Transaction&)>& fn) override { read(fn, PostgresConnection::Mode::reading); }
  void readOnce(const std::function<void(Transaction&)>& fn) override {
    read(fn, PostgresConnection::Mode::readingOnce);
  }
  void read(const std::function<void(Transaction&)>& fn, PostgresConnection::Mode mode) {
    if (Transaction* open = Scope::transactionOn(*this)) return fn(*open);
    PostgresPool::Loan connection(pool_);
    struct Ending {
      PostgresConnection& connection;
      ~Ending() { connection.finish(); }
    } ending{*connection};
    connection->begin(mode);
    Scope scope(*this, *connection);
    fn(*connection);
  }

  void write(const std::function<void(Transaction&)>& fn) override {
    Scope::requireOutside(*this, "Database::write()");
    writer_.write(fn);
  }

  void notify(const std::string& channel, const std::string& payload) override {
    Scope::requireOutside(*this, "Database::notify()");
    listener_.notify(channel, payload);
  }
  void listen(const std::string& channel, std::function<void(const std::string&)> callback) override {
    listener_.listen(channel, std::move(callback));
  }

  void backup(const std::string&) override {
    throw Error(Code::unsupported,
                "a PostgreSQL database is backed up with pg_dump, or with your server's own backups");
  }

 private:
  PostgresPool pool_;
  PostgresListener listener_;
  PostgresWriter writer_;  // last: its thread may use the others
};

}  // namespace

std::unique_ptr<Database> openPostgres(const std::string& url, std::size_t connections) {
  return std::make_unique<PostgresDatabase>(url, connections);
}

}  // namespace regesta::db
