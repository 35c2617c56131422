#include "rollout/bucket.h"

#include <gtest/gtest.h>

namespace regesta::rollout {
namespace {

// flagd's own vectors (reference: flagd testbed), which put a key at the edges of the hash's range.
TEST(Bucket, hashesAsFlagdDoes) {
  EXPECT_EQ(murmur3("ejOoVL"), 0U);
  EXPECT_EQ(murmur3("bY9fO-"), 1U);
  EXPECT_EQ(murmur3("SI7p-"), 2147483647U);
  EXPECT_EQ(murmur3("6LvT0"), 2147483648U);
  EXPECT_EQ(murmur3("ceQdGm"), 4294967295U);
  EXPECT_EQ(murmur3("fractional-flagjack"), 2682799072U);
  EXPECT_EQ(bucketOf(2682799072U, 100), 62U);
}

TEST(Bucket, twoPartsHashAsOneText) {
  std::string text("salt\0with\xff odd bytes and more", 29);
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(murmur3(std::string_view(text).substr(0, cut), std::string_view(text).substr(cut)), murmur3(text)) << cut;
}

TEST(Bucket, staysInItsRange) {
  EXPECT_EQ(bucketOf(0, 100), 0U);
  EXPECT_EQ(bucketOf(0xffffffff, 100), 99U);
  EXPECT_EQ(bucketOf(0xffffffff, 0x7fffffff), 0x7ffffffeU);
}

TEST(Bucket, labelsNameABucket) {
  auto label = parseBucketLabel("production.b17");
  ASSERT_TRUE(label);
  EXPECT_EQ(label->alias, "production");
  EXPECT_EQ(label->bucket, 17);
  EXPECT_EQ(parseBucketLabel("a.b0")->bucket, 0);
  EXPECT_EQ(parseBucketLabel("a.b1.b99")->alias, "a.b1");
  for (const char* other : {"production", "production.b", "production.b100", "production.b07", ".b1", "production.b-1",
                            "production.bx", "production.b+1"})
    EXPECT_FALSE(parseBucketLabel(other)) << other;
}

}  // namespace
}  // namespace regesta::rollout
