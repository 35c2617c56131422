#include "jobs/lease.h"

#include "base/time.h"

namespace regesta::jobs {

bool takeLease(registry::Store& store, std::string_view name, std::string_view holder, std::int64_t millis) {
  std::int64_t now = nowMillis();
  return store.write([&](db::Transaction& transaction) {
    return transaction.run(
               "INSERT INTO server_lease (name, holder, until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET "
               "holder = excluded.holder, until = excluded.until WHERE server_lease.holder = excluded.holder OR "
               "server_lease.until <= $4",
               {name, holder, now + millis, now}) == 1;
  });
}

void dropLease(registry::Store& store, std::string_view name, std::string_view holder) {
  store.write([&](db::Transaction& transaction) {
    transaction.run("DELETE FROM server_lease WHERE name = $1 AND holder = $2", {name, holder});
  });
}

void dropLeases(registry::Store& store) {
  store.write([](db::Transaction& transaction) { transaction.run("DELETE FROM server_lease"); });
}

bool RoundLease::take() {
  taken_ = takeLease(store_, name_, holder_, millis_);
  return taken_;
}

RoundLease::~RoundLease() {
  if (!taken_) return;
  try {
    dropLease(store_, name_, holder_);
  } catch (const std::exception&) {  // it expires
  }
}

}  // namespace regesta::jobs
