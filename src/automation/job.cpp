#include "automation/job.h"

#include <algorithm>

#include "access/grants.h"
#include "automation/trigger.h"
#include "base/error.h"
#include "base/time.h"

namespace regesta::automation {
namespace {

constexpr std::size_t resultLength = 64 * 1024;
const registry::Actor triggerActor = registry::Actor::system("triggers");

json::object payloadOf(const jobs::Job& job) { return parseJson(job.payload).as_object(); }

std::vector<access::Grant> grantsOf(const json::object& payload) {
  return access::grantsFromJson(writeJson(payload.at("grants")));
}

/// firingOfActor() reads the job's number from it. Each lease has its own: another runner's token ends with its lease.
std::string tokenName(const jobs::Job& job) { return fmt::format("job-{}-{}", job.id, job.lease.substr(0, 12)); }

}  // namespace

bool isCommandJob(const jobs::Job& job) { return job.type == commandJob; }

bool mayRun(const access::Identity& runner, const jobs::Job& job, const std::vector<std::string>& commands) {
  json::object payload = payloadOf(job);
  if (std::ranges::find(commands, memberText(payload, "command")) == commands.end()) return false;
  return std::ranges::all_of(grantsOf(payload), [&](const access::Grant& grant) {
    return runner.may(access::Verb::run, job.workspace, grant.namePattern);
  });
}

json::object describeJob(db::Transaction& transaction, const jobs::Job& job) {
  json::object payload = payloadOf(job);
  std::string name = memberText(payload, "trigger");
  auto trigger = findTrigger(transaction, job.workspace, name);
  if (!trigger || trigger->id != memberInteger(payload, "trigger_id"))
    throw error(Code::notFound, "the trigger '{}' was deleted", name);
  try {
    TriggerRule asEnqueued = trigger->rule;
    asEnqueued.grants = grantsOf(payload);
    requireTriggerRights(access::identityOf(transaction, trigger->setBy, nowMillis()), job.workspace, asEnqueued);
  } catch (const Error& fault) {
    if (fault.code != Code::denied) throw;
    throw error(Code::notFound, "{}, who set the trigger '{}', may no longer do what it does", trigger->setBy, name);
  }
  return {{"command", payload.at("command")}, {"parameters", payload.at("parameters")},
          {"trigger", payload.at("trigger")}, {"cause", payload.at("cause")},
          {"subject", job.subject},           {"minutes", payload.at("minutes")}};
}

std::string openToken(access::Access& access, const jobs::Job& job) {
  if (!access.asksForCredentials()) return {};
  json::object payload = payloadOf(job);
  std::vector<access::Grant> grants = grantsOf(payload);
  if (grants.empty()) return {};
  return access.createToken(triggerActor, tokenName(job), grants,
                            nowMillis() + memberInteger(payload, "minutes") * 60'000);
}

void closeToken(access::Access& access, const jobs::Job& job) {
  try {
    access.revokeToken(triggerActor, tokenName(job));
  } catch (const Error& fault) {
    if (fault.code != Code::notFound) throw;
  }
}

void acceptResult(registry::Change& change, const jobs::Job& job, const json::value& result) {
  std::string text = writeJson(result);
  if (!result.is_object() || text.size() > resultLength)
    throw Invalid("result", fmt::format("must be an object of at most {} bytes", resultLength));
  jobs::complete(change.transaction, job, text, change.now);
  json::object payload = payloadOf(job);
  change.record(registry::Action::triggerFired, job.workspace, "trigger/" + memberText(payload, "trigger"),
                {{"job", job.id}, {"cause", payload.at("cause")}, {"about", job.subject}, {"outcome", "done"}});
}

}  // namespace regesta::automation
