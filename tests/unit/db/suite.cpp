#include "suite.h"

namespace regesta::db {

void Suite::SetUp() {
  if (!onSqlite()) emptyPostgres();
  database_ = open();
}

std::unique_ptr<Database> Suite::open() const {
  return onSqlite() ? openSqlite({.path = folder_.path() + "/regesta.db"}) : openPostgres(clusterUrl());
}

void Suite::run(const std::string& sql, Params params) {
  database().write([&](Transaction& transaction) { transaction.run(sql, params); });
}

std::int64_t Suite::number(const std::string& sql, Params params) {
  return database().reading([&](Transaction& transaction) {
    Rows rows = transaction.query(sql, params);
    EXPECT_TRUE(rows.next()) << sql;
    return rows.integer(0);
  });
}

std::string Suite::text(const std::string& sql, Params params) {
  return database().reading([&](Transaction& transaction) {
    Rows rows = transaction.query(sql, params);
    EXPECT_TRUE(rows.next()) << sql;
    return rows.text(0);
  });
}

}  // namespace regesta::db
