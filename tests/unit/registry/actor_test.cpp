#include "registry/actor.h"

#include <gtest/gtest.h>

namespace regesta::registry {
namespace {

TEST(ActorId, everyKindReadsBack) {
  for (const char* text : {"user:anna", "token:ci", "local:root", "system:rollout", "user:a:b"})
    EXPECT_EQ(ActorId::read(text).text(), text);
  EXPECT_EQ(ActorId::read("user:anna"), (ActorId{ActorKind::user, "anna"}));
  EXPECT_EQ(Actor::token("ci").name, "token:ci");
  EXPECT_EQ(Actor{"local:root"}.shortName(), "root");
}

TEST(ActorId, onlyUsersAndTheLocalUserArePersons) {
  EXPECT_TRUE(Actor::user("anna").isPerson());
  EXPECT_TRUE(Actor::local("root").isPerson());
  EXPECT_FALSE(Actor::token("ci").isPerson());
  EXPECT_FALSE(Actor::system("rollout").isPerson());
}

TEST(ActorId, whatHasNoKnownKindIsTheServers) {
  EXPECT_EQ(ActorId::read("anna"), (ActorId{ActorKind::system, "anna"}));
  EXPECT_FALSE(ActorId::read("robot:anna").isPerson());
  EXPECT_FALSE(ActorId::read("").isPerson());
}

}  // namespace
}  // namespace regesta::registry
