#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "api/endpoint.h"
#include "db/database.h"
#include "governance/scope.h"
#include "telemetry/trace.h"
#include "tracking/missing.h"

namespace regesta::api {

inline governance::Scope scopeOf(const Call& call, db::Transaction& transaction) {
  return {transaction, *call.identity, call.workspace};
}

/// Name-level checks of objects that grants do not name (governance/scope.h), for all fronts. All throw
/// tracking::Missing for an object that the caller may not read, and Error{denied}, without the names of the object and
/// its owner, if only `verb` is lacking. Objects that do not exist pass for callers whose grants cover every name; the
/// following call reports them.
void requireExperiment(const Call& call, access::Verb verb, db::Transaction& transaction, std::int64_t experiment);
void requireRun(const Call& call, access::Verb verb, db::Transaction& transaction, std::string_view runId);
void requireModel(const Call& call, access::Verb verb, db::Transaction& transaction, std::string_view modelId);
/// Something with an id of its own that belongs to an experiment; `absent` is the error for one that does not exist.
void requirePart(const Call& call, access::Verb verb, db::Transaction& transaction, std::int64_t experiment,
                 const tracking::Missing& absent);
/// A path in the artifact tree, or an absolute one below a local artifact root. Throws Error{denied}, the same for
/// paths of others and for paths that nothing owns.
void requirePath(const Call& call, access::Verb verb, db::Transaction& transaction, std::string_view path);
/// Location of a new experiment's files. Throws Error{denied} for a location that is, or will be, another owner's.
void requireLocation(const Call& call, db::Transaction& transaction, std::string_view artifactLocation);
/// The traces on which the caller has the permission. Lives as long as the transaction.
telemetry::Reach reachOf(const Call& call, access::Verb verb, db::Transaction& transaction);
/// The experiments that the caller may read.
std::vector<std::int64_t> readable(const Call& call, db::Transaction& transaction,
                                   std::vector<std::int64_t> experiments);

}  // namespace regesta::api
