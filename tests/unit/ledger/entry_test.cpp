#include "ledger/entry.h"

#include "base/limits.h"
#include "fixture.h"

namespace regesta::ledger {
namespace {

TEST(EntryText, IsCanonicalJson) {
  Entry entry{.action = "alias.moved",
              .actor = "user:anna",
              .workspace = "default",
              .subject = "model/\"x\"#production",
              .data = {{"to", 7}, {"from", nullptr}, {"a\u00e9", 1.5}}};
  std::string body = encode(entry, 1'764'036'912'345'678);
  EXPECT_EQ(
      body,
      R"({"action":"alias.moved","actor":"user:anna","data":{"aé":1.5,"from":null,"to":7},"subject":"model/\"x\"#production",)"
      R"("time":"2025-11-25T02:15:12.345Z","v":1,"workspace":"default"})");
  EXPECT_EQ(canonicalJson(parseJson(body)), body);
}

TEST(EntryText, Limits) {
  Entry entry{.action = "a", .actor = "b", .workspace = "c", .subject = "d", .data = {{"x", ""}}};
  std::size_t rest = limits::ledgerEntry - encode(entry, 0).size();
  entry.data["x"] = std::string(rest, 'y');
  EXPECT_EQ(encode(entry, 0).size(), limits::ledgerEntry);
  entry.data["x"] = std::string(rest + 1, 'y');
  try {
    encode(entry, 0);
    FAIL() << "too large, and nobody minds";
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code, Code::tooLarge);
    EXPECT_EQ(failure.message, "the ledger entry a would have 65536 bytes; 65535 is the limit");
  }
  entry.data = {};
  entry.subject = "\xff";
  EXPECT_THROW(encode(entry, 0), Error);
}

TEST_F(LedgerTest, AnEntryThatIsTooLargeTakesTheWholeChangeWithIt) {
  Entry entry{.action = "a", .actor = "b", .workspace = "c", .subject = "d", .data = {{"x", std::string(70'000, 'y')}}};
  thrown(Code::tooLarge, [&] {
    database_->write([&](db::Transaction& transaction) {
      ledger::append(transaction, LedgerTest::entry(1), pending());
      ledger::append(transaction, entry, pending());
    });
  });
  Log log(*database_, options());
  log.recover();
  EXPECT_EQ(log.size(), 0);
}

TEST_F(LedgerTest, ForEachGoesThroughTheLogInOrder) {
  Log log(*database_, options());
  log.recover();
  append(0, 2500);
  log.integrate();
  append(2500, 1);  // waits, so it is not in the log yet
  std::int64_t next = 0;
  database_->read([&](db::Transaction& transaction) {
    forEach(transaction, [&](const Logged& logged) {
      EXPECT_EQ(logged.index, next++);
      EXPECT_EQ(parseJson(logged.body).at("data").at("to").as_int64(), logged.index);
    });
  });
  EXPECT_EQ(next, 2500);
}

}  // namespace
}  // namespace regesta::ledger
