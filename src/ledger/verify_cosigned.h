#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/witness_policy.h"

/// What the cosignatures of witnesses prove about a log. Pure.
namespace regesta::ledger {

struct CosignedSearch {
  std::optional<Cosigned> newest;
  std::vector<std::string> notes;     ///< those with enough cosignatures: the log must extend each
  std::vector<std::string> findings;  ///< sentences
};
/// Looks at signed notes from any source. A note without enough cosignatures is ignored, unless there is no other. One
/// with enough that `key` did not sign is a finding: the witnesses saw another log of this name.
CosignedSearch findCosigned(const std::vector<std::string>& notes, const VerifierKey& key, const WitnessPolicy& policy);

/// Why a log of `size` entries, the last at `lastMicros`, should be cosigned further than it is; empty: it is not older
/// than `graceSeconds` after the cosignatures.
std::string uncosignedFault(const Cosigned& newest, std::int64_t size, std::int64_t lastMicros,
                            std::int64_t graceSeconds);

}  // namespace regesta::ledger
