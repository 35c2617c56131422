#include <libpq-fe.h>

#include <charconv>
#include <cstdlib>

#include "base/encoding.h"
#include "base/error.h"
#include "base/text.h"
#include "db/postgres_connection.h"

namespace regesta::db {
namespace {

constexpr Oid byteaType = 17;

/// Values arrive as text: SUM of integers is NUMERIC, comparisons are t or f.
std::int64_t integerOf(std::string_view text) {
  if (text == "t") return 1;
  if (auto whole = parseInteger(text)) return *whole;
  double real = parseDouble(text).value_or(0);
  if (real >= 9223372036854775807.0) return std::numeric_limits<std::int64_t>::max();
  if (real <= -9223372036854775808.0) return std::numeric_limits<std::int64_t>::min();
  return std::isnan(real) ? 0 : static_cast<std::int64_t>(real);
}

double realOf(std::string_view text) {
  if (text == "t") return 1;
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  return parseDouble(text).value_or(0);
}

class ResultCursor final : public Rows::Cursor {
 public:
  explicit ResultCursor(PostgresResult result)
      : result_(std::move(result)), rows_(PQntuples(result_.get())), columns_(PQnfields(result_.get())) {}

  bool next() override {
    if (row_ < rows_) ++row_;
    decoded_.clear();
    return row_ < rows_;
  }
  bool isNull(int column) const override { return PQgetisnull(result_.get(), checkedRow(column), column) != 0; }
  std::int64_t integer(int column) const override { return integerOf(stored(column)); }
  double real(int column) const override { return realOf(stored(column)); }
  std::string_view text(int column) const override { return bytes(column); }
  std::string_view bytes(int column) const override {
    std::string_view value = stored(column);
    if (PQftype(result_.get(), column) != byteaType || !value.starts_with("\\x")) return value;
    decoded_.resize(static_cast<std::size_t>(columns_));
    auto& decoded = decoded_[static_cast<std::size_t>(column)];
    if (!decoded) decoded = hexDecode(value.substr(2)).value_or("");
    return *decoded;
  }

 private:
  int checkedRow(int column) const {
    REGESTA_INVARIANT(row_ >= 0 && row_ < rows_ && column >= 0 && column < columns_);
    return row_;
  }
  std::string_view stored(int column) const {
    int row = checkedRow(column);
    return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
  }

  PostgresResult result_;
  int rows_, columns_, row_ = -1;
  mutable std::vector<std::optional<std::string>> decoded_;  // decoded bytes of this row
};

}  // namespace

void ForgetResult::operator()(pg_result* result) const { PQclear(result); }

std::unique_ptr<Rows::Cursor> resultCursor(PostgresResult result) {
  return std::make_unique<ResultCursor>(std::move(result));
}

}  // namespace regesta::db
