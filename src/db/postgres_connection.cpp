#include "db/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <fmt/format.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/text.h"
#include "db/cancelled_wait.h"
#include "db/postgres_binding.h"
#include "db/postgres_fault.h"
#include "db/sql_text.h"

namespace regesta::db {
namespace {

constexpr std::size_t keptStatements = 300;
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

PostgresConnection::PostgresConnection(std::string url) : url_(std::move(url)), statements_(2 * keptStatements) {
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
  // Acknowledged means durable, whatever the server's default says.
  const char* settings =
      "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on;"
      "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', "
      "'local')";
  checked(PostgresResult(PQexec(handle_.get(), settings)), settings);
  PQenterPipelineMode(handle_.get());
}

int PostgresConnection::transactionStatus() const { return PQtransactionStatus(handle_.get()); }

void PostgresConnection::requireOpen() const {
  if (failed_)
    throw Error(Code::internal,
                "an earlier statement of this transaction failed, so nothing more can follow; "
                "use ON CONFLICT where a clash is expected");
  if (queued_.empty() && transactionStatus() != PQTRANS_INTRANS && !lost())
    throw Error(Code::internal, "a function inside a transaction must not end it");
}

void PostgresConnection::enterStatement() {
  requireOpen();
  failed_ = true;  // until the statement has succeeded
}

PostgresResult PostgresConnection::checked(PostgresResult result, std::string_view sql) {
  if (succeeded(result.get())) return result;
  if (lost()) {
    repeatable_ = !committing_;
    throw error(Code::unavailable, "the connection to PostgreSQL was lost{}: {}",
                committing_ ? " while a change was being stored, so it may or may not be there" : "",
                oneLine(PQerrorMessage(handle_.get())));
  }
  if (errorField(result.get(), PG_DIAG_SQLSTATE) == "57014") checkCancelled();  // we asked for it
  Error failure = resultError(result.get(), sql, readOnly_);
  bool staleplan =
      errorField(result.get(), PG_DIAG_SQLSTATE) == "0A000" && failure.message.find("cached plan") != std::string::npos;
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

/// Reads up to the end of the round trip.
PostgresConnection::Answer PostgresConnection::collect() {
  Answer answer;
  bool failed = false;
  for (int nothing = 0; nothing < 2;) {  // one null ends each command; two are the end of a lost connection
    PostgresResult result(nextResult());
    nothing = result == nullptr ? nothing + 1 : 0;
    if (result == nullptr || failed) {
      if (result != nullptr && PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    failed = !succeeded(result.get());
    if (!failed) ++answer.succeeded;
    // libpq's own errors have no SQLSTATE; it goes on to call a connection open that the server closed.
    ended_ |= PQresultStatus(result.get()) == PGRES_FATAL_ERROR && errorField(result.get(), PG_DIAG_SQLSTATE).empty();
    answer.result = std::move(result);
  }
  return answer;
}

void PostgresConnection::sendQueued() {
  for (const std::string& sql : queued_)
    PQsendQueryParams(handle_.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0);
}

/// What is queued has been answered.
void PostgresConnection::settle(const Answer& answer) {
  if (lost()) return;
  broken_ |= answer.succeeded < queued_.size();
  queued_.clear();
  opening_ = false;
  if (answer.result == nullptr) throw Error(Code::internal, "PostgreSQL did not answer a statement");
}

PostgresConnection::Answer PostgresConnection::flushQueued() {
  drain();
  sendQueued();
  PQpipelineSync(handle_.get());
  Answer answer = collect();
  settle(answer);
  return answer;
}

PostgresConnection::Answer PostgresConnection::roundTrip(std::string_view sql, const Binding& binding) {
  drain();
  std::string key(sql);
  key.append(reinterpret_cast<const char*>(binding.types.data()), binding.types.size() * sizeof(unsigned));
  std::shared_ptr<Statement> statement = statements_.find(key);
  bool known = statement != nullptr;
  int count = static_cast<int>(binding.types.size());
  if (!known) {
    requireParameters(sql, binding.types.size());
    statement = std::make_shared<Statement>(Statement{fmt::format("s{}", ++prepared_)});
  }
  sendQueued();
  if (!known)
    PQsendPrepare(handle_.get(), statement->name.c_str(), std::string(sql).c_str(), count, binding.types.data());
  PQsendQueryPrepared(handle_.get(), statement->name.c_str(), count, binding.values.data(), binding.lengths.data(),
                      binding.formats.data(), 0);
  PQpipelineSync(handle_.get());
  std::size_t before = queued_.size();
  Answer answer = collect();
  settle(answer);
  if (!known && answer.succeeded > before) statements_.put(std::move(key), statement);
  return answer;
}

PostgresResult PostgresConnection::execute(std::string_view sql, Params params) {
  enterStatement();
  Binding binding(params);
  Answer answer;
  if (!lost()) answer = roundTrip(sql, binding);
  if (lost() && opening_) {  // nothing has happened yet
    connect();
    answer = roundTrip(sql, binding);
  }
  PostgresResult result = checked(std::move(answer.result), sql);
  failed_ = false;
  return result;
}

Rows PostgresConnection::query(std::string_view sql, Params params) { return Rows(resultCursor(execute(sql, params))); }

std::int64_t PostgresConnection::run(std::string_view sql, Params params) {
  PostgresResult result = execute(sql, params);
  if (std::string_view(PQcmdStatus(result.get())).starts_with("SELECT")) return 0;
  return parseInteger(PQcmdTuples(result.get())).value_or(0);
}

void PostgresConnection::script(std::string_view sql) {
  enterStatement();
  if (lost() && opening_) connect();
  if (!queued_.empty()) checked(flushQueued().result, sql);
  PQexitPipelineMode(handle_.get());  // several statements in one text are for the simple protocol
  PostgresResult result(PQexec(handle_.get(), std::string(sql).c_str()));
  PQenterPipelineMode(handle_.get());
  checked(std::move(result), sql);
  failed_ = false;
}

void PostgresConnection::command(std::string sql) {
  queued_.push_back(std::move(sql));
  checked(flushQueued().result, "");
}

void PostgresConnection::begin(Mode mode) {
  failed_ = repeatable_ = committing_ = interrupted_ = inSavepoint_ = broken_ = false;
  opening_ = true;
  readOnly_ = mode == Mode::reading;
  queued_ = {readOnly_ ? beginReading : beginWriting};
  if (!readOnly_) queued_.insert(queued_.end(), {limitPauses, waitForTurn});
  if (forgetStatements_ || statements_.size() >= keptStatements) {
    queued_.emplace_back("DEALLOCATE ALL");
    statements_.clear();
    forgetStatements_ = false;
  }
}

void PostgresConnection::savepoint() {
  if (!std::exchange(inSavepoint_, true)) queued_.emplace_back("SAVEPOINT job");
}

void PostgresConnection::releaseSavepoint() {
  queued_.emplace_back("RELEASE SAVEPOINT job");
  inSavepoint_ = false;
}

void PostgresConnection::rollbackSavepoint() {
  failed_ = false;
  if (!queued_.empty()) return;  // nothing has been sent since
  if (transactionStatus() != PQTRANS_INTRANS && transactionStatus() != PQTRANS_INERROR)
    throw Error(Code::internal, "a function inside a transaction must not end it");
  queued_.emplace_back("ROLLBACK TO SAVEPOINT job");  // the savepoint remains, for the next
}

void PostgresConnection::commit() {
  enterStatement();
  committing_ = true;
  if (!opening_) {
    queued_.emplace_back("COMMIT");
    PostgresResult result = checked(flushQueued().result, "COMMIT");
    if (std::string_view(PQcmdStatus(result.get())) != "COMMIT")
      throw Error(Code::internal, "PostgreSQL rolled a transaction back that was to be committed");
  }
  committing_ = opening_ = false;
  queued_.clear();
}

void PostgresConnection::finish() noexcept {
  queued_.clear();
  if (std::exchange(opening_, false) || lost() || transactionStatus() == PQTRANS_IDLE) return;
  PQsendQueryParams(handle_.get(), "ROLLBACK", 0, nullptr, nullptr, nullptr, nullptr, 0);
  PQpipelineSync(handle_.get());
  owed_ = true;
  if (interrupted_) drain();  // a late cancel request must not meet the next statement
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

void PostgresConnection::listenTo(const std::string& channel) {
  char* quoted = PQescapeIdentifier(handle_.get(), channel.data(), channel.size());
  std::string sql = fmt::format("LISTEN {}", quoted == nullptr ? "" : quoted);
  PQfreemem(quoted);
  command(std::move(sql));
}

void PostgresConnection::runAlone(std::string_view sql, Params params) {
  checked(roundTrip(sql, Binding(params)).result, sql);
}

std::vector<std::pair<std::string, std::string>> PostgresConnection::news(int wake, int timeoutMillis) {
  pollfd waits[] = {{PQsocket(handle_.get()), POLLIN, 0}, {wake, POLLIN, 0}};
  ::poll(waits, 2, timeoutMillis);
  if (PQconsumeInput(handle_.get()) == 0) throw Error(Code::unavailable, "the connection to PostgreSQL was lost");
  std::vector<std::pair<std::string, std::string>> all;
  while (PGnotify* one = PQnotifies(handle_.get())) {
    all.emplace_back(one->relname, one->extra);
    PQfreemem(one);
  }
  return all;
}

}  // namespace regesta::db
