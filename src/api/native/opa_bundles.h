#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

/// The revision in a bundle's manifest. OPA repeats it in its decision log, which so names the version that decided.
struct BundleRevision {
  std::string name;
  std::int64_t number = 0;
  std::string digest;  ///< of the version
  std::string prefix;
  std::string text() const;
  /// Nothing for the revision of a bundle that comes from elsewhere.
  static std::optional<BundleRevision> read(std::string_view text);
};
/// What a bundle of the version defines below `data`: "lending/regesta/gate".
std::vector<std::string> bundleRoots(const registry::Version& version, std::string_view prefix);

struct BundleQuery {
  std::string name, version, prefix;
  bool isSigned = false;
  static constexpr std::string_view documentation =
      "A gzip tarball of the policy's modules with a manifest, as OPA's bundle plugin fetches it. If-None-Match with "
      "the ETag is answered with 304 while the version is the same.";
  static constexpr Field fields[] = {
      field<&BundleQuery::name>("name", required | about("of the policy; may end in .tar.gz")),
      field<&BundleQuery::version>("version", about("number, SemVer, range or alias; absent: latest")),
      field<&BundleQuery::prefix>("prefix", about("package below which the modules are put, so that one OPA can load "
                                                  "several policies")),
      field<&BundleQuery::isSigned>("signed", about("adds .signatures.json, a token by the key of "
                                                    "/ledger/attestation-key; OPA then requires that key in its "
                                                    "configuration"))};
};

Plain getBundle(Call& call, const BundleQuery& query);

}  // namespace regesta::api::native
