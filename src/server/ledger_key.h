#pragma once
#include <string>

#include "crypto/sign.h"

namespace regesta::server {

struct LedgerKey {
  std::string origin;
  crypto::KeyPair pair;
};

/// Reads the signing key from `file` (one line, Go's signed-note form PRIVATE+KEY+name+hash+base64), or makes a new one
/// for `origin` (empty: a random name) and writes it, readable by this user alone, durable before it is used.
/// Throws Error{corrupt} for a file that is no key, Error{invalid} when `origin` is set and differs from the key's
/// name.
LedgerKey loadOrMakeKey(const std::string& file, const std::string& origin);

}  // namespace regesta::server
