#include "lifecycle/expiry.h"

#include "base/time.h"
#include "lifecycle/retention_plan.h"
#include "registry/expiry.h"
#include "registry/hold.h"
#include "support/registry_test.h"

namespace regesta::lifecycle {

using registry::Asset;
using registry::Change;
using registry::Version;

constexpr std::int64_t minute = 60'000, day = 24 * 60 * minute;

class ExpiryTest : public RegistryTest {
 protected:
  void expire(const Version& version, std::int64_t at) {
    change([&](Change& c) { registry::setExpiry(c, version, at); });
  }
  bool isLive(const Version& version) {
    return read(
        [&](db::Transaction& s) { return registry::findVersion(s, version.asset.key, version.number).has_value(); });
  }
  registry::Hold hold(const Version& version) {
    return change([&](Change& c) {
      return registry::placeHold(c, {.workspace = workspace_,
                                     .kind = "model",
                                     .namePattern = version.asset.key.name,
                                     .asset = version.asset.id,
                                     .number = version.number,
                                     .reason = "case"});
    });
  }
};
REGESTA_ON_BOTH(ExpiryTest);

TEST_P(ExpiryTest, AVersionGoesWhenItsMomentHasCome) {
  Asset asset = make("loan");
  Version soon = add(asset), later = add(asset), never = add(asset);
  std::int64_t now = nowMillis();
  expire(soon, now + minute);
  expire(later, now + 2 * minute);
  Expiry expiry(*store_);
  EXPECT_EQ(expiry.round(now), 0u);
  EXPECT_EQ(expiry.round(now + minute), 1u);
  EXPECT_FALSE(isLive(soon));
  EXPECT_TRUE(isLive(later));
  expire(later, 0);
  EXPECT_EQ(expiry.round(now + day), 0u);
  EXPECT_TRUE(isLive(never));
  auto gone = entries("version.deleted").back();
  EXPECT_EQ(gone.at("actor").as_string(), "system:expiry");
  EXPECT_EQ(gone.at("data").at("rule").as_string(), "expiry");
  EXPECT_EQ(count("version_expiry"), 0);
}

TEST_P(ExpiryTest, WhatIsProtectedStaysUntilNothingProtectsIt) {
  Asset asset = make("loan");
  Version pointed = add(asset), held = add(asset);
  std::int64_t now = nowMillis();
  expire(pointed, now);
  expire(held, now);
  point(asset, "live", pointed.number);
  registry::Hold placed = hold(held);
  Expiry expiry(*store_);
  EXPECT_EQ(expiry.round(now), 0u);
  change([&](Change& c) { registry::liftHold(c, placed, "closed"); });
  EXPECT_EQ(expiry.round(now + minute), 0u) << "what stayed is looked at again after an hour";
  EXPECT_EQ(expiry.round(now + day), 1u);
  EXPECT_FALSE(isLive(held));
  EXPECT_TRUE(isLive(pointed));
}

TEST_P(ExpiryTest, AHeldVersionIsNotGivenAnExpiryAndOneIsTakenBack) {
  Version version = add(make("loan"));
  expire(version, nowMillis() + day);
  expire(version, nowMillis() + 2 * day);
  hold(version);
  EXPECT_EQ(thrownCode([&] { expire(version, nowMillis()); }), Code::refused);
  expire(version, 0);
  EXPECT_EQ(read([&](db::Transaction& s) { return registry::expiryOf(s, version); }), 0);
  auto set = entries("version.expiry-set");
  ASSERT_EQ(set.size(), 3u);
  EXPECT_TRUE(set.back().at("data").at("expires_at").is_null());
}

TEST_P(ExpiryTest, RulesSayAtWhichAgeVersionsGo) {
  Asset asset = make("loan");
  auto age = [&] { return read([&](db::Transaction& s) { return ageAtDeletion(s, asset.key); }); };
  auto rule = [&](RetentionRule wanted) { change([&](Change& c) { setRule(c, workspace_, std::move(wanted)); }); };
  EXPECT_EQ(age(), std::nullopt);
  rule({.name = "all", .deleteAfter = 10 * day});
  rule({.name = "loans", .namePattern = "loan*", .deleteAfter = 20 * day});
  EXPECT_EQ(age(), 20 * day) << "the most protective one decides";
  rule({.name = "all", .keepNewest = 1, .deleteAfter = 10 * day});
  EXPECT_EQ(age(), std::nullopt);
}

}  // namespace regesta::lifecycle
