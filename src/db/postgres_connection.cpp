#include "db/postgres_connection.h"

#include <libpq-fe.h>
#include <poll.h>

#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/text.h"
#include "db/cancelled_wait.h"
#include "db/sql_text.h"
#include "db/value_check.h"

namespace regesta::db {
namespace {

constexpr std::size_t keptStatements = 300;
constexpr Oid unknownType = 0, byteaType = 17, integerType = 20, textType = 25, realType = 701;
constexpr Oid nullTypes[] = {unknownType, integerType, realType, textType, byteaType};  // in the order of Param::Null

std::string oneLine(std::string_view message) {
  std::string out;
  for (std::string_view line : split(trim(message), '\n')) out += (out.empty() ? "" : " ") + std::string(trim(line));
  return out;
}

std::string field(const PGresult* result, int name) {
  const char* text = PQresultErrorField(result, name);
  return text == nullptr ? "" : text;
}

/// "Key (workspace, name)=(1, x) already exists." names the columns.
Error uniqueError(const PGresult* result) {
  std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL);
  std::size_t from = detail.find('('), to = detail.find(")=");
  if (from == std::string::npos || to == std::string::npos)
    return Error(Code::exists, field(result, PG_DIAG_MESSAGE_PRIMARY));
  return Error(Code::exists, takenMessage(field(result, PG_DIAG_TABLE_NAME), detail.substr(from + 1, to - from - 1)));
}

Error integrityError(const std::string& state, const PGresult* result) {
  if (state == "23505") return uniqueError(result);
  if (state == "23503")
    return Error(Code::invalid, "a record that this one refers to does not exist, or others still refer to this one");
  return Error(Code::invalid, field(result, PG_DIAG_MESSAGE_PRIMARY));
}

Error resultError(const PGresult* result, std::string_view sql, bool readOnly) {
  std::string state = field(result, PG_DIAG_SQLSTATE);
  std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string_view family = std::string_view(state).substr(0, 2);
  if (family == "23") return integrityError(state, result);
  if (state == "40001" || state == "40P01")
    return Error(Code::conflict, "the change clashed with another one; try again");
  if (family == "22") return error(Code::invalid, "the database refuses a value: {}", message);
  if (state == "53100") return Error(Code::unavailable, "the disk that holds the database is full");
  if (state == "42501") return error(Code::unavailable, "the database user lacks a right, grant it: {}", message);
  if (state == "25006" && !readOnly) return error(Code::unavailable, "the database server is read-only: {}", message);
  if (family == "08" || family == "53" || family == "57" || state == "58030")
    return error(Code::unavailable, "the database server cannot do this now: {}", message);
  if (family == "XX" && state != "XX000") return error(Code::corrupt, "the database is damaged: {}", message);
  return error(Code::internal, "SQL failed: {} ({}): {}", message, state, shorten(sql, 300));
}

/// Parameters in PostgreSQL's binary form: exact for every double, and text needs no copy with a NUL after it.
struct Binding {
  explicit Binding(Params params) {
    std::size_t count = params.size();
    numbers.reserve(count);
    types.reserve(count);
    values.reserve(count);
    lengths.reserve(count);
    for (const Param& param : params) add(param);
    formats.assign(count, 1);
  }

  void add(const Param& param) {
    const Value& value = param.value;
    if (auto* number = std::get_if<std::int64_t>(&value)) {
      addNumber(integerType, std::bit_cast<std::uint64_t>(*number));
    } else if (auto* real = std::get_if<double>(&value)) {
      addNumber(realType, std::bit_cast<std::uint64_t>(*real));
    } else if (auto* text = std::get_if<std::string_view>(&value)) {
      requireStorableText(*text);
      addBytes(textType, *text);
    } else if (auto* blob = std::get_if<Bytes>(&value)) {
      addBytes(byteaType, blob->bytes);
    } else {
      types.push_back(nullTypes[static_cast<std::size_t>(param.null)]);
      values.push_back(nullptr);
      lengths.push_back(0);
    }
  }

  void addNumber(Oid type, std::uint64_t bits) {
    numbers.push_back(std::byteswap(bits));  // network order
    addBytes(type, {reinterpret_cast<const char*>(&numbers.back()), sizeof bits});
  }

  void addBytes(Oid type, std::string_view bytes) {
    if (bytes.size() > 1'000'000'000) throw Error(Code::tooLarge, "a value is too large for the database");
    types.push_back(type);
    values.push_back(bytes.data() == nullptr ? "" : bytes.data());  // a null pointer would bind NULL
    lengths.push_back(static_cast<int>(bytes.size()));
  }

  std::vector<std::uint64_t> numbers;
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
};
static_assert(std::endian::native == std::endian::little);

}  // namespace

PostgresConnection::PostgresConnection(const std::string& url) : statements_(keptStatements) {
  // Parameters before dbname are defaults that the URL may change; those after it are fixed.
  const char* names[] = {"connect_timeout", "tcp_user_timeout", "fallback_application_name",
                         "dbname",          "client_encoding",  nullptr};
  const char* values[] = {"10", "30000", "regesta", url.c_str(), "UTF8", nullptr};
  handle_.reset(PQconnectdbParams(names, values, 1));
  if (handle_ == nullptr || PQstatus(handle_.get()) != CONNECTION_OK) {
    std::string why = handle_ == nullptr ? "out of memory" : oneLine(PQerrorMessage(handle_.get()));
    std::string hint;
    if (why.find("database \"") != std::string::npos && why.find("does not exist") != std::string::npos)
      hint = "; create it with: createdb --encoding=UTF8 --template=template0 NAME";
    throw error(Code::unavailable, "PostgreSQL cannot be reached: {}{}", why, hint);
  }
  setUp();
}

PostgresConnection::~PostgresConnection() = default;
void PostgresConnection::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

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
  command(
      "SET bytea_output = 'hex'; SET extra_float_digits = 1; SET standard_conforming_strings = on;"
      "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', "
      "'local')");
}

void PostgresConnection::enterStatement() {
  if (failed_)
    throw Error(Code::internal,
                "an earlier statement of this transaction failed, so nothing more can follow; "
                "use ON CONFLICT where a clash is expected");
  if (PQtransactionStatus(handle_.get()) != PQTRANS_INTRANS && !lost())
    throw Error(Code::internal, "a function inside a transaction must not end it");
  failed_ = true;  // until the statement has succeeded
}

PostgresResult PostgresConnection::checked(pg_result* raw, std::string_view sql) {
  PostgresResult result(raw);
  ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  if (lost()) {
    repeatable_ = !committing_;
    throw error(Code::unavailable, "the connection to PostgreSQL was lost{}: {}",
                committing_ ? " while a change was being stored, so it may or may not be there" : "",
                oneLine(PQerrorMessage(handle_.get())));
  }
  if (field(result.get(), PG_DIAG_SQLSTATE) == "57014") checkCancelled();  // we asked for it
  Error failure = resultError(result.get(), sql, readOnly_);
  bool staleplan =
      field(result.get(), PG_DIAG_SQLSTATE) == "0A000" && failure.message.find("cached plan") != std::string::npos;
  if (staleplan) command("ROLLBACK; DEALLOCATE ALL");  // the schema has changed under prepared statements
  if (staleplan) statements_.clear();
  repeatable_ = staleplan || failure.code == Code::conflict;
  throw failure;
}

std::shared_ptr<PostgresConnection::Statement> PostgresConnection::prepare(std::string_view sql,
                                                                           const std::vector<unsigned>& types) {
  std::string key(sql);
  key.append(reinterpret_cast<const char*>(types.data()), types.size() * sizeof(unsigned));
  if (auto known = statements_.find(key)) return known;
  requireParameters(sql, types.size());
  auto statement = std::make_shared<Statement>(Statement{fmt::format("s{}", ++prepared_)});
  checked(PQprepare(handle_.get(), statement->name.c_str(), std::string(sql).c_str(), static_cast<int>(types.size()),
                    types.data()),
          sql);
  if (auto old = statements_.put(std::move(key), statement)) command(fmt::format("DEALLOCATE {}", old->name).c_str());
  return statement;
}

/// Waits for the result of the query; cancels it on the server if this thread's work is cancelled.
pg_result* PostgresConnection::awaitResult() {
  const Cancellation& cancellation = *Cancellation::current();
  bool told = false;
  while (PQisBusy(handle_.get()) == 1) {
    pollfd socket{PQsocket(handle_.get()), static_cast<short>(PQflush(handle_.get()) == 1 ? POLLIN | POLLOUT : POLLIN),
                  0};
    ::poll(&socket, 1, told ? -1 : static_cast<int>(pollInterval(cancellation).count()));
    if (PQconsumeInput(handle_.get()) == 0) break;
    if (told || !cancellation.cancelled()) continue;
    told = true;
    std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> order(PQgetCancel(handle_.get()), &PQfreeCancel);
    char why[256];
    if (order) PQcancel(order.get(), why, sizeof why);
  }
  pg_result* result = PQgetResult(handle_.get());
  while (pg_result* more = PQgetResult(handle_.get())) PQclear(more);  // the null that ends it
  return result;
}

PostgresResult PostgresConnection::execute(std::string_view sql, Params params) {
  enterStatement();
  Binding binding(params);
  auto statement = prepare(sql, binding.types);
  int count = static_cast<int>(params.size());
  pg_result* raw = nullptr;
  if (Cancellation::current() == nullptr) {
    raw = PQexecPrepared(handle_.get(), statement->name.c_str(), count, binding.values.data(), binding.lengths.data(),
                         binding.formats.data(), 0);
  } else if (PQsendQueryPrepared(handle_.get(), statement->name.c_str(), count, binding.values.data(),
                                 binding.lengths.data(), binding.formats.data(), 0) == 1) {
    raw = awaitResult();
  }
  PostgresResult result = checked(raw, sql);
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
  command(std::string(sql).c_str());
  failed_ = false;
}

void PostgresConnection::command(const char* sql) { checked(PQexec(handle_.get(), sql), sql); }

void PostgresConnection::begin(bool readOnly) {
  failed_ = repeatable_ = committing_ = false;
  readOnly_ = readOnly;
  command(readOnly ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" : "BEGIN ISOLATION LEVEL SERIALIZABLE");
}

void PostgresConnection::commit() {
  enterStatement();
  committing_ = true;
  command("COMMIT");
  committing_ = false;
}

void PostgresConnection::rollback() noexcept {
  if (!lost() && PQtransactionStatus(handle_.get()) != PQTRANS_IDLE) PQclear(PQexec(handle_.get(), "ROLLBACK"));
}

bool PostgresConnection::idle() const { return !lost() && PQtransactionStatus(handle_.get()) == PQTRANS_IDLE; }
bool PostgresConnection::lost() const { return PQstatus(handle_.get()) != CONNECTION_OK; }

void PostgresConnection::listenTo(const std::string& channel) {
  char* quoted = PQescapeIdentifier(handle_.get(), channel.data(), channel.size());
  std::string sql = fmt::format("LISTEN {}", quoted == nullptr ? "" : quoted);
  PQfreemem(quoted);
  command(sql.c_str());
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
