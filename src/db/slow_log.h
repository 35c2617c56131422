#pragma once
#include <chrono>
#include <cstdint>
#include <string_view>

namespace regesta::db {

/// Statements that take at least this long are logged as warnings, with their text and without their values, which may
/// be confidential. 0: none. Set it before a database is opened.
void setSlowStatementMillis(std::int64_t millis);
std::int64_t slowStatementMillis();

/// Logs the statement if it was slow. `sql` of a round trip to PostgreSQL is that of its first statement, of `count`.
/// Thread-safe.
void noteStatement(std::string_view sql, std::chrono::nanoseconds took, std::size_t count = 1);

}  // namespace regesta::db
