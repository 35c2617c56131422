#pragma once
#include "api/native/common.h"
#include "jobs/queue.h"

namespace regesta::api::native {

struct JobAnswer {
  std::int64_t id = 0;
  std::string type, subject, status;
  std::int64_t attempts = 0;
  std::optional<std::string> needs, leasedBy, leasedUntil, notBefore, reason;
  RawJson result;
  std::optional<std::string> createdAt;
  std::string createdBy;
  std::optional<std::string> finishedAt;
  static constexpr Field fields[] = {
      field<&JobAnswer::id>("id"),
      field<&JobAnswer::type>("type"),
      field<&JobAnswer::subject>("subject"),
      field<&JobAnswer::status>("status", about("waiting, leased, done or dead")),
      field<&JobAnswer::attempts>("attempts"),
      field<&JobAnswer::needs>("needs", about("what a runner must do: run commands or models")),
      field<&JobAnswer::leasedBy>("leased_by"),
      field<&JobAnswer::leasedUntil>("leased_until"),
      field<&JobAnswer::notBefore>("not_before"),
      field<&JobAnswer::reason>("reason", about("of the last failure")),
      field<&JobAnswer::result>("result"),
      field<&JobAnswer::createdAt>("created_at"),
      field<&JobAnswer::createdBy>("created_by"),
      field<&JobAnswer::finishedAt>("finished_at")};
};
JobAnswer jobAnswer(const jobs::Job& job);

struct JobQuery {
  std::string status, type, subject, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&JobQuery::status>("status", oneOf(jobs::jobStatusNames)), field<&JobQuery::type>("type"),
      field<&JobQuery::subject>("subject", about("prompt/loan-summary@3")), field<&JobQuery::pageToken>("page_token"),
      field<&JobQuery::pageSize>("page_size", pageRule)};
};
struct LeaseOrder {
  std::string type;
  bool commands = false, models = false;
  std::optional<bool> prompts;
  std::vector<std::string> jobs;
  std::int64_t wait = 0, leaseSeconds = 0;
  static constexpr Field fields[] = {
      field<&LeaseOrder::type>("type", about("absent: any")),
      field<&LeaseOrder::commands>("commands", about("the runner runs commands that tests bring")),
      field<&LeaseOrder::models>("models", about("the runner runs models")),
      field<&LeaseOrder::prompts>("prompts", about("the runner can send prompts to a model; absent: true")),
      field<&LeaseOrder::jobs>("jobs", atMost(100) | about("names of the commands that the runner has, for triggers")),
      field<&LeaseOrder::wait>("wait", atLeast(0) | atMost(60) | about("seconds to wait for work")),
      field<&LeaseOrder::leaseSeconds>("lease_seconds", atLeast(0) | atMost(3600) | about("0 or absent: 60"))};
};
struct LeaseAnswer {
  JobAnswer job;
  std::string lease;
  RawJson work;
  static constexpr Field fields[] = {field<&LeaseAnswer::job>("job"),
                                     field<&LeaseAnswer::lease>("lease", about("shown with every word about the job")),
                                     field<&LeaseAnswer::work>("work", about("what is to be done"))};
};
struct Heartbeat {
  std::int64_t id = 0;
  std::string lease;
  std::int64_t leaseSeconds = 0;
  static constexpr Field fields[] = {field<&Heartbeat::id>("id", present | atLeast(1)),
                                     field<&Heartbeat::lease>("lease", required),
                                     field<&Heartbeat::leaseSeconds>("lease_seconds", atLeast(0) | atMost(3600))};
};
struct Completion {
  std::int64_t id = 0;
  std::string lease;
  RawJson result;
  static constexpr Field fields[] = {field<&Completion::id>("id", present | atLeast(1)),
                                     field<&Completion::lease>("lease", required),
                                     field<&Completion::result>("result", present)};
};
struct CompletionAnswer {
  JobAnswer job;
  std::int64_t evidence = 0;
  static constexpr Field fields[] = {field<&CompletionAnswer::job>("job"),
                                     field<&CompletionAnswer::evidence>("evidence", about("what it was recorded as"))};
};
inline constexpr std::string_view againWords[] = {"later", "now", "never"};
struct Failure {
  std::int64_t id = 0;
  std::string lease, reason, again;
  static constexpr Field fields[] = {
      field<&Failure::id>("id", present | atLeast(1)), field<&Failure::lease>("lease", required),
      field<&Failure::reason>("reason", required),
      field<&Failure::again>("again", oneOf(againWords) | about("later (the default, after a pause), now (returned "
                                                                "unharmed) or never"))};
};

Page<JobAnswer> listJobs(Call& call, const JobQuery& query);
JobAnswer getJob(Call& call, const NumberOnly& path);
/// Leases a job to the runner, if one is due. Blocks for a commit; the streaming handler does the long polling.
std::optional<LeaseAnswer> leaseNow(Call& call, const LeaseOrder& order);
/// Whether a job is due, without writing.
bool isWorkDue(Call& call, const LeaseOrder& order);
JobAnswer heartbeat(Call& call, const Heartbeat& beat);
CompletionAnswer completeJob(Call& call, const Completion& completion);
JobAnswer failJob(Call& call, const Failure& failure);

}  // namespace regesta::api::native
