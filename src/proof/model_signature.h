#pragma once
#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "crypto/ec_key.h"

/// OpenSSF model signing: a signed list of the digests of a model's files. Pure.
namespace regesta::proof {

inline constexpr std::string_view signatureType = "signature";  ///< of evidence
inline constexpr std::string_view modelPredicate = "https://model_signing/signature/v1.0";

using FileDigests = std::map<std::string, std::string, std::less<>>;  ///< path to hexadecimal SHA-256

/// The bundle over all files. `name` is informative. Throws Invalid{field "files"} without files.
json::object signFiles(std::string_view name, const FileDigests& files, const crypto::EcKey& key);

struct SignedFiles {
  std::string name;
  std::size_t files = 0;
};
/// What was signed, if `key` signed exactly these files; otherwise the fault, which names the first file that differs.
std::expected<SignedFiles, std::string> verifyFiles(std::string_view bundle, const FileDigests& files,
                                                    const crypto::EcKey& key);

struct SignatureClaim {
  json::object body;     ///< {"bundle","public_key"}
  json::object summary;  ///< {"signed_by","curve","files","predicate_type"}
};
/// Checks evidence of the type "signature" against the files of a version. Throws Invalid that names the member.
SignatureClaim checkSignature(const json::value& body, const FileDigests& files);

}  // namespace regesta::proof
