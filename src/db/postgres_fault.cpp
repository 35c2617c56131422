#include "db/postgres_fault.h"

#include <libpq-fe.h>

#include "base/text.h"
#include "db/value_check.h"

namespace regesta::db {

std::string oneLine(std::string_view message) {
  std::string out;
  for (std::string_view line : split(trim(message), '\n')) out += (out.empty() ? "" : " ") + std::string(trim(line));
  return out;
}

std::string errorField(const PGresult* result, int name) {
  const char* text = PQresultErrorField(result, name);
  return text == nullptr ? "" : text;
}

namespace {

/// "Key (workspace, name)=(1, x) already exists." names the columns.
Error uniqueError(const PGresult* result) {
  std::string detail = errorField(result, PG_DIAG_MESSAGE_DETAIL);
  std::size_t from = detail.find('('), to = detail.find(")=");
  if (from == std::string::npos || to == std::string::npos)
    return Error(Code::exists, errorField(result, PG_DIAG_MESSAGE_PRIMARY));
  return Error(Code::exists,
               takenMessage(errorField(result, PG_DIAG_TABLE_NAME), detail.substr(from + 1, to - from - 1)));
}

Error integrityError(const std::string& state, const PGresult* result) {
  if (state == "23505") return uniqueError(result);
  if (state == "23503")
    return Error(Code::invalid, "a record that this one refers to does not exist, or others still refer to this one");
  return Error(Code::invalid, errorField(result, PG_DIAG_MESSAGE_PRIMARY));
}

}  // namespace

Error resultError(const PGresult* result, std::string_view sql, bool readOnly) {
  std::string state = errorField(result, PG_DIAG_SQLSTATE);
  std::string message = errorField(result, PG_DIAG_MESSAGE_PRIMARY);
  std::string_view family = std::string_view(state).substr(0, 2);
  if (family == "23") return integrityError(state, result);
  if (state == "40001" || state == "40P01")
    return Error(Code::conflict, "the change clashed with another one; try again");
  if (family == "22") return error(Code::invalid, "the database refuses a value: {}", message);
  if (state == "53100") return Error(Code::unavailable, "the disk that holds the database is full");
  if (state == "42501") return error(Code::unavailable, "the database role lacks a privilege; grant it: {}", message);
  if (state == "25006" && !readOnly) return error(Code::unavailable, "the database server is read-only: {}", message);
  if (family == "08" || family == "53" || family == "57" || state == "58030")
    return error(Code::unavailable, "the database server cannot do this now: {}", message);
  if (family == "XX" && state != "XX000") return error(Code::corrupt, "the database is damaged: {}", message);
  return error(Code::internal, "SQL failed: {} ({}): {}", message, state, shorten(sql, 300));
}

}  // namespace regesta::db
