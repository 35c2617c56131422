#include "support/store_test.h"

#include "db/migrate.h"

namespace regesta {

void StoreTest::SetUp() {
  database_ =
      GetParam() == db::Dialect::postgres ? emptyPostgres() : db::openSqlite({.path = folder_.path() + "/regesta.db"});
  db::migrate(*database_);
  store_ = std::make_unique<registry::Store>(*database_,
                                             [this](const std::vector<registry::ChangedSubject>&) { ++commits_; });
}

void StoreTest::TearDown() {
  store_.reset();
  database_.reset();
}

std::vector<json::value> StoreTest::entries(const std::string& action) {
  return read([&](db::Transaction& transaction) {
    std::vector<json::value> found;
    db::Rows rows = transaction.query("SELECT body FROM ledger_entry ORDER BY id");
    while (rows.next()) {
      json::value body = parseJson(rows.view(0));
      if (action.empty() || body.at("action").get_string() == action) found.push_back(std::move(body));
    }
    return found;
  });
}

std::vector<std::string> StoreTest::actions() {
  std::vector<std::string> found;
  for (const json::value& body : entries()) found.emplace_back(body.at("action").get_string());
  return found;
}

std::int64_t StoreTest::count(const std::string& from) {
  return read([&](db::Transaction& transaction) {
    db::Rows rows = transaction.query("SELECT COUNT(*) FROM " + from);
    rows.next();
    return rows.integer(0);
  });
}

}  // namespace regesta
