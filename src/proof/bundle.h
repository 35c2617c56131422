#pragma once
#include <expected>
#include <string>
#include <string_view>

#include "base/json.h"
#include "crypto/ec_key.h"

/// Sigstore bundles that hold an in-toto statement in a DSSE envelope, signed by a key. Pure.
namespace regesta::proof {

inline constexpr std::string_view statementType = "https://in-toto.io/Statement/v1";

/// The bundle (v0.3) as JSON. `statement` has the members of an in-toto Statement v1.
json::object signStatement(const json::object& statement, const crypto::EcKey& key);
/// The statement if `key` has signed the bundle; otherwise the fault.
std::expected<json::object, std::string> openStatement(std::string_view bundle, const crypto::EcKey& key);

}  // namespace regesta::proof
