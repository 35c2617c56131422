#include "governance/archival.h"

#include "base/error.h"
#include "base/text.h"
#include "governance/citation.h"
#include "registry/clearance_issuer.h"

namespace regesta::governance {

registry::Archival archival(db::Transaction& transaction, const access::Identity& identity,
                            const registry::Version& version) {
  const registry::AssetKey& key = version.asset.key;
  if (version.isArchived() || identity.may(access::Verb::administer, key.workspace, key.name))
    return registry::ClearanceIssuer::archive();
  Citations citations = citationsOf(transaction, version);
  if (citations.pointers.empty() && citations.records.empty()) return registry::ClearanceIssuer::archive();
  std::vector<std::string> known;
  for (const auto* cited : {&citations.pointers, &citations.records})
    for (const Cited& one : *cited)
      if (known.size() < 5 && (one.asset.empty() || identity.may(access::Verb::read, key.workspace, one.asset)))
        known.push_back(one.text);
  throw error(Code::denied,
              "{} cannot be archived by {}: it is cited{}. Only users with the role 'admin' may archive cited versions",
              version.subject(), identity.actor.name, known.empty() ? "" : " by " + join(known, ", "));
}

}  // namespace regesta::governance
