#include "base/name.h"

#include <gtest/gtest.h>

namespace regesta {
namespace {

TEST(Name, whatPeopleReadRightIsFine) {
  for (std::string_view name : {"loan-risk", "a b", "support/greeting", "модель-v2", "café", "東京モデル", "顧客VIP",
                                "сахар", "α-model", "№1", "it’s", "½"})
    EXPECT_EQ(nameFault(name), "") << name;
}

TEST(Name, whatPeopleWouldMisreadIsNot) {
  EXPECT_TRUE(nameFault("lo\u200Ban").starts_with("must not contain control characters"));
  EXPECT_TRUE(nameFault("gnp.\u202Eexe").starts_with("must not contain control characters"));
  EXPECT_TRUE(nameFault("loan\u00A0").starts_with("must not begin or end with a blank"));
  EXPECT_TRUE(nameFault("cafe\u0301").starts_with("must be in the Unicode form NFC"));
  EXPECT_TRUE(nameFault("lo\u0430n").starts_with("must not mix scripts"));
  EXPECT_TRUE(nameFault("loan-\u0440\u0430\u0443").starts_with("must not hold other characters that look like ASCII"));
  EXPECT_TRUE(nameFault("loan\u2010risk").starts_with("must not hold other characters that look like ASCII"));
  EXPECT_NE(nameFault("\xff\xfe"), "");
  EXPECT_TRUE(hasInvisible("a\u2066b"));
  EXPECT_FALSE(hasInvisible(" loan"));
}

TEST(Name, whatIsDrawnAlikeHasOneSkeleton) {
  EXPECT_EQ(nameSkeleton("\u0440\u0430\u0443"), nameSkeleton("pay"));
  EXPECT_EQ(nameSkeleton("\u03b1-model"), nameSkeleton("a-model"));
  EXPECT_EQ(nameSkeleton("loan1"), nameSkeleton("loanl"));
  EXPECT_NE(nameSkeleton("loan1"), nameSkeleton("loan2"));
  EXPECT_EQ(nameSkeleton(""), "");
}

TEST(Name, twins) {
  EXPECT_TRUE(areConfusable("Production", "production"));
  EXPECT_TRUE(areConfusable("pr0d", "prOd"));
  EXPECT_FALSE(areConfusable("production", "production"));
  EXPECT_FALSE(areConfusable("production", "staging"));
}

}  // namespace
}  // namespace regesta
