#include "crypto/mac.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/hash.h"

namespace regesta::crypto {
namespace {

const std::string secret(32, 's');

TEST(MacKey, KeysOfTwoPurposesAreUnrelated) {
  EXPECT_NE(MacKey::derive(secret, "a").tag({"x"}), MacKey::derive(secret, "b").tag({"x"}));
  EXPECT_NE(MacKey::derive(std::string(32, 't'), "a").tag({"x"}), MacKey::derive(secret, "a").tag({"x"}));
  EXPECT_EQ(MacKey::derive(secret, "a").tag({"x"}), MacKey::derive(secret, "a").tag({"x"}));
}

TEST(MacKey, IsHkdfOfRfc5869) {
  // Appendix A.3: SHA-256 with zero-length salt and info differs only in the info, so the test recomputes it by hand.
  std::string extracted = hmacSha256(std::string(32, '\0'), secret);
  std::string key = hmacSha256(extracted, std::string("info\x01"));
  std::string message = std::string(7, '\0') + '\x01' + "x";
  EXPECT_EQ(MacKey::derive(secret, "info").tag({"x"}), hexEncode(hmacSha256(key, message)));
}

TEST(MacKey, TheBordersOfPartsCount) {
  MacKey key = MacKey::derive(secret, "a");
  EXPECT_NE(key.tag({"a", "bc"}), key.tag({"ab", "c"}));
  EXPECT_NE(key.tag({"a", ""}), key.tag({"a"}));
  EXPECT_NE(key.tag({}), key.tag({""}));
}

TEST(MacKey, VerifiesItsOwnTagAlone) {
  MacKey key = MacKey::derive(secret, "a");
  std::string tag = key.tag({"row", "1"});
  EXPECT_TRUE(key.verify({"row", "1"}, tag));
  EXPECT_FALSE(key.verify({"row", "2"}, tag));
  tag.back() = tag.back() == '0' ? '1' : '0';
  EXPECT_FALSE(key.verify({"row", "1"}, tag));
  EXPECT_FALSE(key.verify({"row", "1"}, ""));
}

}  // namespace
}  // namespace regesta::crypto
