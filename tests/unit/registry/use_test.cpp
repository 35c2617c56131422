#include "registry/use.h"

#include "support/registry_test.h"

namespace regesta::registry {
namespace {

using List = std::vector<std::string>;

class UseTest : public RegistryTest {
 protected:
  Version text(const Asset& asset, const std::string& words) {
    return change([&](Change& change) { return createVersion(change, asset, {.content = words}); });
  }
  void use(const Version& user, const Version& used, std::int64_t number, const std::string& selector) {
    change([&](Change& change) {
      addUse(change.transaction, user, {used.asset.key.name, selector, used.asset.id, number});
      change.record(Action::versionDescribed, "default", user.subject());
    });
  }
};

TEST_P(UseTest, AUsedVersionStaysWhileItsUserLives) {
  Asset footer = make("footer", Kind::prompt), letter = make("letter", Kind::prompt);
  Version first = text(footer, "\"a\""), second = text(footer, "\"b\""), user = text(letter, "\"c\"");
  use(user, first, first.number, "^1");
  EXPECT_EQ(read([&](db::Transaction& transaction) { return usersOf(transaction, first); }), List{"prompt/letter@1"});
  EXPECT_EQ(read([&](db::Transaction& transaction) { return usersOf(transaction, second); }), List{});
  std::string why = thrown(Code::refused, [&] {
    change([&](Change& change) { deleteVersion(change, first, ClearanceIssuer::remove(true)); });
  });
  EXPECT_EQ(why, "Version 1 of prompt 'footer' cannot be deleted: it is part of prompt/letter@1");
  thrown(Code::refused,
         [&] { change([&](Change& change) { deleteAsset(change, footer, ClearanceIssuer::remove(true)); }); });
  change([&](Change& change) { deleteVersion(change, second, ClearanceIssuer::remove(true)); });

  change([&](Change& change) { deleteVersion(change, user, ClearanceIssuer::remove(true)); });
  change([&](Change& change) { deleteVersion(change, first, ClearanceIssuer::remove(true)); });
  change([&](Change& change) { deleteAsset(change, footer, ClearanceIssuer::remove(true)); });
}

TEST_P(UseTest, ALabelIsLockedToWhatItStoodOn) {
  Asset footer = make("footer", Kind::prompt), letter = make("letter", Kind::prompt);
  Version first = text(footer, "\"a\""), second = text(footer, "\"b\""), user = text(letter, "\"c\"");
  point(footer, "production", 1);
  use(user, first, 1, "production");
  point(footer, "production", 2);
  thrown(Code::refused,
         [&] { change([&](Change& change) { deleteVersion(change, first, ClearanceIssuer::remove(true)); }); });
  EXPECT_EQ(read([&](db::Transaction& transaction) { return usersOf(transaction, first); }), List{"prompt/letter@1"});
  EXPECT_EQ(read([&](db::Transaction& transaction) { return usersOf(transaction, second); }), List{});
  EXPECT_EQ(read([&](db::Transaction& transaction) { return usesOf(transaction, user); }).at(0).selector, "production");
}

REGESTA_ON_BOTH(UseTest);

}  // namespace
}  // namespace regesta::registry
