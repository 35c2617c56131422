#include "registry/test_suite.h"

#include "crypto/hash.h"

namespace regesta::registry {
namespace {

constexpr std::string_view select =
    "SELECT id, asset, number, digest, cases, content, created_at, created_by FROM test_suite WHERE asset = $1 ";

std::optional<TestSuite> first(db::Rows rows) {
  if (!rows.next()) return std::nullopt;
  return TestSuite{rows.integer(0), rows.integer(1), rows.integer(2), rows.text(3),
                   rows.integer(4), rows.text(5),    rows.integer(6), rows.text(7)};
}

}  // namespace

TestSuite setTestSuite(Change& change, const Asset& asset, const std::string& content, std::int64_t cases) {
  std::optional<TestSuite> current = currentTestSuite(change.transaction, asset.id);
  std::string digest = crypto::sha256Hex(content);
  if (current && current->digest == digest && current->createdBy == change.actor.name) return *std::move(current);
  TestSuite suite{0,          asset.id,         current ? current->number + 1 : 1, std::move(digest), cases, content,
                  change.now, change.actor.name};
  suite.id = change.transaction.insert(
      "INSERT INTO test_suite (asset, number, digest, cases, content, created_at, created_by) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
      {suite.asset, suite.number, suite.digest, suite.cases, suite.content, suite.createdAt, suite.createdBy});
  change.record(Action::testsSet, asset.key.workspace, asset.key.subject(),
                {{"suite", suite.number}, {"digest", suite.digest}, {"cases", suite.cases}});
  return suite;
}

std::optional<TestSuite> currentTestSuite(db::Transaction& transaction, std::int64_t asset) {
  return first(transaction.query(std::string(select) + "ORDER BY number DESC LIMIT 1", {asset}));
}

std::optional<TestSuite> testSuiteBefore(db::Transaction& transaction, std::int64_t asset, std::int64_t number) {
  return first(
      transaction.query(std::string(select) + "AND number < $2 ORDER BY number DESC LIMIT 1", {asset, number}));
}

std::optional<TestSuite> findTestSuite(db::Transaction& transaction, std::int64_t asset, std::string_view digest) {
  return first(
      transaction.query(std::string(select) + "AND digest = $2 ORDER BY number DESC LIMIT 1", {asset, digest}));
}

}  // namespace regesta::registry
