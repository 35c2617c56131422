#include "api/native/jobs.h"

#include "base/time.h"
#include "delivery/evaluation.h"
#include "governance/gate.h"

namespace regesta::api::native {

namespace {

constexpr std::int64_t leaseSecondsUsually = 60;

std::int64_t millisOf(std::int64_t seconds) { return 1000 * (seconds > 0 ? seconds : leaseSecondsUsually); }

jobs::LeaseWish wishOf(const Call& call, const LeaseOrder& order) {
  return {.workspace = call.workspace,
          .type = order.type,
          .commands = order.commands,
          .runner = call.actor().name,
          .millis = millisOf(order.leaseSeconds),
          .allowed = [&call](const jobs::Job& job) {
            return call.identity->may(governance::Verb::run, job.workspace, job.name);
          }};
}

jobs::Job held(db::Session& session, const Call& call, std::int64_t id, const std::string& lease) {
  jobs::Job job = jobs::heldJob(session, id, lease, call.actor().name);
  call.identity->require(governance::Verb::run, job.workspace, job.name);
  return job;
}

}  // namespace

JobAnswer jobAnswer(const jobs::Job& job) {
  JobAnswer answer;
  answer.id = job.id;
  answer.type = job.type;
  answer.subject = job.subject;
  answer.status = job.status;
  answer.attempts = job.attempts;
  answer.needs = textOrNothing(job.needs);
  answer.leasedBy = textOrNothing(job.leasedBy);
  if (job.status == "leased") answer.leasedUntil = timeText(job.leasedUntil);
  if (job.status == "waiting") answer.notBefore = timeText(job.notBefore);
  answer.reason = textOrNothing(job.reason);
  answer.result.text = job.result;
  answer.createdAt = timeText(job.createdAt);
  answer.createdBy = job.createdBy;
  answer.finishedAt = timeText(job.finishedAt);
  return answer;
}

Page<JobAnswer> listJobs(Call& call, const JobQuery& query) {
  std::int64_t before = readNumberToken(query.pageToken);
  std::size_t wanted = rowsOf(query.pageSize);
  return call.core.store.read([&](db::Session& session) {
    Page<JobAnswer> page;
    std::size_t seen = 0;
    for (const jobs::Job& job :
         jobs::listJobs(session, call.workspace, query.status, query.type, query.subject, wanted + 1, before)) {
      if (seen++ == wanted) {
        page.nextPageToken = makeToken(std::to_string(before));
        break;
      }
      before = job.id;
      if (call.identity->may(governance::Verb::read, job.workspace, job.name)) page.items.push_back(jobAnswer(job));
    }
    return page;
  });
}

JobAnswer getJob(Call& call, const NumberOnly& path) {
  auto job = call.core.store.read([&](db::Session& session) { return jobs::findJob(session, path.id); });
  if (!job || job->workspace != call.workspace)
    throw error(Code::notFound, "there is no job {} in workspace '{}'", path.id, call.workspace);
  call.require(governance::Verb::read, job->name);
  return jobAnswer(*job);
}

bool isWorkDue(Call& call, const LeaseOrder& order) {
  return call.core.store.read(
      [&](db::Session& session) { return jobs::anyDue(session, wishOf(call, order), nowMillis()); });
}

std::optional<LeaseAnswer> leaseNow(Call& call, const LeaseOrder& order) {
  return call.core.store.write([&](db::Session& session) -> std::optional<LeaseAnswer> {
    std::int64_t now = nowMillis();
    while (auto job = jobs::lease(session, wishOf(call, order), now)) {
      try {
        return LeaseAnswer{jobAnswer(*job), job->lease, {writeJson(delivery::describeWork(session, *job))}};
      } catch (const Error& fault) {
        if (fault.code != Code::notFound) throw;
        jobs::fail(session, *job, fault.message, jobs::Again::never, now);
      }
    }
    return std::nullopt;
  });
}

JobAnswer heartbeat(Call& call, const Heartbeat& beat) {
  return call.core.store.write([&](db::Session& session) {
    jobs::Job job = held(session, call, beat.id, beat.lease);
    return jobAnswer(jobs::extend(session, std::move(job), millisOf(beat.leaseSeconds), nowMillis()));
  });
}

CompletionAnswer completeJob(Call& call, const Completion& completion) {
  json::value result = parseJson(completion.result.text);
  governance::Evidence evidence;
  CompletionAnswer answer = call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::Job job = held(change.session, call, completion.id, completion.lease);
    evidence = delivery::acceptTests(change, job, result, "regesta " + call.core.version);
    return CompletionAnswer{jobAnswer(*jobs::findJob(change.session, job.id)), evidence.id};
  });
  call.core.gate.reconsider(evidence.key, evidence.number);
  return answer;
}

JobAnswer failJob(Call& call, const Failure& failure) {
  jobs::Again again = failure.again == "now"     ? jobs::Again::now
                      : failure.again == "never" ? jobs::Again::never
                                                 : jobs::Again::later;
  return call.core.store.write([&](db::Session& session) {
    jobs::Job job = held(session, call, failure.id, failure.lease);
    return jobAnswer(jobs::fail(session, std::move(job), failure.reason, again, nowMillis()));
  });
}

}  // namespace regesta::api::native
