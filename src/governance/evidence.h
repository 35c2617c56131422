#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/version.h"

namespace regesta::governance {

/// Something that speaks for or against one version, bound to the version's digest. Immutable.
struct Evidence {
  std::int64_t id = 0;
  registry::AssetKey key;
  std::int64_t number = 0;
  std::string versionDigest;
  std::string type;       ///< card, scan, attestation, golden-test, evaluation, fairness, prompt-test
  bool verified = false;  ///< computed by this server, not claimed by a client
  std::string digest;     ///< SHA-256 of `body`
  std::string body;       ///< canonical JSON
  std::string summary;    ///< JSON object, small: what policies see of it
  std::int64_t createdAt = 0;
  std::string createdBy;
};

inline constexpr std::size_t evidenceLength = 1024 * 1024;  ///< bytes of one body

struct NewEvidence {
  std::string type;
  bool verified = false;
  json::value body;
  json::object summary;
};

/// Recorded as "evidence.added". Throws Invalid for an unknown type, Error{tooLarge} above 1 MiB or
/// 200 claimed pieces on one version.
Evidence addEvidence(registry::Change& change, const registry::Version& version, const NewEvidence& made);

/// What a client says. Checks the body by its type (a card must not be empty, metrics must be numbers) and makes the
/// summary. `digest`, when given, must be the body's. Throws Invalid, also for the type prompt-test: that comes from
/// the runner that leased the test's job and from nowhere else.
NewEvidence checkClaim(std::string_view type, const json::value& body, std::string_view digest = {});

std::optional<Evidence> findEvidence(db::Session& session, std::int64_t id);
/// Newest first. `number` 0: of every version.
std::vector<Evidence> listEvidence(db::Session& session, const registry::AssetKey& key, std::int64_t number,
                                   std::size_t limit = 1000, std::int64_t before = 0);
/// All on exactly this version and digest, newest first, with `body` left empty.
std::vector<Evidence> evidenceOn(db::Session& session, const registry::Version& version);

}  // namespace regesta::governance
