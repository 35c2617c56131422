#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "db/database.h"

namespace regesta::jobs {

/// Work that a runner outside the server does: it leases, works, and reports, all by calls of its own. Times are
/// milliseconds.
struct Job {
  std::int64_t id = 0;
  std::string workspace;
  std::string type;     ///< "prompt-test"
  std::string name;     ///< the asset's, for who may lease it
  std::string subject;  ///< "prompt/loan-summary@3"
  std::string needs;    ///< "commands": only for runners that may run them; else empty
  std::string payload;  ///< JSON, for the room that enqueued it
  std::string status;   ///< waiting, leased, done, dead
  std::int64_t attempts = 0;
  std::int64_t notBefore = 0;
  std::string lease;  ///< who shows this holds it; empty while nobody does
  std::string leasedBy;
  std::int64_t leasedUntil = 0;
  std::string reason;  ///< of the last failure
  std::string result;  ///< JSON, when done
  std::int64_t createdAt = 0;
  std::string createdBy;
  std::int64_t finishedAt = 0;
};

inline constexpr std::string_view statuses[] = {"waiting", "leased", "done", "dead"};
/// After so many leases that ended without a result a job is dead, with the last reason.
inline constexpr std::int64_t mostAttempts = 5;
inline constexpr std::int64_t firstPause = 5'000, longestPause = 10 * 60'000;

struct NewJob {
  std::string workspace, type, name, subject, needs, payload;
};

/// In the caller's transaction: a job exists if and only if the change that asks for it does. While the same job waits
/// already, that one is returned.
Job enqueue(db::Session& session, const NewJob& made, std::string_view actor, std::int64_t now);

/// What a runner asks for.
struct LeaseWish {
  std::string workspace;
  std::string type;  ///< empty: any
  bool commands = false;
  std::string runner;  ///< the actor's name
  std::int64_t millis = 60'000;
  std::function<bool(const Job&)> allowed;  ///< may this runner work on that asset?
};

/// Is there work? For waiting without writing.
bool anyDue(db::Session& session, const LeaseWish& wish, std::int64_t now);
/// The oldest job that is due, leased; also one whose lease ran out. Inside a write transaction: of two runners, on
/// two servers too, one gets it. Jobs that ran out of attempts become dead on the way.
std::optional<Job> lease(db::Session& session, const LeaseWish& wish, std::int64_t now);

/// The job of a lease that still counts: nobody else got the job since, even when its time ran out. Throws
/// Error{notFound}, or Error{conflict} when the lease is over.
Job heldJob(db::Session& session, std::int64_t id, std::string_view lease, std::string_view runner);
Job extend(db::Session& session, Job job, std::int64_t millis, std::int64_t now);
Job complete(db::Session& session, Job job, std::string_view resultJson, std::int64_t now);

enum class Again {
  later,  ///< after a pause that doubles with each attempt, until the attempts are used up
  now,    ///< given back unharmed: the attempt does not count
  never   ///< dead at once
};
Job fail(db::Session& session, Job job, std::string_view reason, Again again, std::int64_t now);

std::optional<Job> findJob(db::Session& session, std::int64_t id);
/// Newest first. Empty status, type or subject: any.
std::vector<Job> listJobs(db::Session& session, std::string_view workspace, std::string_view status,
                          std::string_view type, std::string_view subject, std::size_t limit, std::int64_t before = 0);

}  // namespace regesta::jobs
