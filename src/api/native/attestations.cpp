#include "api/native/attestations.h"

#include "api/tracking_scope.h"
#include "base/text.h"
#include "governance/decision.h"
#include "governance/evidence.h"
#include "governance/input.h"
#include "ledger/log.h"
#include "proof/attestation.h"
#include "proof/bundle.h"

namespace regesta::api::native {
namespace {

proof::FileDigests digestsOf(db::Transaction& transaction, const registry::Version& version) {
  proof::FileDigests files;
  for (const registry::VersionFile& file : registry::versionFiles(transaction, version))
    files.emplace(file.path, file.digest);
  return files;
}

Plain bundleAnswer(const Call& call, const json::object& statement) {
  Plain answer;
  answer.contentType = "application/vnd.dev.sigstore.bundle.v0.3+json";
  answer.body = json::serialize(proof::signStatement(statement, attestationSigner(call)));
  return answer;
}

}  // namespace

crypto::EcKey attestationSigner(const Call& call) {
  return crypto::EcKey::fromSecret(call.core.log.attestationSecret());
}

Plain getProvenance(Call& call, const ProvenancePath& path) {
  registry::AssetKey key = readable(call, path.kind, path.name);
  json::object statement = call.core.store.read([&](db::Transaction& transaction) {
    registry::Version version = registry::resolveVersion(transaction, key, path.selector);
    governance::Scope scope = scopeOf(call, transaction);
    json::object described =
        governance::describeVersion(transaction, version, governance::evidenceOn(transaction, version), &scope);
    return proof::provenanceOf(version, digestsOf(transaction, version), described, call.core.publicUrl);
  });
  return bundleAnswer(call, statement);
}

Plain getDecisionAttestation(Call& call, const DigestPath& path) {
  json::object statement = call.core.store.read([&](db::Transaction& transaction) {
    auto decision = governance::findDecision(transaction, path.digest);
    requireReadable(call, decision ? std::optional(decision->key) : std::nullopt,
                    fmt::format("decision {}", shorten(path.digest, 80)));
    json::value body = parseJson(decision->body);
    const json::value& candidate = body.at("inputs").at(0).at("candidate");
    if (!candidate.is_object()) throw error(Code::invalidState, "decision {} is not about a version", path.digest);
    // The version must still be the one that was decided on.
    std::string digest = memberText(candidate.get_object(), "digest");
    registry::Version version = registry::resolveVersion(
        transaction, decision->key, std::to_string(candidate.get_object().at("version").to_number<std::int64_t>()));
    if (version.digest != digest)
      throw error(Code::invalidState, "the version that decision {} is about was deleted", path.digest);
    return proof::summaryOf(*decision, version, digestsOf(transaction, version), call.core.publicUrl);
  });
  return bundleAnswer(call, statement);
}

Plain attestationKey(Call& call, const Empty&) {
  Plain answer;
  answer.contentType = "application/x-pem-file";
  answer.body = attestationSigner(call).publicPem();
  return answer;
}

}  // namespace regesta::api::native
