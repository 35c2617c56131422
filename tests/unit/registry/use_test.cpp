#include "registry/use.h"

#include "fixture.h"

namespace regesta::registry {
namespace {

using List = std::vector<std::string>;

class UseTest : public RegistryTest {
 protected:
  Version text(const Asset& asset, const std::string& words) {
    return change([&](Change& change) { return createVersion(change, asset, {.content = words}); });
  }
  void use(const Version& user, const Version& used, std::int64_t number, const std::string& selector) {
    write([&](db::Session& session) { addUse(session, user, {used.asset.key.name, selector, used.asset.id, number}); });
  }
};

TEST_P(UseTest, AUsedVersionStaysWhileItsUserLives) {
  Asset footer = make("footer", Kind::prompt), letter = make("letter", Kind::prompt);
  Version first = text(footer, "\"a\""), second = text(footer, "\"b\""), user = text(letter, "\"c\"");
  use(user, first, first.number, "^1");
  EXPECT_EQ(read([&](db::Session& session) { return usersOf(session, first); }), List{"prompt/letter@1"});
  EXPECT_EQ(read([&](db::Session& session) { return usersOf(session, second); }), List{});
  std::string why = thrown(Code::refused, [&] { change([&](Change& change) { deleteVersion(change, first); }); });
  EXPECT_EQ(why, "Version 1 of prompt 'footer' cannot be deleted: it is part of prompt/letter@1");
  thrown(Code::refused, [&] { change([&](Change& change) { deleteAsset(change, footer); }); });
  change([&](Change& change) { deleteVersion(change, second); });

  change([&](Change& change) { deleteVersion(change, user); });
  change([&](Change& change) { deleteVersion(change, first); });
  change([&](Change& change) { deleteAsset(change, footer); });
}

TEST_P(UseTest, ALabelKeepsWhatItStandsOn) {
  Asset footer = make("footer", Kind::prompt), letter = make("letter", Kind::prompt);
  Version first = text(footer, "\"a\""), second = text(footer, "\"b\""), user = text(letter, "\"c\"");
  point(footer, "production", 1);
  use(user, first, 0, "production");
  thrown(Code::refused, [&] { change([&](Change& change) { deleteVersion(change, first); }); });
  point(footer, "production", 2);
  change([&](Change& change) { deleteVersion(change, first); });
  EXPECT_EQ(read([&](db::Session& session) { return usersOf(session, second); }), List{"prompt/letter@1"});
  EXPECT_EQ(read([&](db::Session& session) { return usesOf(session, user); }).at(0).selector, "production");
}

REGESTA_REGISTRY_ON_BOTH(UseTest);

}  // namespace
}  // namespace regesta::registry
