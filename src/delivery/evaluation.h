#pragma once
#include <optional>
#include <string>

#include "delivery/check/result.h"
#include "governance/evidence.h"
#include "jobs/queue.h"
#include "registry/test_suite.h"
#include "registry/version.h"

namespace regesta::delivery {

/// The type of the jobs that run a prompt's tests, and of the evidence they end in.
inline constexpr std::string_view promptTest = "prompt-test";

/// Sets a prompt's tests (an empty suite: it has none any more). What the newest version has not been tested with is
/// enqueued, in the same transaction. Throws Error{tooLarge} above limits::testSuite.
registry::TestSuite setTests(registry::Change& change, const registry::Asset& asset, const check::Suite& suite);

/// Enqueues a version's tests, when its prompt has any.
std::optional<jobs::Job> enqueueTests(registry::Change& change, const registry::Version& version);

/// What a runner is told about a leased job:
///   {"prompt","version","semver","version_digest","suite":{"digest","number","tests"},"model_config","response_format",
///    "tools"}
/// Throws Error{notFound} when the version or its prompt is gone.
json::object describeWork(db::Session& session, const jobs::Job& job);

/// Ends a leased job with what its runner found: evidence of type "prompt-test" on the version, claimed by the runner
/// (`verified` false: the server saw no model answer), with totals that the server added up itself. Throws Invalid for
/// a report about anything but exactly the job's cases, Error{conflict} when the version is gone or changed hands.
governance::Evidence acceptTests(registry::Change& change, const jobs::Job& job, const json::value& reported,
                                 std::string_view computedBy);

}  // namespace regesta::delivery
