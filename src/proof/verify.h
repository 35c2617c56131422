#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/checkpoint.h"
#include "ledger/witness_policy.h"
#include "policy/engine.h"

namespace regesta::proof {

struct PackFinding {
  std::string member;  ///< path in the pack; empty: the whole file
  std::string what;    ///< a sentence that reads on from the member
};

struct PackOptions {
  std::optional<ledger::VerifierKey> key;          ///< none: the one in the pack, which then vouches for itself
  std::optional<std::string> kept;                 ///< a signed checkpoint of the same log, from another source
  std::optional<ledger::WitnessPolicy> witnesses;  ///< whose cosignatures the checkpoint must have
  std::string timestampCa;  ///< PEM text: the checkpoint must have a timestamp that verifies with it; empty: need not
  policy::Engine* engine = nullptr;  ///< to evaluate each decision again; null: do not
};

struct PackReport {
  std::string subject, workspace, digest, madeBy, madeAt;
  std::optional<ledger::Cosigned> cosigned;  ///< with PackOptions::witnesses
  std::string timestampedAt;                 ///< with PackOptions::timestampCa; empty: not verified
  std::size_t members = 0, entries = 0;
  std::size_t replayed = 0;  ///< decisions that were evaluated again
  ledger::Checkpoint checkpoint;
  std::string key;                    ///< the verifier key that was used
  std::vector<std::string> withheld;  ///< what the maker could not read: "2 policies"
  std::vector<PackFinding> findings;
  bool ok() const { return findings.empty(); }
};

/// Verifies a pack offline: the zip, every digest, every entry against the signed checkpoint, what "version.packed"
/// seals, and every statement of the documents. Throws Error{notFound} if there is no such file.
PackReport verifyPack(const std::string& file, const PackOptions& options);

}  // namespace regesta::proof
