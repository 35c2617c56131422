#include "crypto/hash.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

using namespace regesta;
using namespace regesta::crypto;

// FIPS 180-4 and NIST's example files.
TEST(Hash, Sha256Vectors) {
  EXPECT_EQ(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256Hex(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, PiecesGiveTheSameHashAsTheWhole) {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += static_cast<char>(i * 31);
  for (std::size_t step : {1, 7, 63, 64, 65, 4096}) {
    Sha256 pieces;
    for (std::size_t at = 0; at < text.size(); at += step) pieces.update(std::string_view(text).substr(at, step));
    EXPECT_EQ(pieces.finish(), sha256(text)) << step;
  }
}

TEST(Hash, TwoHashesAtOnceDoNotMix) {
  Sha256 first, second;
  first.update("a");
  second.update("ab");
  first.update("bc");
  EXPECT_EQ(sha256Hex("one-shot in between"), hex(sha256("one-shot in between")));
  second.update("c");
  Sha256 moved = std::move(first);
  EXPECT_EQ(hex(moved.finish()), sha256Hex("abc"));
  EXPECT_EQ(hex(second.finish()), sha256Hex("abc"));
}

// RFC 4231 cases 1, 2 and 6 (a key longer than the block).
TEST(Hash, HmacVectors) {
  EXPECT_EQ(hexEncode(hmacSha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hexEncode(hmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hexEncode(hmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hexEncode(hmacSha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hash, ManyThreads) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&wrong, t] {
      std::string text = std::to_string(t);
      std::string expected = sha256Hex(text);
      for (int i = 0; i < 2000; ++i) wrong += sha256Hex(text) != expected;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}
