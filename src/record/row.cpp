#include "record/row.h"

#include "base/encoding.h"
#include "base/error.h"
#include "base/id.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/sealed_stream.h"

namespace regesta::record {
namespace {

constexpr std::size_t saltBytes = 16;
constexpr std::string_view sealedName = "regesta decision record";

std::string commitmentOf(std::string_view salted) {
  return hexEncode(crypto::hmacSha256(salted.substr(0, saltBytes), salted.substr(saltBytes)));
}

std::string openWith(const std::string& key, const std::string& stored, const std::string& id) {
  if (key.empty()) return stored;
  auto raw = hexDecode(key);
  if (!raw || stored.size() < crypto::sealedHeader) throw error(Code::corrupt, "record {} cannot be decrypted", id);
  try {
    std::string_view sealed(stored);
    crypto::Opener opener(*raw, sealedName, sealed.substr(0, crypto::sealedHeader));
    return opener.open(sealed.substr(crypto::sealedHeader));
  } catch (const Error&) {
    throw error(Code::corrupt, "record {} cannot be decrypted: it or the key of its subject was changed", id);
  }
}

}  // namespace

std::string Record::leaf() const {
  return fmt::format("regesta-record/1\n{} {} {} {} {} {} {}\n", cited.asset, cited.number, cited.prompt,
                     cited.promptNumber, at, subject, commitment);
}

std::string Record::open() const {
  if (erasedAt != 0) return {};
  if (subject != 0 && key.empty()) throw error(Code::corrupt, "the key of the subject of record {} is missing", id());
  std::string salted = openWith(subject == 0 ? std::string() : key, stored, id());
  if (salted.size() < saltBytes || commitmentOf(salted) != commitment)
    throw error(Code::corrupt, "record {} is not what was sealed", id());
  return salted.substr(saltBytes);
}

namespace rows {

Sealed sealBody(std::string_view body, std::string_view key) {
  std::string salted = randomBytes(saltBytes);
  salted += body;
  Sealed sealed{{}, commitmentOf(salted)};
  if (key.empty()) {
    sealed.stored = std::move(salted);
    return sealed;
  }
  crypto::Sealer sealer(hexDecode(key).value(), sealedName);
  sealed.stored = sealer.header();
  sealed.stored += sealer.seal(salted, true);
  return sealed;
}

std::string subjectTag(const registry::Store& store, std::string_view workspace, std::string_view subject) {
  return store.key("subjects of decision records").tag({workspace, subject});
}

Record record(db::Rows& rows) {
  Record one;
  one.batch = rows.integer(0);
  one.position = rows.integer(1);
  one.cited = {rows.integer(2), rows.integer(3), rows.integer(4), rows.integer(5)};
  one.at = rows.integer(6);
  one.subject = rows.integer(7);
  one.commitment = rows.text(8);
  one.stored = rows.bytes(9);
  one.key = rows.text(10);
  one.erasedAt = rows.integer(11);
  return one;
}

Batch batch(db::Rows& rows) {
  return {rows.integer(0), rows.text(1),    rows.text(2), rows.integer(3), rows.integer(4),
          rows.integer(5), rows.integer(6), rows.text(7), rows.integer(8)};
}

}  // namespace rows
}  // namespace regesta::record
