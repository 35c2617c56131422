#pragma once
#include <optional>
#include <string>

#include "evaluation/check/result.h"
#include "governance/evidence.h"
#include "jobs/queue.h"
#include "registry/test_suite.h"
#include "registry/version.h"

namespace regesta::evaluation {

/// The type of jobs that run a prompt's tests, and of the resulting evidence.
inline constexpr std::string_view promptTest = "prompt-test";

/// Sets a prompt's tests (an empty suite removes them) and enqueues them for the newest version unless it was tested
/// with them, in the same transaction. Throws Error{tooLarge} above limits::testSuite.
registry::TestSuite setTests(registry::Change& change, const registry::Asset& asset, const check::Suite& suite);

/// Enqueues a version's tests if its prompt has any.
std::optional<jobs::Job> enqueueTests(registry::Change& change, const registry::Version& version);

/// The data of a leased job for its runner:
///   {"prompt","version","semver","version_digest","suite":{"digest","number","tests"},"model_config","response_format",
///    "tools"}
/// Throws Error{notFound} if the version or its prompt was deleted.
json::object describeWork(db::Transaction& transaction, const jobs::Job& job);

/// Completes a leased job with its runner's report: evidence of type "prompt-test" on the version, claimed by the
/// runner
/// (`verified` false, because the server called no model), with totals computed by the server. Throws Invalid for a
/// report that does not match the job's cases, Error{conflict} if the version was deleted or replaced.
governance::Evidence acceptTests(registry::Change& change, const jobs::Job& job, const json::value& reported,
                                 std::string_view computedBy);

}  // namespace regesta::evaluation
