#include "server/ledger_key.h"

#include <filesystem>

#include "base/encoding.h"
#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "base/text.h"
#include "ledger/note.h"
#include "server/data_directory.h"

namespace regesta::server {
namespace {

constexpr std::string_view prefix = "PRIVATE+KEY+";
constexpr char ed25519 = 1;
constexpr std::uint64_t fileLimit = 4096;

std::string format(const LedgerKey& key) {
  ledger::VerifierKey shown{key.origin, key.pair.publicKey};
  return fmt::format("{}{}+{:08x}+{}\n", prefix, key.origin, shown.id(),
                     base64Encode(std::string(1, ed25519) + key.pair.seed));
}

LedgerKey parse(std::string_view text, const std::string& file) {
  auto wrong = [&](std::string_view why) { return error(Code::corrupt, "{} is not a ledger key: {}", file, why); };
  text = trim(text);
  if (!text.starts_with(prefix)) throw wrong("it does not begin with PRIVATE+KEY+");
  auto parts = split(text.substr(prefix.size()), '+');
  // The base64 part may hold '+' itself: name and id are the first two.
  if (parts.size() < 3) throw wrong("it has not three parts");
  std::string_view encoded = text.substr(static_cast<std::size_t>(parts[2].data() - text.data()));
  auto bytes = base64Decode(encoded);
  if (!bytes || bytes->size() != 33 || (*bytes)[0] != ed25519) throw wrong("its last part is not an ed25519 seed");
  LedgerKey key{std::string(parts[0]), crypto::keyPairFromSeed(std::string_view(*bytes).substr(1))};
  if (trim(format(key)) != text) throw wrong("its id does not match its seed");
  return key;
}

LedgerKey make(const std::string& file, const std::string& origin) {
  LedgerKey key{origin.empty() ? "regesta/" + randomHex(6) : origin, crypto::generateKeyPair()};
  if (!ledger::isKeyName(key.origin))
    throw error(Code::invalid, "ledger.origin must not be empty or contain spaces or '+', got \"{}\"", origin);
  file::makeFolders(std::filesystem::path(file).parent_path().string());
  file::replaceFiles({{file, format(key)}});
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return key;
}

}  // namespace

LedgerKey loadOrMakeKey(const std::string& file, const std::string& origin) {
  auto text = file::readFile(file, fileLimit);
  if (!text) return make(file, origin);
  file::settle(file);  // the server that made it may have been killed before it could
  LedgerKey key = parse(*text, file);
  if (!origin.empty() && origin != key.origin)
    throw error(Code::invalid, "ledger.origin is \"{}\" but the key in {} is for \"{}\"; a ledger's name never changes",
                origin, file, key.origin);
  return key;
}

std::string createKey(const std::string& file, const std::string& origin) {
  if (std::filesystem::exists(file)) throw error(Code::exists, "{} exists already; it is not replaced", file);
  LedgerKey key = make(file, origin);
  return ledger::VerifierKey{key.origin, key.pair.publicKey}.text();
}

LedgerKey openKey(const Config& config, const DataDirectory& data) {
  const std::string& named = config.text("ledger.key");
  return loadOrMakeKey(named.empty() ? data.ledgerKey() : named, config.text("ledger.origin"));
}

}  // namespace regesta::server
