#include "jobs/queue.h"

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/text.h"

namespace regesta::jobs {
namespace {

constexpr std::string_view columns =
    "id, workspace, type, name, subject, needs, payload, status, attempts, not_before, lease, leased_by, leased_until, "
    "reason, result, created_at, created_by, finished_at";
constexpr std::size_t reasonLength = 2000;
constexpr std::size_t pageOfJobs = 100;

// $1 workspace, $2 type or '', $3 now, $4 1: commands are allowed
constexpr std::string_view due =
    " FROM job WHERE workspace = $1 AND (type = $2 OR $2 = '') AND (needs = '' OR (needs = 'commands' AND $4 = 1)) AND "
    "((status = 'waiting' AND not_before <= $3) OR (status = 'leased' AND leased_until <= $3))";

Job read(const db::Rows& rows) {
  Job job;
  job.id = rows.integer(0);
  job.workspace = rows.text(1);
  job.type = rows.text(2);
  job.name = rows.text(3);
  job.subject = rows.text(4);
  job.needs = rows.text(5);
  job.payload = rows.text(6);
  job.status = rows.text(7);
  job.attempts = rows.integer(8);
  job.notBefore = rows.integer(9);
  job.lease = rows.text(10);
  job.leasedBy = rows.text(11);
  job.leasedUntil = rows.integer(12);
  job.reason = rows.text(13);
  job.result = rows.text(14);
  job.createdAt = rows.integer(15);
  job.createdBy = rows.text(16);
  job.finishedAt = rows.integer(17);
  return job;
}

std::vector<Job> readAll(db::Rows rows) {
  std::vector<Job> jobs;
  while (rows.next()) jobs.push_back(read(rows));
  return jobs;
}

void store(db::Session& session, const Job& job) {
  session.run(
      "UPDATE job SET status = $2, attempts = $3, not_before = $4, lease = $5, leased_by = $6, leased_until = $7, "
      "reason = $8, result = $9, finished_at = $10 WHERE id = $1",
      {job.id, job.status, job.attempts, job.notBefore, job.lease, job.leasedBy, job.leasedUntil, job.reason,
       job.result, job.finishedAt});
}

void bury(db::Session& session, Job& job, std::int64_t now) {
  job.status = "dead";
  job.finishedAt = now;
  job.lease.clear();
  store(session, job);
}

/// Due jobs that this runner may have, oldest first, until `take` says that it has one.
template <class Take>
void eachDue(db::Session& session, const LeaseWish& wish, std::int64_t now, Take take) {
  std::int64_t after = 0;
  while (true) {
    std::vector<Job> page =
        readAll(session.query(fmt::format("SELECT {}{} AND id > $5 ORDER BY id LIMIT $6", columns, due),
                              {wish.workspace, wish.type, now, wish.commands, after, pageOfJobs}));
    for (Job& job : page)
      if (wish.allowed(job) && take(job)) return;
    if (page.size() < pageOfJobs) return;
    after = page.back().id;
  }
}

}  // namespace

Job enqueue(db::Session& session, const NewJob& made, std::string_view actor, std::int64_t now) {
  auto waiting = session.query(
      fmt::format("SELECT {} FROM job WHERE workspace = $1 AND subject = $2 AND type = $3 AND payload = $4 AND "
                  "status = 'waiting' ORDER BY id LIMIT 1",
                  columns),
      {made.workspace, made.subject, made.type, made.payload});
  if (waiting.next()) return read(waiting);
  std::int64_t id = session.insert(
      "INSERT INTO job (workspace, type, name, subject, needs, payload, status, attempts, not_before, lease, "
      "leased_by, "
      "leased_until, reason, result, created_at, created_by, finished_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, 0, '', '', 0, '', '', $7, $8, 0) RETURNING id",
      {made.workspace, made.type, made.name, made.subject, made.needs, made.payload, now, actor});
  return *findJob(session, id);
}

bool anyDue(db::Session& session, const LeaseWish& wish, std::int64_t now) {
  bool any = false;
  eachDue(session, wish, now, [&](const Job&) { return any = true; });
  return any;
}

std::optional<Job> lease(db::Session& session, const LeaseWish& wish, std::int64_t now) {
  std::optional<Job> leased;
  eachDue(session, wish, now, [&](Job& job) {
    if (job.status == "leased") {
      job.reason = fmt::format("{} leased it and was not heard of again", job.leasedBy);
      if (job.attempts >= mostAttempts) {
        bury(session, job, now);
        return false;
      }
    }
    job.status = "leased";
    ++job.attempts;
    job.lease = randomHex(16);
    job.leasedBy = wish.runner;
    job.leasedUntil = now + wish.millis;
    store(session, job);
    leased = std::move(job);
    return true;
  });
  return leased;
}

Job heldJob(db::Session& session, std::int64_t id, std::string_view lease, std::string_view runner) {
  std::optional<Job> job = findJob(session, id);
  if (!job) throw error(Code::notFound, "there is no job {}", id);
  if (job->status != "leased" || job->lease.empty() || job->lease != lease || job->leasedBy != runner)
    throw error(Code::conflict, "the lease of job {} is over: the job is {}{}", id, job->status,
                job->status == "leased" ? " by another" : "");
  return *std::move(job);
}

Job extend(db::Session& session, Job job, std::int64_t millis, std::int64_t now) {
  job.leasedUntil = now + millis;
  store(session, job);
  return job;
}

Job complete(db::Session& session, Job job, std::string_view resultJson, std::int64_t now) {
  job.status = "done";
  job.result = resultJson;
  job.reason.clear();
  job.lease.clear();
  job.finishedAt = now;
  store(session, job);
  return job;
}

Job fail(db::Session& session, Job job, std::string_view reason, Again again, std::int64_t now) {
  job.reason = shorten(reason, reasonLength);
  if (again == Again::never || (again == Again::later && job.attempts >= mostAttempts)) {
    bury(session, job, now);
    return job;
  }
  if (again == Again::now) --job.attempts;
  std::int64_t doublings = std::clamp<std::int64_t>(job.attempts - 1, 0, 20);
  job.notBefore = again == Again::now ? now : now + std::min(longestPause, firstPause << doublings);
  job.status = "waiting";
  job.lease.clear();
  store(session, job);
  return job;
}

std::optional<Job> findJob(db::Session& session, std::int64_t id) {
  auto rows = session.query(fmt::format("SELECT {} FROM job WHERE id = $1", columns), {id});
  if (!rows.next()) return std::nullopt;
  return read(rows);
}

std::vector<Job> listJobs(db::Session& session, std::string_view workspace, std::string_view status,
                          std::string_view type, std::string_view subject, std::size_t limit, std::int64_t before) {
  std::int64_t below = before > 0 ? before : INT64_MAX;
  return readAll(session.query(
      fmt::format("SELECT {} FROM job WHERE workspace = $1 AND (status = $2 OR $2 = '') AND (type = $3 OR $3 = '') AND "
                  "(subject = $4 OR $4 = '') AND id < $5 ORDER BY id DESC LIMIT $6",
                  columns),
      {workspace, status, type, subject, below, limit}));
}

}  // namespace regesta::jobs
