#include "jobs/queue.h"

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/text.h"
#include "db/columns.h"

namespace regesta::jobs {
namespace {

constexpr std::string_view columns =
    "id, workspace, type, name, subject, needs, payload, status, attempts, not_before, lease, leased_by, leased_until, "
    "reason, result, created_at, created_by, finished_at";
constexpr std::size_t reasonLength = 2000;
constexpr std::size_t pageOfJobs = 100;

// $1 workspace, $2 type or '', $3 now; 1 if the runner takes: $4 commands, $7 prompts, $8 models, $9 named commands
constexpr std::string_view due =
    " FROM job WHERE workspace = $1 AND (type = $2 OR $2 = '') AND ((needs = '' AND $7 = 1) OR (needs = 'commands' AND "
    "$4 = 1) OR (needs = 'models' AND $8 = 1) OR (needs = 'command' AND $9 = 1)) AND "
    "((status = 'waiting' AND not_before <= $3) OR (status = 'leased' AND leased_until <= $3))";

Job read(const db::Rows& rows) {
  constexpr db::Columns at(columns);
  Job job;
  job.id = rows.integer(at["id"]);
  job.workspace = rows.text(at["workspace"]);
  job.type = rows.text(at["type"]);
  job.name = rows.text(at["name"]);
  job.subject = rows.text(at["subject"]);
  job.needs = rows.text(at["needs"]);
  job.payload = rows.text(at["payload"]);
  auto status = parseJobStatus(rows.view(at["status"]));
  if (!status) throw error(Code::corrupt, "job {} has the unknown status '{}'", job.id, rows.view(at["status"]));
  job.status = *status;
  job.attempts = rows.integer(at["attempts"]);
  job.notBefore = rows.integer(at["not_before"]);
  job.lease = rows.text(at["lease"]);
  job.leasedBy = rows.text(at["leased_by"]);
  job.leasedUntil = rows.integer(at["leased_until"]);
  job.reason = rows.text(at["reason"]);
  job.result = rows.text(at["result"]);
  job.createdAt = rows.integer(at["created_at"]);
  job.createdBy = rows.text(at["created_by"]);
  job.finishedAt = rows.integer(at["finished_at"]);
  return job;
}

std::vector<Job> readAll(db::Rows rows) {
  std::vector<Job> jobs;
  while (rows.next()) jobs.push_back(read(rows));
  return jobs;
}

void store(db::Transaction& transaction, const Job& job) {
  transaction.run(
      "UPDATE job SET status = $2, attempts = $3, not_before = $4, lease = $5, leased_by = $6, leased_until = $7, "
      "reason = $8, result = $9, finished_at = $10 WHERE id = $1",
      {job.id, statusName(job.status), job.attempts, job.notBefore, job.lease, job.leasedBy, job.leasedUntil,
       job.reason, job.result, job.finishedAt});
}

void bury(db::Transaction& transaction, Job& job, std::int64_t now) {
  job.status = JobStatus::dead;
  job.finishedAt = now;
  job.lease.clear();
  store(transaction, job);
}

/// Due jobs that this runner may have, oldest first, until `take` says that it has one.
template <class Take>
void eachDue(db::Transaction& transaction, const LeaseRequest& wish, std::int64_t now, Take take) {
  std::int64_t after = 0;
  while (true) {
    std::vector<Job> page =
        readAll(transaction.query(fmt::format("SELECT {}{} AND id > $5 ORDER BY id LIMIT $6", columns, due),
                                  {wish.workspace, wish.type, now, wish.commands && wish.prompts, after, pageOfJobs,
                                   wish.prompts, wish.models, wish.named}));
    for (Job& job : page)
      if (wish.allowed(transaction, job) && take(job)) return;
    if (page.size() < pageOfJobs) return;
    after = page.back().id;
  }
}

}  // namespace

std::string_view statusName(JobStatus status) { return jobStatusNames[static_cast<std::size_t>(status)]; }

std::optional<JobStatus> parseJobStatus(std::string_view name) {
  for (JobStatus status : {JobStatus::waiting, JobStatus::leased, JobStatus::done, JobStatus::dead})
    if (statusName(status) == name) return status;
  return std::nullopt;
}

Job enqueue(db::Transaction& transaction, const NewJob& made, std::string_view actor, std::int64_t now) {
  auto waiting = transaction.query(
      fmt::format("SELECT {} FROM job WHERE workspace = $1 AND subject = $2 AND type = $3 AND payload = $4 AND "
                  "status = 'waiting' ORDER BY id LIMIT 1",
                  columns),
      {made.workspace, made.subject, made.type, made.payload});
  if (waiting.next()) return read(waiting);
  std::int64_t id = transaction.insert(
      "INSERT INTO job (workspace, type, name, subject, needs, payload, status, attempts, not_before, lease, "
      "leased_by, "
      "leased_until, reason, result, created_at, created_by, finished_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, 0, '', '', 0, '', '', $7, $8, 0) RETURNING id",
      {made.workspace, made.type, made.name, made.subject, made.needs, made.payload, now, actor});
  return *findJob(transaction, id);
}

bool anyDue(db::Transaction& transaction, const LeaseRequest& wish, std::int64_t now) {
  bool any = false;
  eachDue(transaction, wish, now, [&](const Job&) { return any = true; });
  return any;
}

std::optional<Job> lease(db::Transaction& transaction, const LeaseRequest& wish, std::int64_t now) {
  std::optional<Job> leased;
  eachDue(transaction, wish, now, [&](Job& job) {
    if (job.status == JobStatus::leased) {
      job.reason = fmt::format("{} leased it and did not report back", job.leasedBy);
      if (job.attempts >= mostAttempts) {
        bury(transaction, job, now);
        return false;
      }
    }
    job.status = JobStatus::leased;
    ++job.attempts;
    job.lease = randomHex(16);
    job.leasedBy = wish.runner;
    job.leasedUntil = now + wish.millis;
    store(transaction, job);
    leased = std::move(job);
    return true;
  });
  return leased;
}

Job heldJob(db::Transaction& transaction, std::int64_t id, std::string_view lease, std::string_view runner) {
  std::optional<Job> job = findJob(transaction, id);
  if (!job) throw error(Code::notFound, "the job {} does not exist", id);
  if (job->status != JobStatus::leased || job->lease.empty() || job->lease != lease || job->leasedBy != runner)
    throw error(Code::conflict, "the lease of job {} is over: the job is {}{}", id, statusName(job->status),
                job->status == JobStatus::leased ? " by another" : "");
  return *std::move(job);
}

Job extend(db::Transaction& transaction, Job job, std::int64_t millis, std::int64_t now) {
  job.leasedUntil = now + millis;
  transaction.run("UPDATE job SET leased_until = $2 WHERE id = $1", {job.id, job.leasedUntil});
  return job;
}

Job complete(db::Transaction& transaction, Job job, std::string_view resultJson, std::int64_t now) {
  job.status = JobStatus::done;
  job.result = resultJson;
  job.reason.clear();
  job.lease.clear();
  job.finishedAt = now;
  store(transaction, job);
  return job;
}

Job fail(db::Transaction& transaction, Job job, std::string_view reason, Again again, std::int64_t now) {
  job.reason = shorten(reason, reasonLength);
  if (again == Again::never || (again == Again::later && job.attempts >= mostAttempts)) {
    bury(transaction, job, now);
    return job;
  }
  if (again == Again::now) --job.attempts;
  std::int64_t doublings = std::clamp<std::int64_t>(job.attempts - 1, 0, 20);
  job.notBefore = again == Again::now ? now : now + std::min(longestPause, firstPause << doublings);
  job.status = JobStatus::waiting;
  job.lease.clear();
  store(transaction, job);
  return job;
}

void closeJobsAbout(registry::Change& change, std::string_view workspace, std::int64_t asset, std::int64_t number,
                    std::string_view reason) {
  std::vector<Job> open = readAll(change.transaction.query(
      fmt::format("SELECT {} FROM job WHERE workspace = $1 AND status IN ('waiting', 'leased') ORDER BY id", columns),
      {workspace}));
  for (Job& job : open) {
    json::value parsed = parseJson(job.payload);
    if (!parsed.is_object() || memberInteger(parsed.as_object(), "asset") != asset) continue;
    if (number != 0 && memberInteger(parsed.as_object(), "number") != number) continue;
    change.record(registry::Action::jobFailed, job.workspace, fmt::format("job/{}", job.id), {{"about", job.subject}});
    fail(change.transaction, std::move(job), reason, Again::never, change.now);
  }
}

std::optional<Job> findJob(db::Transaction& transaction, std::int64_t id) {
  auto rows = transaction.query(fmt::format("SELECT {} FROM job WHERE id = $1", columns), {id});
  if (!rows.next()) return std::nullopt;
  return read(rows);
}

std::vector<Job> listJobs(db::Transaction& transaction, std::string_view workspace, std::string_view status,
                          std::string_view type, std::string_view subject, std::size_t limit, std::int64_t before) {
  std::int64_t below = before > 0 ? before : INT64_MAX;
  return readAll(transaction.query(
      fmt::format("SELECT {} FROM job WHERE workspace = $1 AND (status = $2 OR $2 = '') AND (type = $3 OR $3 = '') AND "
                  "(subject = $4 OR $4 = '') AND id < $5 ORDER BY id DESC LIMIT $6",
                  columns),
      {workspace, status, type, subject, below, limit}));
}

}  // namespace regesta::jobs
