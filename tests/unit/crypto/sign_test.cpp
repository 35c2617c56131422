#include "crypto/sign.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/error.h"
#include "crypto/password.h"

using namespace regesta;
using namespace regesta::crypto;

// RFC 8032 section 7.1, tests 1 to 3.
TEST(Sign, Rfc8032Vectors) {
  struct Vector {
    const char *seed, *publicKey, *message, *signature;
  };
  const Vector vectors[] = {{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                             "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
                             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
                             "cf9b46bd25bf5f0595bbe24"
                             "655141438e7a100b"},
                            {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
                             "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
                             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
                             "0f11d8c387b2eaeb4302aee"
                             "b00d291612bb0c00"},
                            {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                             "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
                             "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
                             "84dc6594a7c15e9716ed28d"
                             "c027beceea1ec40a"}};
  for (const auto& v : vectors) {
    KeyPair key = keyPairFromSeed(*hexDecode(v.seed));
    EXPECT_EQ(hexEncode(key.publicKey), v.publicKey);
    std::string message = *hexDecode(v.message);
    EXPECT_EQ(hexEncode(sign(key, message)), v.signature);
    EXPECT_TRUE(verify(key.publicKey, message, *hexDecode(v.signature)));
  }
}

TEST(Sign, EveryFlippedBitIsFound) {
  KeyPair key = generateKeyPair();
  std::string message = "checkpoint", signature = sign(key, message);
  ASSERT_TRUE(verify(key.publicKey, message, signature));
  for (std::size_t i = 0; i < signature.size() * 8; ++i) {
    std::string bad = signature;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << i % 8));
    EXPECT_FALSE(verify(key.publicKey, message, bad)) << i;
  }
  EXPECT_FALSE(verify(key.publicKey, "checkpoinT", signature));
  EXPECT_FALSE(verify(generateKeyPair().publicKey, message, signature));
}

TEST(Sign, WrongLengths) {
  KeyPair key = generateKeyPair();
  EXPECT_FALSE(verify(key.publicKey, "m", ""));
  EXPECT_FALSE(verify(key.publicKey, "m", std::string(63, 'x')));
  EXPECT_FALSE(verify("", "m", std::string(64, 'x')));
  EXPECT_THROW(keyPairFromSeed("short"), Error);
}

TEST(Password, RoundTripAndWrongPassword) {
  std::string hashed = hashPassword("correct horse");
  EXPECT_TRUE(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hashed;
  EXPECT_TRUE(checkPassword(hashed, "correct horse"));
  EXPECT_FALSE(checkPassword(hashed, "correct horsE"));
  EXPECT_FALSE(checkPassword(hashed, ""));
  EXPECT_NE(hashPassword("correct horse"), hashed) << "each hash has its own salt";
  EXPECT_TRUE(checkPassword(hashPassword(""), ""));
}

TEST(Password, TextsThatAreNoHash) {
  for (std::string text : {std::string(), std::string("plain"), std::string("$argon2id$"), std::string(5000, '$'),
                           std::string("$argon2id$v=19$m=19456,t=2,p=1$\0x", 33)}) {
    EXPECT_FALSE(checkPassword(text, "plain")) << text;
  }
}

TEST(Password, Tokens) {
  std::string token = newToken();
  EXPECT_EQ(token.size(), 47u);
  EXPECT_TRUE(token.starts_with("rgs_"));
  EXPECT_NE(newToken(), token);
  EXPECT_EQ(hashToken(token).size(), 64u);
  EXPECT_TRUE(constantTimeEquals("abc", "abc"));
  EXPECT_FALSE(constantTimeEquals("abc", "abd"));
  EXPECT_FALSE(constantTimeEquals("abc", "abcd"));
  EXPECT_TRUE(constantTimeEquals("", ""));
}
