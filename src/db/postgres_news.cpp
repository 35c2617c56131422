// Notifications, and what runs outside of transactions.
#include <libpq-fe.h>
#include <poll.h>

#include <fmt/format.h>

#include "base/error.h"
#include "db/postgres_connection.h"

namespace regesta::db {

void PostgresConnection::listenTo(const std::string& channel) {
  char* quoted = PQescapeIdentifier(handle_.get(), channel.data(), channel.size());
  std::string sql = fmt::format("LISTEN {}", quoted == nullptr ? "" : quoted);
  PQfreemem(quoted);
  runAlone(sql, {});
}

void PostgresConnection::runAlone(std::string_view sql, Params params) {
  control(sql, params);
  exchange();
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
