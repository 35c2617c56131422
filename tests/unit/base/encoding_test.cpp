#include "base/encoding.h"

#include <gtest/gtest.h>

namespace regesta {
namespace {

// RFC 4648, section 10.
TEST(Base64, TheVectorsOfTheRfc) {
  const std::pair<const char*, const char*> samples[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : samples) {
    EXPECT_EQ(base64Encode(plain), encoded);
    EXPECT_EQ(base64Decode(encoded), plain);
  }
}

TEST(Base64, OneValueHasOneSpelling) {
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm9v====", "====", "=",
                           "Z===", "Zm-v", "Zm_v", "Zg==Zg=="})
    EXPECT_EQ(base64Decode(text), std::nullopt) << text;
}

TEST(Base64, UrlFormHasNoPadding) {
  EXPECT_EQ(base64UrlEncode("\xfb\xff\xfe"), "-__-");
  EXPECT_EQ(base64UrlDecode("-__-"), "\xfb\xff\xfe");
  EXPECT_EQ(base64UrlEncode("f"), "Zg");
  EXPECT_EQ(base64UrlDecode("Zg"), "f");
  for (const char* text : {"Zg==", "Zh", "Z", "+/+/", "Zm9v="}) EXPECT_EQ(base64UrlDecode(text), std::nullopt) << text;
}

TEST(Encodings, EveryByteRoundTrips) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (std::size_t cut = 0; cut < 5; ++cut) {
    std::string_view part = std::string_view(all).substr(cut);
    EXPECT_EQ(hexDecode(hexEncode(part)), part);
    EXPECT_EQ(base64Decode(base64Encode(part)), part);
    EXPECT_EQ(base64UrlDecode(base64UrlEncode(part)), part);
    EXPECT_EQ(percentDecode(percentEncode(part)), part);
    EXPECT_EQ(percentDecode(percentEncode(part, true), true), part);
  }
}

TEST(Hex, TakesBothCasesAndNothingElse) {
  EXPECT_EQ(hexEncode("\x00\xAB\xFF"), "");  // a C string ends at its NUL
  EXPECT_EQ(hexEncode(std::string_view("\x00\xAB\xFF", 3)), "00abff");
  EXPECT_EQ(hexDecode("00ABff"), std::string("\x00\xAB\xFF", 3));
  for (const char* text : {"0", "0g", "0x00", " 00", "00 "}) EXPECT_EQ(hexDecode(text), std::nullopt) << text;
}

TEST(Percent, EncodesEverythingButUnreserved) {
  EXPECT_EQ(percentEncode("a-Z_0.~"), "a-Z_0.~");
  EXPECT_EQ(percentEncode("a b/ü?"), "a%20b%2F%C3%BC%3F");
  EXPECT_EQ(percentEncode("a b/ü?", true), "a%20b/%C3%BC%3F");
}

TEST(Percent, DecodesAndRefusesBrokenEscapes) {
  EXPECT_EQ(percentDecode("a%20b+c"), "a b+c");
  EXPECT_EQ(percentDecode("a%20b+c", true), "a b c");
  EXPECT_EQ(percentDecode("%e4%BD%A0"), "你");
  EXPECT_EQ(percentDecode("%00"), std::string(1, '\0'));
  for (const char* text : {"%", "%4", "%zz", "abc%", "%-1", "% 1"})
    EXPECT_EQ(percentDecode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace regesta
