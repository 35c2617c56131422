#include "api/native/triggers.h"

#include "automation/trigger.h"
#include "automation/trigger_event.h"
#include "base/text.h"
#include "jobs/queue.h"

namespace regesta::api::native {
namespace {

using automation::Firing;
using automation::Trigger;

TriggerAnswer answerOf(const Trigger& trigger) {
  return {trigger.name, {trigger.body}, timeText(trigger.setAt), trigger.setBy};
}

Trigger visible(const Call& call, db::Transaction& transaction, const std::string& name) {
  auto trigger = automation::findTrigger(transaction, call.workspace, name);
  if (!trigger || !automation::maySee(*call.identity, *trigger))
    throw error(Code::notFound, "workspace '{}' has no trigger '{}'", call.workspace, shorten(name, 100));
  return *std::move(trigger);
}

/// A reader of some of the names sees what it did about those.
bool maySee(const Call& call, const Trigger& trigger, const Firing& firing) {
  if (!firing.event.empty()) {
    json::value event = parseJson(firing.event);
    return call.identity->may(access::Verb::read, trigger.workspace, memberText(event.as_object(), "name"));
  }
  if (firing.cause < 0) return true;
  std::size_t slash = firing.subject.find('/'), at = firing.subject.rfind('@');
  std::string name = firing.subject.substr(slash + 1, at == std::string::npos ? at : at - slash - 1);
  return call.identity->may(access::Verb::read, trigger.workspace, name);
}

FiringAnswer answerOf(db::Transaction& transaction, const Firing& firing) {
  FiringAnswer answer;
  answer.id = firing.id;
  answer.cause = firing.cause;
  answer.depth = firing.depth;
  answer.subject = firing.subject;
  answer.outcome = firing.outcome;
  answer.problem = optionalText(firing.problem);
  answer.at = timeText(firing.firedAt);
  if (firing.job == 0) return answer;
  answer.job = firing.job;
  if (auto job = jobs::findJob(transaction, firing.job)) {
    answer.jobStatus = jobs::statusName(job->status);
    if (!job->reason.empty()) answer.problem = job->reason;
  }
  return answer;
}

json::object bodyOf(const NewTrigger& request) {
  json::object body;
  for (auto [name, raw] : {std::pair{"on", &request.on},
                           {"run", &request.run},
                           {"filter", &request.filter},
                           {"job", &request.job},
                           {"payload", &request.payload},
                           {"limit", &request.limit},
                           {"annotations", &request.annotations}})
    if (!raw->text.empty()) body[name] = parseJson(raw->text);
  if (!request.when.empty()) body["when"] = request.when;
  if (!request.description.empty()) body["description"] = request.description;
  if (request.webhook != 0) body["webhook"] = request.webhook;
  if (request.note) body["note"] = true;
  if (!request.enabled) body["enabled"] = false;
  return body;
}

}  // namespace

Page<TriggerAnswer> listTriggers(Call& call, const PageQuery& query) {
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<Trigger> triggers = automation::listTriggers(transaction, call.workspace);
    std::erase_if(triggers, [&](const Trigger& trigger) { return !automation::maySee(*call.identity, trigger); });
    return pageOf(
        triggers, query.pageToken, query.pageSize, [](const Trigger& trigger) { return trigger.name; },
        [](const Trigger& trigger) { return answerOf(trigger); });
  });
}

TriggerAnswer setTrigger(Call& call, const NewTrigger& request) {
  json::object body = bodyOf(request);
  automation::TriggerRule rule = automation::readRule(body, call.workspace);
  automation::requireTriggerRights(*call.identity, call.workspace, rule);
  automation::checkCondition(call.core.policy, rule);
  return answerOf(call.core.store.change(call.actor(), [&](registry::Change& change) {
    return automation::setTrigger(change, *call.identity, call.workspace, request.name, body);
  }));
}

TriggerReport getTrigger(Call& call, const NameOnly& path) {
  constexpr std::size_t firingsShown = 100;
  return call.core.store.read([&](db::Transaction& transaction) {
    Trigger trigger = visible(call, transaction, path.name);
    TriggerReport report{answerOf(trigger), {}};
    for (const Firing& firing : automation::firingsOf(transaction, trigger, firingsShown))
      if (maySee(call, trigger, firing)) report.firings.push_back(answerOf(transaction, firing));
    return report;
  });
}

Empty deleteTrigger(Call& call, const NameOnly& path) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    automation::deleteTrigger(change, *call.identity, visible(call, change.transaction, path.name));
  });
  call.status = 204;
  return {};
}

}  // namespace regesta::api::native
