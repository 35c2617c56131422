#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/version.h"

namespace regesta::governance {

/// A statement about one version, bound to the version's digest. Immutable.
struct Evidence {
  std::int64_t id = 0;
  registry::AssetKey key;
  std::int64_t number = 0;
  std::string versionDigest;
  std::string type;  ///< card, scan, attestation, golden-test, evaluation, fairness, prompt-test, scan-release,
                     ///< incident-report
  /// Computed by this server, not claimed by a client. Covers the computation and the dataset's digest, but not the
  /// predictions, which a client or runner supplied.
  bool verified = false;
  std::string origin;    ///< client: sent by a client; server: computed here; runner: by the runner that leased `job`
  std::int64_t job = 0;  ///< of a runner's report; 0: none
  std::string digest;    ///< SHA-256 of `body`
  std::string body;      ///< canonical JSON
  std::string summary;   ///< small JSON object: the part that policies see
  std::int64_t createdAt = 0;
  std::string createdBy;
};

inline constexpr std::size_t evidenceLength = 1024 * 1024;  ///< bytes of one body

struct NewEvidence {
  std::string type;
  bool verified = false;
  json::value body;
  json::object summary;
  std::int64_t job = 0;  ///< reported by the runner that leased this job
};

/// Recorded as "evidence.added". Throws Invalid for an unknown type, Error{tooLarge} above 1 MiB or
/// 200 claimed pieces on one version.
Evidence addEvidence(registry::Change& change, const registry::Version& version, const NewEvidence& made);

/// Evidence from a client. Checks the body by its type (a card must not be empty, metrics must be numbers) and makes
/// the summary. `digest`, if given, must be the body's. Throws Invalid, also for the type prompt-test, which only the
/// runner that leased the test's job reports.
NewEvidence checkClaim(std::string_view type, const json::value& body, std::string_view digest = {});

std::optional<Evidence> findEvidence(db::Transaction& transaction, std::int64_t id);
/// Newest first. `number` 0: of every version.
std::vector<Evidence> listEvidence(db::Transaction& transaction, const registry::AssetKey& key, std::int64_t number,
                                   std::size_t limit = 1000, std::int64_t before = 0);
/// All evidence on this version and digest, newest first, without `body`.
std::vector<Evidence> evidenceOn(db::Transaction& transaction, const registry::Version& version);

}  // namespace regesta::governance
