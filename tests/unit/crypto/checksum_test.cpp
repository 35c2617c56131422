#include "crypto/checksum.h"

#include <gtest/gtest.h>

#include "base/encoding.h"

namespace regesta::crypto {
namespace {

std::string of(ChecksumKind kind, std::string_view bytes, std::size_t piece) {
  auto checksum = Checksum::make(kind);
  for (std::size_t at = 0; at < bytes.size(); at += piece) checksum->update(bytes.substr(at, piece));
  return hexEncode(checksum->finish());
}

struct Known {
  ChecksumKind kind;
  std::string_view ofDigits, ofNothing;
};
// The check values of the catalogue of parametrised CRC algorithms, and of FIPS 180.
constexpr Known known[] = {
    {ChecksumKind::crc32, "cbf43926", "00000000"},
    {ChecksumKind::crc32c, "e3069283", "00000000"},
    {ChecksumKind::crc64nvme, "ae8b14860a799888", "0000000000000000"},
    {ChecksumKind::sha1, "f7c3bc1d808e04732adf679965ccc34ca7ae3441", "da39a3ee5e6b4b0d3255bfef95601890afd80709"},
    {ChecksumKind::sha256, "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
};

TEST(Checksum, knownValues) {
  for (const Known& one : known) {
    EXPECT_EQ(of(one.kind, "123456789", 9), one.ofDigits) << nameOf(one.kind);
    EXPECT_EQ(of(one.kind, "", 1), one.ofNothing) << nameOf(one.kind);
    EXPECT_EQ(checksumKind(nameOf(one.kind)), one.kind);
  }
  EXPECT_EQ(checksumKind("CRC64NVME"), ChecksumKind::crc64nvme);
  EXPECT_FALSE(checksumKind("crc16"));
}

TEST(Checksum, piecesMakeNoDifference) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text.push_back(static_cast<char>(i * 7));
  for (const Known& one : known)
    for (std::size_t piece : {1, 3, 8, 13, 999}) EXPECT_EQ(of(one.kind, text, piece), of(one.kind, text, text.size()));
}

}  // namespace
}  // namespace regesta::crypto
