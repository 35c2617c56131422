#include "ledger/verify_cosigned.h"

#include "base/error.h"
#include "base/time.h"

namespace regesta::ledger {

CosignedSearch findCosigned(const std::vector<std::string>& notes, const VerifierKey& key,
                            const WitnessPolicy& policy) {
  CosignedSearch search;
  for (const std::string& note : notes) {
    auto seen = readCosigned(note, policy);
    if (!seen || seen->checkpoint.origin != key.name) continue;
    if (auto opened = openCheckpoint(note, key); !opened) {
      search.findings.push_back(fmt::format(
          "witnesses cosigned a checkpoint of {} entries at {} that the key {} did not sign ({}): the ledger was "
          "replaced by one with another key",
          seen->checkpoint.size, formatTime(seen->time * 1000), key.text(), opened.error()));
      continue;
    }
    search.notes.push_back(note);
    if (!search.newest || seen->checkpoint.size > search.newest->checkpoint.size) search.newest = *std::move(seen);
  }
  if (!search.newest && policy.hasQuorum())
    search.findings.push_back(
        fmt::format("there is no checkpoint of this ledger that is cosigned by {}", policy.description()));
  return search;
}

std::string uncosignedFault(const Cosigned& newest, std::int64_t size, std::int64_t lastMicros,
                            std::int64_t graceSeconds) {
  if (size <= newest.checkpoint.size || lastMicros / 1'000'000 <= newest.time + graceSeconds) return {};
  return fmt::format(
      "the witnesses cosigned {} of {} entries, at {}; the last entry is of {}, more than {} minutes later: the "
      "entries "
      "after them are not vouched for",
      newest.checkpoint.size, size, formatTime(newest.time * 1000), formatTime(lastMicros / 1000), graceSeconds / 60);
}

}  // namespace regesta::ledger
