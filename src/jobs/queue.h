#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"
#include "registry/change.h"

namespace regesta::jobs {

enum class JobStatus { waiting, leased, done, dead };
inline constexpr std::string_view jobStatusNames[] = {"waiting", "leased", "done", "dead"};
std::string_view statusName(JobStatus status);
std::optional<JobStatus> parseJobStatus(std::string_view name);

/// Work for a runner outside the server, which leases it, does it and reports the result. Times are milliseconds.
struct Job {
  std::int64_t id = 0;
  std::string workspace;
  std::string type;     ///< "prompt-test"
  std::string name;     ///< the asset's name, for permissions
  std::string subject;  ///< "prompt/loan-summary@3"
  std::string needs;    ///< "commands", "models", "command": only for runners that run those; otherwise empty
  std::string payload;  ///< JSON, for the room that enqueued it
  JobStatus status = JobStatus::waiting;
  std::int64_t attempts = 0;
  std::int64_t notBefore = 0;
  std::string lease;  ///< secret of the lease's holder; empty: not leased
  std::string leasedBy;
  std::int64_t leasedUntil = 0;
  std::string reason;  ///< of the last failure
  std::string result;  ///< JSON, once done
  std::int64_t createdAt = 0;
  std::string createdBy;
  std::int64_t finishedAt = 0;
};

/// After this number of leases without a result, a job is dead with the last reason.
inline constexpr std::int64_t mostAttempts = 5;
inline constexpr std::int64_t firstPause = 5'000, longestPause = 10 * 60'000;

struct NewJob {
  std::string workspace, type, name, subject, needs, payload;
};

/// Enqueues in the caller's transaction: the job exists if and only if that change does. Returns a waiting equal job if
/// there is one.
Job enqueue(db::Transaction& transaction, const NewJob& made, std::string_view actor, std::int64_t now);

/// A runner's request for a job.
struct LeaseRequest {
  std::string workspace;
  std::string type;  ///< empty: any
  bool commands = false, models = false;
  bool named = false;   ///< the runner has commands of its own: jobs of triggers
  bool prompts = true;  ///< the runner can ask a model: jobs that need nothing
  std::string runner;   ///< the actor's name
  std::int64_t millis = 60'000;
  std::function<bool(db::Transaction&, const Job&)>
      allowed;  ///< whether the job is authentic and this runner may work on its asset
};

/// Whether a job is due. For waiting without writing.
bool anyDue(db::Transaction& transaction, const LeaseRequest& wish, std::int64_t now);
/// Leases the oldest due job, including one with an expired lease. Call in a write transaction: of two runners, also on
/// two servers, one gets it. Jobs without attempts left become dead.
std::optional<Job> lease(db::Transaction& transaction, const LeaseRequest& wish, std::int64_t now);

/// The job that `runner` holds by the lease. An expired lease stays valid until another runner takes the job. Throws
/// Error{notFound}, or Error{conflict} if another runner has it or it has ended.
Job heldJob(db::Transaction& transaction, std::int64_t id, std::string_view lease, std::string_view runner);
Job extend(db::Transaction& transaction, Job job, std::int64_t millis, std::int64_t now);
Job complete(db::Transaction& transaction, Job job, std::string_view resultJson, std::int64_t now);

enum class Again {
  later,  ///< after a pause that doubles with each attempt, until no attempts are left
  now,    ///< returned: the attempt does not count
  never   ///< dead at once
};
Job fail(db::Transaction& transaction, Job job, std::string_view reason, Again again, std::int64_t now);
/// Makes the open jobs about a deleted asset, or one of its versions (`number` not 0), dead; each is recorded as
/// "job.failed".
void closeJobsAbout(registry::Change& change, std::string_view workspace, std::int64_t asset, std::int64_t number,
                    std::string_view reason);

std::optional<Job> findJob(db::Transaction& transaction, std::int64_t id);
/// Newest first. Empty status, type or subject: any.
std::vector<Job> listJobs(db::Transaction& transaction, std::string_view workspace, std::string_view status,
                          std::string_view type, std::string_view subject, std::size_t limit, std::int64_t before = 0);

}  // namespace regesta::jobs
