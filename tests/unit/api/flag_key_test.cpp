#include "api/ofrep/flag_key.h"

#include <gtest/gtest.h>

namespace regesta::api::ofrep {
namespace {

std::string shown(std::string_view key) {
  FlagKey flag = parseFlagKey(key);
  return flag.prompt + " | " + flag.selector + (flag.versionOnly ? " | version" : "");
}

TEST(FlagKey, namesAPromptASelectorAndWhatIsWanted) {
  EXPECT_EQ(shown("greeting"), "greeting | production");
  EXPECT_EQ(shown("support/de/greeting@staging"), "support/de/greeting | staging");
  EXPECT_EQ(shown("greeting:^1.2.version"), "greeting | ^1.2 | version");
  EXPECT_EQ(shown("greeting@production.b17.version"), "greeting | production.b17 | version");
  EXPECT_EQ(shown("team@home:1.4.2"), "team@home | 1.4.2");
}

TEST(FlagKey, oddKeysAreNames) {
  EXPECT_EQ(shown(".version"), ".version | production");
  EXPECT_EQ(shown("@"), "@ | production");
  EXPECT_EQ(shown("@staging"), "@staging | production");
  EXPECT_EQ(shown("greeting@"), "greeting@ | production");
  EXPECT_EQ(shown("greeting:"), "greeting: | production");
}

TEST(FlagKey, theKeyOfAnAliasReadsBackAsIt) {
  for (const char* alias : {"production", "staging", "team.a"}) {
    FlagKey flag = parseFlagKey(flagKeyOf("support/greeting", alias));
    EXPECT_EQ(flag.prompt, "support/greeting");
    EXPECT_EQ(flag.selector, alias);
  }
}

}  // namespace
}  // namespace regesta::api::ofrep
