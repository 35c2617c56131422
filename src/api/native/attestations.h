#pragma once
#include "api/native/decisions.h"
#include "crypto/ec_key.h"

namespace regesta::api::native {

struct ProvenancePath {
  std::string kind, name, selector;
  static constexpr std::string_view documentation =
      "A Sigstore bundle with an in-toto statement, SLSA provenance v1, signed by the server's attestation key. It has "
      "what the caller may read of run and lineage.";
  static constexpr Field fields[] = {field<&ProvenancePath::kind>("kind", required),
                                     field<&ProvenancePath::name>("name", required),
                                     field<&ProvenancePath::selector>("selector", required)};
};

/// The key that signs what the server attests. It follows from the ledger's.
crypto::EcKey attestationSigner(const Call& call);

Plain getProvenance(Call& call, const ProvenancePath& path);
/// SLSA verification summary (VSA) of a gate decision, signed likewise.
Plain getDecisionAttestation(Call& call, const DigestPath& path);
Plain attestationKey(Call& call, const Empty& request);

}  // namespace regesta::api::native
