#include "db/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/text.h"
#include "db/cancelled_wait.h"
#include "db/postgres_binding.h"
#include "db/postgres_fault.h"
#include "db/slow_log.h"
#include "db/sql_text.h"

namespace regesta::db {
namespace {

constexpr std::size_t keptStatements = 300;
/// More than this is sent without waiting for a statement that somebody waits for.
constexpr std::size_t mostQueued = 500, mostQueuedBytes = 256 * 1024;
constexpr const char* beginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* beginWriting = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
/// A server that hangs in the middle of a write loses its turn.
constexpr const char* limitPauses = "SET LOCAL idle_in_transaction_session_timeout = '60s'";
/// Any number will do, as long as every version of the program uses the same.
constexpr const char* waitForTurn = "SELECT pg_advisory_xact_lock(8243102914961929985)";

bool succeeded(const pg_result* result) {
  ExecStatusType status = PQresultStatus(result);
  return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
}

}  // namespace

PostgresConnection::PostgresConnection(std::string url, Purpose purpose)
    : url_(std::move(url)), purpose_(purpose), statements_(2 * keptStatements) {
  connect();
}

PostgresConnection::~PostgresConnection() = default;
void PostgresConnection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

void PostgresConnection::connect() {
  // Parameters before dbname are defaults that the URL may change; those after it are fixed.
  const char* names[] = {"connect_timeout", "tcp_user_timeout", "fallback_application_name",
                         "dbname",          "client_encoding",  nullptr};
  const char* values[] = {"10", "30000", "regesta", url_.c_str(), "UTF8", nullptr};
  handle_.reset(PQconnectdbParams(names, values, 1));
  statements_.clear();
  owed_ = forgetStatements_ = ended_ = false;
  if (handle_ == nullptr || PQstatus(handle_.get()) != CONNECTION_OK) {
    std::string why = handle_ == nullptr ? "out of memory" : oneLine(PQerrorMessage(handle_.get()));
    std::string hint;
    if (why.find("database \"") != std::string::npos && why.find("does not exist") != std::string::npos)
      hint = "; create it with: createdb --encoding=UTF8 --template=template0 NAME";
    throw error(Code::unavailable, "PostgreSQL cannot be reached: {}{}", why, hint);
  }
  setUp();
}

void PostgresConnection::setUp() {
  PQsetNoticeProcessor(handle_.get(), [](void*, const char*) {}, nullptr);
  if (PQserverVersion(handle_.get()) < 130'000) throw Error(Code::unsupported, "PostgreSQL 13 or newer is needed");
  const char* encoding = PQparameterStatus(handle_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8")
    throw error(Code::unsupported,
                "the PostgreSQL database {} is not encoded in UTF-8; create one with: createdb --encoding=UTF8 "
                "--template=template0 NAME",
                PQdb(handle_.get()));
  // Acknowledged means durable, whatever the server's default says. A search path of the database or the role could
  // name operators and functions to use in place of PostgreSQL's own: only the schema of the tables is kept.
  const char* settings =
      "SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident(pg_catalog.current_schema()), false);"
      "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on;"
      "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', "
      "'local')";
  requireSuccess(PostgresResult(PQexec(handle_.get(), settings)).get(), settings);
  // Statements that go to the server together are one transaction, also without BEGIN.
  const char* reading = "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY";
  if (purpose_ == Purpose::reading) requireSuccess(PostgresResult(PQexec(handle_.get(), reading)).get(), reading);
  PQenterPipelineMode(handle_.get());
}

int PostgresConnection::transactionStatus() const { return PQtransactionStatus(handle_.get()); }

void PostgresConnection::requireOpen() const {
  if (failed_)
    throw Error(Code::internal,
                "an earlier statement of this transaction failed, so nothing more can follow; "
                "use ON CONFLICT where a clash is expected");
  if (queued_.empty() && !once_ && transactionStatus() != PQTRANS_INTRANS && !lost())
    throw Error(Code::internal, "a function inside a transaction must not end it");
}

void PostgresConnection::requireSuccess(const pg_result* result, std::string_view sql) {
  if (succeeded(result)) return;
  if (lost()) {
    repeatable_ = !committing_;
    throw error(Code::unavailable, "the connection to PostgreSQL was lost{}: {}",
                committing_ ? " while a change was being stored, so it may or may not be there" : "",
                oneLine(PQerrorMessage(handle_.get())));
  }
  if (errorField(result, PG_DIAG_SQLSTATE) == "57014") checkCancelled();  // we asked for it
  Error failure = resultError(result, sql, readOnly_);
  bool staleplan =
      errorField(result, PG_DIAG_SQLSTATE) == "0A000" && failure.message.find("cached plan") != std::string::npos;
  forgetStatements_ |= staleplan;  // the schema has changed under prepared statements
  repeatable_ = staleplan || failure.code == Code::conflict;
  throw failure;
}

/// Waits for the next result; cancels the statement on the server if this thread's work is cancelled.
pg_result* PostgresConnection::nextResult() {
  const Cancellation* cancellation = Cancellation::current();
  while (cancellation != nullptr && PQisBusy(handle_.get()) == 1) {
    pollfd socket{PQsocket(handle_.get()), static_cast<short>(PQflush(handle_.get()) == 1 ? POLLIN | POLLOUT : POLLIN),
                  0};
    ::poll(&socket, 1, interrupted_ ? -1 : static_cast<int>(pollInterval(*cancellation).count()));
    if (PQconsumeInput(handle_.get()) == 0) break;
    if (interrupted_ || !cancellation->cancelled()) continue;
    interrupted_ = true;
    std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> order(PQgetCancel(handle_.get()), &PQfreeCancel);
    char why[256];
    if (order) PQcancel(order.get(), why, sizeof why);
  }
  return PQgetResult(handle_.get());
}

/// Sends what is queued. Statements are prepared once per connection.
std::vector<PostgresConnection::Step> PostgresConnection::transmit() {
  drain();
  std::vector<Step> steps;
  for (std::size_t i = 0; i < queued_.size(); ++i) {
    const auto& [sql, key, binding, sent] = queued_[i];
    int count = static_cast<int>(binding.types.size());
    std::shared_ptr<Prepared> statement = statements_.find(key);
    for (auto step = steps.begin(); statement == nullptr && step != steps.end(); ++step)
      if (step->prepared != nullptr && queued_[step->command].key == key) statement = step->prepared;
    if (statement == nullptr) {
      statement = std::make_shared<Prepared>(fmt::format("s{}", ++prepared_));
      PQsendPrepare(handle_.get(), statement->name.c_str(), sql.c_str(), count, binding.types.data());
      steps.push_back({i, statement});
    }
    PQsendQueryPrepared(handle_.get(), statement->name.c_str(), count, binding.values.data(), binding.lengths.data(),
                        binding.formats.data(), 0);
    steps.push_back({i, nullptr});
  }
  PQpipelineSync(handle_.get());
  return steps;
}

/// Reads up to the end of the round trip.
void PostgresConnection::collect(const std::vector<Step>& steps) {
  auto step = steps.begin();
  for (int nothing = 0; nothing < 2;) {  // one null ends each command; two are the end of a lost connection
    PostgresResult result(nextResult());
    nothing = result == nullptr ? nothing + 1 : 0;
    if (result == nullptr) continue;
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    // libpq's own errors have no SQLSTATE; it goes on to call a connection open that the server closed.
    ended_ |= PQresultStatus(result.get()) == PGRES_FATAL_ERROR && errorField(result.get(), PG_DIAG_SQLSTATE).empty();
    if (failure_ != nullptr || step == steps.end()) continue;
    if (!succeeded(result.get())) {
      failure_ = std::move(result);
      failedAt_ = step->command;
    } else if (step->prepared != nullptr) {
      statements_.put(queued_[step->command].key, step->prepared);
    } else if (const auto& sent = queued_[step->command].sent; sent != nullptr) {
      sent->result = std::move(result);
    }
    ++step;
  }
  if (failure_ == nullptr && step != steps.end() && !lost())
    throw Error(Code::internal, "PostgreSQL did not answer a statement");
}

/// PostgreSQL answers all of them at once, so nobody here knows which was slow.
void PostgresConnection::noteTrip(const std::vector<Command>& done, std::chrono::nanoseconds took) {
  auto own = std::ranges::find_if(done, [](const Command& command) { return command.sent != nullptr; });
  if (own != done.end()) noteStatement(own->sql, took, done.size());
}

/// One round trip: sends what is queued and waits for the answers. Throws what the first failure means.
void PostgresConnection::exchange() {
  failed_ = true;  // until everything has succeeded
  failure_.reset();
  auto started = std::chrono::steady_clock::now();
  if (!lost()) collect(transmit());
  if (lost() && opening_ && !committing_) {  // nothing has happened yet
    connect();
    failure_.reset();
    collect(transmit());
  }
  std::vector<Command> done = std::exchange(queued_, {});
  noteTrip(done, std::chrono::steady_clock::now() - started);
  queuedBytes_ = 0;
  std::size_t from = std::exchange(partFrom_, 0);
  for (std::size_t i = from; i < done.size(); ++i) {
    if (done[i].sent == nullptr) continue;
    partSent_ = true;
    partChanges_ |= !done[i].sql.starts_with("SELECT ");
  }
  opening_ = false;
  if (lost()) requireSuccess(nullptr, "");
  if (failure_ != nullptr) {
    broken_ |= failedAt_ < from || done[failedAt_].sent == nullptr;
    requireSuccess(failure_.get(), done[failedAt_].sql);
  }
  failed_ = false;
}

void PostgresConnection::settle() {
  requireOpen();
  if (!queued_.empty()) exchange();
}

/// A command that is not a part of a function's work: it begins, divides or ends the transaction, or runs outside of
/// one.
void PostgresConnection::control(std::string_view sql, Params params) {
  queued_.push_back({std::string(sql), std::string(sql), Binding(params), nullptr});
}

/// What the part has queued is never sent.
void PostgresConnection::forgetPart() {
  auto first = queued_.begin() + static_cast<std::ptrdiff_t>(partFrom_);
  for (auto command = first; command != queued_.end(); ++command) queuedBytes_ -= command->binding.copied;
  queued_.erase(first, queued_.end());
}

std::shared_ptr<PostgresConnection::Sent> PostgresConnection::enqueue(std::string_view sql, Params params) {
  requireOpen();
  failed_ = true;  // until it is in the queue
  Binding binding(params);
  std::string key(sql);
  key.append(reinterpret_cast<const char*>(binding.types.data()), binding.types.size() * sizeof(unsigned));
  if (statements_.find(key) == nullptr) requireParameters(sql, binding.types.size());
  auto sent = std::make_shared<Sent>();
  queued_.push_back({std::string(sql), std::move(key), std::move(binding), sent});
  failed_ = false;
  return sent;
}

PostgresResult PostgresConnection::execute(std::string_view sql, Params params) {
  std::shared_ptr<Sent> sent = enqueue(sql, params);
  exchange();
  return std::move(sent->result);
}

/// Rows of a statement that may not have been answered.
class PostgresConnection::SentCursor final : public Rows::Cursor {
 public:
  SentCursor(PostgresConnection& connection, std::shared_ptr<Sent> sent)
      : connection_(connection), sent_(std::move(sent)) {}
  bool next() override {
    if (rows_ == nullptr) {
      if (sent_->result == nullptr) connection_.settle();
      rows_ = resultCursor(std::move(sent_->result));
    }
    return rows_->next();
  }
  bool isNull(int column) const override { return rows_->isNull(column); }
  std::int64_t integer(int column) const override { return rows_->integer(column); }
  double real(int column) const override { return rows_->real(column); }
  std::string_view text(int column) const override { return rows_->text(column); }
  std::string_view bytes(int column) const override { return rows_->bytes(column); }

 private:
  PostgresConnection& connection_;
  std::shared_ptr<Sent> sent_;
  std::unique_ptr<Cursor> rows_;
};

Rows PostgresConnection::send(std::string_view sql, Params params) {
  std::shared_ptr<Sent> sent = enqueue(sql, params);
  queued_.back().binding.own();
  queuedBytes_ += queued_.back().binding.copied;
  if (queued_.size() >= mostQueued || queuedBytes_ >= mostQueuedBytes) exchange();
  return Rows(std::make_unique<SentCursor>(*this, std::move(sent)));
}

Rows PostgresConnection::query(std::string_view sql, Params params) { return Rows(resultCursor(execute(sql, params))); }

std::int64_t PostgresConnection::run(std::string_view sql, Params params) {
  PostgresResult result = execute(sql, params);
  if (std::string_view(PQcmdStatus(result.get())).starts_with("SELECT")) return 0;
  return parseInteger(PQcmdTuples(result.get())).value_or(0);
}

void PostgresConnection::script(std::string_view sql) {
  settle();
  failed_ = partSent_ = partChanges_ = true;
  PQexitPipelineMode(handle_.get());  // several statements in one text are for the simple protocol
  PostgresResult result(PQexec(handle_.get(), std::string(sql).c_str()));
  PQenterPipelineMode(handle_.get());
  requireSuccess(result.get(), sql);
  failed_ = false;
}

void PostgresConnection::begin(Mode mode) {
  failed_ = repeatable_ = committing_ = interrupted_ = inSavepoint_ = broken_ = partSent_ = partChanges_ = false;
  opening_ = true;
  readOnly_ = mode != Mode::writing;
  once_ = mode == Mode::readingOnce;
  queued_.clear();
  queuedBytes_ = partFrom_ = 0;
  if (!once_) control(readOnly_ ? beginReading : beginWriting);
  if (!readOnly_) control(limitPauses);
  if (!readOnly_) control(waitForTurn);
  if (!forgetStatements_ && statements_.size() < keptStatements) return;
  drain();
  sendAside("DEALLOCATE ALL");
  statements_.clear();
  forgetStatements_ = false;
}

void PostgresConnection::endPart() {
  partFrom_ = queued_.size();
  partSent_ = partChanges_ = false;
}

bool PostgresConnection::dropPart() {
  if (failed_ || partChanges_ || (partSent_ && transactionStatus() != PQTRANS_INTRANS)) return false;
  forgetPart();
  return true;
}

void PostgresConnection::savepoint() {
  if (!std::exchange(inSavepoint_, true)) control("SAVEPOINT job");
  endPart();
}

void PostgresConnection::releaseSavepoint() {
  control("RELEASE SAVEPOINT job");
  inSavepoint_ = false;
}

void PostgresConnection::rollbackSavepoint() {
  failed_ = false;
  forgetPart();
  if (!partSent_) return;
  if (transactionStatus() != PQTRANS_INTRANS && transactionStatus() != PQTRANS_INERROR)
    throw Error(Code::internal, "a function inside a transaction must not end it");
  control("ROLLBACK TO SAVEPOINT job");  // the savepoint remains, for the next
  endPart();
}

void PostgresConnection::commit() {
  requireOpen();
  bool sent = std::ranges::any_of(queued_, [](const Command& command) { return command.sent != nullptr; });
  if (opening_ && sent) exchange();  // a lost connection is noticed before the COMMIT is on its way
  committing_ = true;
  if (!opening_) {
    PostgresResult answer = execute("COMMIT", {});
    if (std::string_view(PQcmdStatus(answer.get())) != "COMMIT")
      throw Error(Code::internal, "PostgreSQL rolled a transaction back that was to be committed");
  }
  committing_ = opening_ = false;
  queued_.clear();
}

void PostgresConnection::finish() noexcept {
  queued_.clear();
  if (std::exchange(opening_, false) || lost()) return;
  if (transactionStatus() == PQTRANS_IDLE && !interrupted_) return;
  sendAside("ROLLBACK");
  if (interrupted_) drain();  // a late cancel request must not meet the next statement
}

/// Its answer is read before the next round trip.
void PostgresConnection::sendAside(const char* sql) noexcept {
  PQsendQueryParams(handle_.get(), sql, 0, nullptr, nullptr, nullptr, nullptr, 0);
  PQpipelineSync(handle_.get());
  owed_ = true;
}

void PostgresConnection::rollback() noexcept {
  finish();
  drain();
}

void PostgresConnection::drain() noexcept {
  if (!std::exchange(owed_, false)) return;
  for (int nothing = 0; nothing < 2;) {
    PostgresResult result(PQgetResult(handle_.get()));
    nothing = result == nullptr ? nothing + 1 : 0;
    if (result != nullptr && PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) return;
  }
}

bool PostgresConnection::lost() const { return ended_ || PQstatus(handle_.get()) != CONNECTION_OK; }

}  // namespace regesta::db
