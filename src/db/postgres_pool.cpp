#include "db/postgres_pool.h"

namespace regesta::db {

std::unique_ptr<PostgresConnection> PostgresPool::take() {
  {
    auto state = state_.lock();
    state.wait(returned_, [&] { return state->lent < limit_; });
    ++state->lent;
    if (!state->idle.empty()) {
      auto connection = std::move(state->idle.back());
      state->idle.pop_back();
      return connection;
    }
  }
  struct Place {
    PostgresPool* pool;
    ~Place() {
      if (pool != nullptr) pool->give(nullptr);
    }
  } place{this};
  auto connection = std::make_unique<PostgresConnection>(url_);  // takes milliseconds, so not under the lock
  place.pool = nullptr;
  return connection;
}

void PostgresPool::give(std::unique_ptr<PostgresConnection> connection) {
  std::vector<std::unique_ptr<PostgresConnection>> dead;
  {
    auto state = state_.lock();
    --state->lent;
    if (connection != nullptr && connection->lost()) dead.swap(state->idle);
    if (connection != nullptr && connection->idle()) state->idle.push_back(std::move(connection));
  }
  returned_.notify_one();
}

}  // namespace regesta::db
