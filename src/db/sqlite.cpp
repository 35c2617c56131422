#include <condition_variable>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/limits_work.h"
#include "base/sync.h"
#include "base/work.h"
#include "db/cancelled_wait.h"
#include "db/database.h"
#include "db/notifier.h"
#include "db/scope.h"
#include "db/sqlite_connection.h"
#include "db/sqlite_writer.h"

namespace regesta::db {
namespace {

SqliteOptions forScans(SqliteOptions options) {
  options.readers = limits::scanThreads;
  options.cacheBytes /= 2;
  return options;
}

/// Read-only connections, opened as they are needed and lent to one thread at a time.
class ReaderPool {
 public:
  explicit ReaderPool(const SqliteOptions& options)
      : options_(options), limit_(std::max<std::size_t>(options.readers, 1)) {}
  /// Finds out now whether the file can be read.
  void openOne() { state_.lock()->idle.push_back(connect()); }

  class Loan {
   public:
    explicit Loan(ReaderPool& pool) : pool_(pool), connection_(pool.take()) {}
    ~Loan() { pool_.give(std::move(connection_)); }
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    SqliteConnection& operator*() { return *connection_; }

   private:
    ReaderPool& pool_;
    std::unique_ptr<SqliteConnection> connection_;
  };

 private:
  struct State {
    std::vector<std::unique_ptr<SqliteConnection>> idle;
    std::size_t lent = 0;
  };

  std::unique_ptr<SqliteConnection> connect() {
    return std::make_unique<SqliteConnection>(options_, SqliteConnection::Mode::reader);
  }

  std::unique_ptr<SqliteConnection> take() {
    auto state = state_.lock();
    waitUnlessCancelled(state, returned_, [&] { return !state->idle.empty() || state->lent < limit_; });
    std::unique_ptr<SqliteConnection> connection;
    if (state->idle.empty()) {
      connection = connect();
    } else {
      connection = std::move(state->idle.back());
      state->idle.pop_back();
    }
    ++state->lent;
    return connection;
  }

  void give(std::unique_ptr<SqliteConnection> connection) {
    {
      auto state = state_.lock();
      state->idle.push_back(std::move(connection));
      --state->lent;
    }
    returned_.notify_one();
  }

  SqliteOptions options_;
  std::size_t limit_;
  Sync<State> state_;
  std::condition_variable returned_;
};

class SqliteDatabase final : public Database {
 public:
  explicit SqliteDatabase(const SqliteOptions& options) : options_(options) {
    if (!options.readOnly) writer_ = std::make_unique<SqliteWriter>(*this, options);
    readers_ = std::make_unique<ReaderPool>(options);
    readers_->openOne();
    scanners_ = std::make_unique<ReaderPool>(forScans(options));
  }
  ~SqliteDatabase() override {
    scanners_.reset();
    readers_.reset();  // the writer closes last: it moves the rest of the log into the file
    writer_.reset();
  }

  Dialect dialect() const override { return Dialect::sqlite; }

  void read(const std::function<void(Transaction&)>& fn) override {
    if (Transaction* open = Scope::transactionOn(*this)) return fn(*open);
    ReaderPool::Loan connection(currentWork().lane == Lane::scan ? *scanners_ : *readers_);
    Scope scope(*this, *connection);
    (*connection).read(fn);
  }

  void write(const std::function<void(Transaction&)>& fn) override {
    Scope::requireOutside(*this, "Database::write()");
    if (writer_ == nullptr) throw Error(Code::invalidState, "the database was opened for reading only");
    writer_->write(fn);
  }

  bool acceptsWrites() const override { return writer_ == nullptr || writer_->acceptsWrites(); }

  void notify(const std::string& channel, const std::string& payload) override {
    Scope::requireOutside(*this, "Database::notify()");
    notifier_.notify(channel, payload);
  }
  void listen(const std::string& channel, std::function<void(const std::string&)> callback) override {
    notifier_.listen(channel, std::move(callback));
  }

  void backup(const std::string& path) override {
    if (std::filesystem::exists(path)) throw error(Code::exists, "the backup file {} already exists", path);
    std::string unfinished = path + ".unfinished";
    file::removeFile(unfinished);
    SqliteConnection(options_, SqliteConnection::Mode::reader).backupTo(unfinished);
    file::renameFile(unfinished, path);
    std::string folder = std::filesystem::path(path).parent_path();
    file::syncFolder(folder.empty() ? "." : folder);
  }

 private:
  SqliteOptions options_;
  Notifier notifier_;
  std::unique_ptr<SqliteWriter> writer_;
  std::unique_ptr<ReaderPool> readers_, scanners_;
};

}  // namespace

std::unique_ptr<Database> openSqlite(const SqliteOptions& options) { return std::make_unique<SqliteDatabase>(options); }

}  // namespace regesta::db
