#pragma once
#include <string>

#include "base/config.h"
#include "crypto/sign.h"

namespace regesta::server {

struct LedgerKey {
  std::string origin;
  crypto::KeyPair pair;
};

/// Reads the signing key from `file` (one line, Go's signed-note form PRIVATE+KEY+name+hash+base64), or makes a new one
/// for `origin` (empty: a random name) and writes it, readable only by this user and durable before it is used.
/// Throws Error{corrupt} for a file that is not a key, Error{invalid} if `origin` is set and differs from the key's
/// name.
LedgerKey loadOrMakeKey(const std::string& file, const std::string& origin);

/// Writes a new key to `file`, which must not exist, and returns its verifier key. Throws Error{exists}.
std::string createKey(const std::string& file, const std::string& origin);

class DataDirectory;
/// The key that the settings name, or the directory's own.
LedgerKey openKey(const Config& config, const DataDirectory& data);

}  // namespace regesta::server
