#include "crypto/checksum.h"

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include <openssl/evp.h>

#include "base/error.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace regesta::crypto {
namespace {

constexpr std::pair<ChecksumKind, std::string_view> names[] = {{ChecksumKind::crc32, "crc32"},
                                                               {ChecksumKind::crc32c, "crc32c"},
                                                               {ChecksumKind::crc64nvme, "crc64nvme"},
                                                               {ChecksumKind::sha1, "sha1"},
                                                               {ChecksumKind::sha256, "sha256"}};

// Reflected polynomials.
constexpr std::uint32_t ieee = 0xEDB88320, castagnoli = 0x82F63B78;
constexpr std::uint64_t nvme = 0x9A6C9329AC4BC9B5;

/// Eight bytes a step ("slicing by 8"): table[k][b] is the CRC of byte b followed by k zeros.
template <class Word, Word polynomial>
constexpr std::array<std::array<Word, 256>, 8> makeTables() {
  std::array<std::array<Word, 256>, 8> tables{};
  for (unsigned i = 0; i < 256; ++i) {
    Word value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) ? (value >> 1) ^ polynomial : value >> 1;
    tables[0][i] = value;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t i = 0; i < 256; ++i) tables[k][i] = (tables[k - 1][i] >> 8) ^ tables[0][tables[k - 1][i] & 0xFF];
  return tables;
}

template <class Word, Word polynomial>
class Crc final : public Checksum {
 public:
  void update(std::string_view bytes) override {
    static_assert(std::endian::native == std::endian::little);
    Word crc = crc_;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
      std::uint64_t block = 0;
      std::memcpy(&block, bytes.data(), 8);
      block ^= crc;
      crc = 0;
      for (unsigned k = 0; k < 8; ++k) crc ^= tables[7 - k][(block >> (8 * k)) & 0xFF];
    }
    for (char c : bytes) crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<unsigned char>(c)) & 0xFF];
    crc_ = crc;
  }
  std::string finish() override {
    std::string out;
    Word value = ~crc_;
    for (int shift = static_cast<int>(sizeof(Word) * 8) - 8; shift >= 0; shift -= 8)
      out.push_back(static_cast<char>((value >> shift) & 0xFF));
    return out;
  }

 private:
  static constexpr auto tables = makeTables<Word, polynomial>();
  Word crc_ = ~Word{0};
};

class Sha256Checksum final : public Checksum {
 public:
  void update(std::string_view bytes) override { hash_.update(bytes); }
  std::string finish() override { return std::string(view(hash_.finish())); }

 private:
  Sha256 hash_;
};

class Sha1Checksum final : public Checksum {
 public:
  Sha1Checksum() {
    if (!context_ || EVP_DigestInit_ex(context_.get(), EVP_sha1(), nullptr) != 1)
      throw Error(Code::unsupported, "this system's OpenSSL has no SHA-1");
  }
  void update(std::string_view bytes) override {
    REGESTA_INVARIANT(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string finish() override {
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    REGESTA_INVARIANT(EVP_DigestFinal_ex(context_.get(), out, &length) == 1);
    return {reinterpret_cast<const char*>(out), length};
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

}  // namespace

std::string_view nameOf(ChecksumKind kind) { return names[static_cast<std::size_t>(kind)].second; }

std::optional<ChecksumKind> checksumKind(std::string_view name) {
  for (const auto& [kind, known] : names)
    if (equalsIgnoreCase(known, name)) return kind;
  return std::nullopt;
}

std::unique_ptr<Checksum> Checksum::make(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::crc32:
      return std::make_unique<Crc<std::uint32_t, ieee>>();
    case ChecksumKind::crc32c:
      return std::make_unique<Crc<std::uint32_t, castagnoli>>();
    case ChecksumKind::crc64nvme:
      return std::make_unique<Crc<std::uint64_t, nvme>>();
    case ChecksumKind::sha1:
      return std::make_unique<Sha1Checksum>();
    case ChecksumKind::sha256:
      return std::make_unique<Sha256Checksum>();
  }
  throw Error(Code::internal, "unknown kind of checksum");
}

}  // namespace regesta::crypto
