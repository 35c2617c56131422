#include "db/postgres_pool.h"

#include <algorithm>

#include "base/work.h"
#include "db/cancelled_wait.h"

namespace regesta::db {

std::unique_ptr<PostgresConnection> PostgresPool::take(bool scan) {
  {
    auto state = state_.lock();
    waitUnlessCancelled(state, returned_,
                        [&] { return state->lent < limit_ && (!scan || state->scanning < scanLimit_); });
    ++state->lent;
    state->scanning += scan;
    if (!state->idle.empty()) {
      auto connection = std::move(state->idle.back());
      state->idle.pop_back();
      return connection;
    }
  }
  struct Place {
    PostgresPool* pool;
    bool scan;
    ~Place() {
      if (pool != nullptr) pool->give(nullptr, scan);
    }
  } place{this, scan};
  auto connection = std::make_unique<PostgresConnection>(
      url_, PostgresConnection::Purpose::reading);  // takes milliseconds, so not under the lock
  place.pool = nullptr;
  return connection;
}

void PostgresPool::give(std::unique_ptr<PostgresConnection> connection, bool scan) {
  std::vector<std::unique_ptr<PostgresConnection>> dead;
  {
    auto state = state_.lock();
    --state->lent;
    state->scanning -= scan;
    if (connection != nullptr && connection->lost()) dead.swap(state->idle);
    if (connection != nullptr && !connection->lost()) state->idle.push_back(std::move(connection));
  }
  returned_.notify_all();  // all waiters, because scans have a separate limit
}

}  // namespace regesta::db
