#include "api/native/jobs.h"

#include "automation/job.h"
#include "base/time.h"
#include "evaluation/evaluation.h"
#include "evaluation/golden/golden.h"
#include "governance/gate.h"
#include "registry/row_note.h"

namespace regesta::api::native {

namespace {

namespace golden = regesta::evaluation::golden;

json::object describeWork(db::Transaction& transaction, const jobs::Job& job) {
  if (automation::isCommandJob(job)) return automation::describeJob(transaction, job);
  return golden::isGoldenJob(job) ? golden::describeGolden(transaction, job)
                                  : evaluation::describeWork(transaction, job);
}

constexpr std::int64_t leaseSecondsUsually = 60;

std::int64_t millisOf(std::int64_t seconds) { return 1000 * (seconds > 0 ? seconds : leaseSecondsUsually); }

bool isGenuine(db::Transaction& transaction, const jobs::Job& job) {
  return registry::isGenuine(transaction, *registry::findTableClass("job"), job.id);
}

jobs::LeaseRequest leaseRequestOf(const Call& call, const LeaseOrder& order) {
  return {.workspace = call.workspace,
          .type = order.type,
          .commands = order.commands,
          .models = order.models,
          .named = !order.jobs.empty(),
          .prompts = order.prompts.value_or(true),
          .runner = call.actor().name,
          .millis = millisOf(order.leaseSeconds),
          .allowed = [&call, &order](db::Transaction& transaction, const jobs::Job& job) {
            return isGenuine(transaction, job) && call.identity->may(access::Verb::run, job.workspace, job.name) &&
                   (!automation::isCommandJob(job) || automation::mayRun(*call.identity, job, order.jobs));
          }};
}

jobs::Job held(db::Transaction& transaction, const Call& call, std::int64_t id, const std::string& lease) {
  jobs::Job job = jobs::heldJob(transaction, id, lease, call.actor().name);
  call.identity->require(access::Verb::run, job.workspace, job.name);
  if (!isGenuine(transaction, job))
    throw error(Code::conflict, "job {} was written by something other than the server; it is not run", job.id);
  return job;
}

}  // namespace

JobAnswer jobAnswer(const jobs::Job& job) {
  JobAnswer answer;
  answer.id = job.id;
  answer.type = job.type;
  answer.subject = job.subject;
  answer.status = statusName(job.status);
  answer.attempts = job.attempts;
  answer.needs = optionalText(job.needs);
  answer.leasedBy = optionalText(job.leasedBy);
  if (job.status == jobs::JobStatus::leased) answer.leasedUntil = timeText(job.leasedUntil);
  if (job.status == jobs::JobStatus::waiting) answer.notBefore = timeText(job.notBefore);
  answer.reason = optionalText(job.reason);
  answer.result.text = job.result;
  answer.createdAt = timeText(job.createdAt);
  answer.createdBy = job.createdBy;
  answer.finishedAt = timeText(job.finishedAt);
  return answer;
}

Page<JobAnswer> listJobs(Call& call, const JobQuery& query) {
  std::int64_t before = readNumberToken(query.pageToken);
  std::size_t wanted = rowsOf(query.pageSize);
  return call.core.store.read([&](db::Transaction& transaction) {
    Page<JobAnswer> page;
    std::size_t seen = 0;
    for (const jobs::Job& job :
         jobs::listJobs(transaction, call.workspace, query.status, query.type, query.subject, wanted + 1, before)) {
      if (seen++ == wanted) {
        page.nextPageToken = makeToken(std::to_string(before));
        break;
      }
      before = job.id;
      if (call.identity->may(access::Verb::read, job.workspace, job.name)) page.items.push_back(jobAnswer(job));
    }
    return page;
  });
}

JobAnswer getJob(Call& call, const NumberOnly& path) {
  auto job = call.core.store.read([&](db::Transaction& transaction) { return jobs::findJob(transaction, path.id); });
  bool shown =
      job && job->workspace == call.workspace && call.identity->may(access::Verb::read, call.workspace, job->name);
  if (!shown) throw error(Code::notFound, "the job {} does not exist in workspace '{}'", path.id, call.workspace);
  return jobAnswer(*job);
}

bool isWorkDue(Call& call, const LeaseOrder& order) {
  return call.core.store.read([&](db::Transaction& transaction) {
    return jobs::anyDue(transaction, leaseRequestOf(call, order), nowMillis());
  });
}

std::string jobSubject(const jobs::Job& job) { return fmt::format("job/{}", job.id); }

std::optional<LeaseAnswer> leaseNow(Call& call, const LeaseOrder& order) {
  std::optional<jobs::Job> leased;
  auto answered = call.core.store.change(call.actor(), [&](registry::Change& change) -> std::optional<LeaseAnswer> {
    db::Transaction& transaction = change.transaction;
    std::int64_t now = nowMillis();
    while (auto job = jobs::lease(transaction, leaseRequestOf(call, order), now)) {
      try {
        LeaseAnswer answer{jobAnswer(*job), job->lease, {writeJson(describeWork(transaction, *job))}};
        change.record(registry::Action::jobLeased, job->workspace, jobSubject(*job), {{"about", job->subject}});
        leased = std::move(job);
        return answer;
      } catch (const Error& fault) {
        if (fault.code != Code::notFound) throw;
        jobs::fail(transaction, *job, fault.message, jobs::Again::never, now);
        change.record(registry::Action::jobFailed, job->workspace, jobSubject(*job), {{"about", job->subject}});
      }
    }
    return std::nullopt;
  });
  if (!answered || !automation::isCommandJob(*leased)) return answered;
  // After the lease is durable: a token whose job nobody has would only wait for its end.
  if (std::string token = automation::openToken(call.core.access, *leased); !token.empty()) {
    json::object work = parseJson(answered->work.text).as_object();
    work["token"] = token;
    answered->work.text = writeJson(work);
  }
  return answered;
}

JobAnswer heartbeat(Call& call, const Heartbeat& beat) {
  return call.core.store.write([&](db::Transaction& transaction) {
    jobs::Job job = held(transaction, call, beat.id, beat.lease);
    return jobAnswer(jobs::extend(transaction, std::move(job), millisOf(beat.leaseSeconds), nowMillis()));
  });
}

CompletionAnswer completeJob(Call& call, const Completion& completion) {
  json::value result = parseJson(completion.result.text);
  governance::Evidence evidence;
  std::optional<jobs::Job> command;
  CompletionAnswer answer = call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::Job job = held(change.transaction, call, completion.id, completion.lease);
    if (automation::isCommandJob(job)) {
      automation::acceptResult(change, job, result);
      command = job;
      return CompletionAnswer{jobAnswer(*jobs::findJob(change.transaction, job.id)), 0};
    }
    std::string computedBy = "regesta " + call.core.version;
    evidence = golden::isGoldenJob(job) ? golden::acceptGolden(change, job, result, computedBy)
                                        : evaluation::acceptTests(change, job, result, computedBy);
    return CompletionAnswer{jobAnswer(*jobs::findJob(change.transaction, job.id)), evidence.id};
  });
  if (command)
    automation::closeToken(call.core.access, *command);
  else
    call.core.gate.reconsider(evidence.key, evidence.number);
  return answer;
}

JobAnswer failJob(Call& call, const Failure& failure) {
  jobs::Again again = failure.again == "now"     ? jobs::Again::now
                      : failure.again == "never" ? jobs::Again::never
                                                 : jobs::Again::later;
  std::optional<jobs::Job> command;
  JobAnswer answer = call.core.store.change(call.actor(), [&](registry::Change& change) {
    jobs::Job job = held(change.transaction, call, failure.id, failure.lease);
    if (automation::isCommandJob(job)) command = job;
    job = jobs::fail(change.transaction, std::move(job), failure.reason, again, nowMillis());
    change.record(registry::Action::jobFailed, job.workspace, jobSubject(job), {{"about", job.subject}});
    return jobAnswer(job);
  });
  if (command) automation::closeToken(call.core.access, *command);
  return answer;
}

}  // namespace regesta::api::native
