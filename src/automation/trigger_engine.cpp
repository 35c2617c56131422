#include "automation/trigger_engine.h"

#include <algorithm>

#include "access/grants.h"
#include "automation/run_watch.h"
#include "automation/trigger.h"
#include "automation/trigger_event.h"
#include "base/error.h"
#include "base/id.h"
#include "base/log.h"
#include "base/repeater.h"
#include "base/text.h"
#include "base/time.h"
#include "jobs/lease.h"
#include "jobs/queue.h"
#include "jobs/webhook_send.h"
#include "jobs/webhook_template.h"
#include "registry/lineage.h"

namespace regesta::automation {
namespace {

using namespace std::chrono_literals;

const registry::Actor triggerActor = registry::Actor::system("triggers");
constexpr Repeater::Pause longestPause = 2s;  // another server may have written
constexpr std::int64_t leaseMillis = 60'000;
constexpr std::string_view leaseName = "triggers";
constexpr std::int64_t entriesAtOnce = 500;
constexpr std::int64_t webhookAttempts = 12;
constexpr int webhookSeconds = 10;
constexpr std::size_t problemLength = 500;

struct Entry {
  std::int64_t index = 0;
  std::string body;
};

/// What happens on an event, before it is written.
struct Plan {
  std::string outcome = "started", problem;
};

bool isInChain(db::Transaction& transaction, const Trigger& trigger, std::optional<Firing> firing) {
  for (int i = 0; firing && i <= deepestChain; ++i) {
    if (firing->trigger == trigger.id) return true;
    firing = firing->parent == 0 ? std::nullopt : findFiring(transaction, firing->parent);
  }
  return false;
}

std::int64_t firedSince(db::Transaction& transaction, const Trigger& trigger, std::string_view outcome,
                        std::int64_t since) {
  auto rows = transaction.query(
      "SELECT COUNT(*) FROM trigger_firing WHERE rule = $1 AND fired_at > $2 AND (outcome = $3 OR ($3 = 'started' AND "
      "outcome IN ('sending', 'failed')))",
      {trigger.id, since, outcome});
  return rows.next() ? rows.integer(0) : 0;
}

/// Why the trigger must not fire now. Empty outcome: for a reason that was noted already.
Plan planOf(db::Transaction& transaction, const Trigger& trigger, const TriggerEvent& event,
            const std::optional<Firing>& parent, std::int64_t now) {
  if (isInChain(transaction, trigger, parent))
    return {"cut", fmt::format("its own job caused the event: a loop through {}", parent->subject)};
  if (parent && parent->depth + 1 >= deepestChain)
    return {"cut", fmt::format("{} triggers caused each other, which is the limit", deepestChain)};
  access::Identity owner = access::identityOf(transaction, trigger.setBy, now);
  try {
    requireTriggerRights(owner, trigger.workspace, trigger.rule);
    owner.require(access::Verb::administer, event.workspace, event.name);
  } catch (const Error& fault) {
    if (fault.code != Code::denied) throw;
    return {"refused", fmt::format("{}, who set the trigger, may no longer do what it does", trigger.setBy)};
  }
  std::int64_t since = now - trigger.rule.limitMinutes * 60'000;
  if (firedSince(transaction, trigger, "started", since) < trigger.rule.limitCount) return {};
  if (firedSince(transaction, trigger, "limited", since) > 0) return {"", ""};
  return {"limited", fmt::format("it fired {} times within {} minutes, which is its limit; further events are left out "
                                 "until then",
                                 trigger.rule.limitCount, trigger.rule.limitMinutes)};
}

std::int64_t enqueueJob(db::Transaction& transaction, const Trigger& trigger, const TriggerEvent& event,
                        std::int64_t now) {
  json::value parameters = trigger.rule.parameters.is_null()
                               ? json::value(json::object())
                               : jobs::fillTemplate(writeJson(trigger.rule.parameters), event.body);
  json::object payload{{"command", trigger.rule.command},
                       {"parameters", std::move(parameters)},
                       {"grants", access::grantsToJson(trigger.rule.grants)},
                       {"minutes", trigger.rule.minutes},
                       {"trigger", trigger.name},
                       {"trigger_id", trigger.id},
                       {"cause", event.index}};
  jobs::Job job = jobs::enqueue(transaction,
                                {.workspace = trigger.workspace,
                                 .type = std::string(commandJob),
                                 .name = event.name,
                                 .subject = event.subject,
                                 .needs = std::string(commandJob),
                                 .payload = canonicalJson(payload)},
                                triggerActor.name, now);
  return job.id;
}

/// Fires once per trigger and event. False if that has happened, or nothing was to be done.
bool fire(registry::Change& change, const Trigger& trigger, const TriggerEvent& event, const Plan* instead) {
  db::Transaction& transaction = change.transaction;
  auto present = findTrigger(transaction, trigger.workspace, trigger.name);
  if (!present || present->body != trigger.body) return false;
  {
    db::Rows done =
        transaction.query("SELECT 1 FROM trigger_firing WHERE rule = $1 AND cause = $2", {trigger.id, event.index});
    if (done.next()) return false;
  }
  std::optional<Firing> parent = firingOfActor(transaction, event.actor);
  Plan plan = planOf(transaction, trigger, event, parent, change.now);
  if (plan.outcome.empty()) return false;
  if (plan.outcome == "started" && instead) plan = *instead;
  bool starts = plan.outcome == "started";
  std::int64_t job = starts && !trigger.rule.command.empty() ? enqueueJob(transaction, trigger, event, change.now) : 0;
  if (starts && trigger.rule.webhook != 0) plan.outcome = "sending";
  std::int64_t depth = parent ? parent->depth + 1 : 0;
  std::int64_t id = transaction.insert(
      "INSERT INTO trigger_firing (rule, cause, subject, parent, depth, job, outcome, problem, attempts, next_at, "
      "fired_at, event) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, $9, $10) RETURNING id",
      {trigger.id, event.index, event.subject, parent ? parent->id : 0, depth, job, plan.outcome,
       shorten(plan.problem, problemLength), change.now,
       event.kind == experimentKind ? writeJson(event.body) : std::string()});
  if (job != 0)
    change.record(registry::Action::jobCreated, trigger.workspace, fmt::format("job/{}", job),
                  {{"about", event.subject}, {"trigger", trigger.name}});
  json::object data{{"firing", id},           {"cause", event.index},
                    {"about", event.subject}, {"outcome", plan.outcome},
                    {"depth", depth},         {"job", job}};
  if (trigger.rule.webhook != 0) data["webhook"] = trigger.rule.webhook;
  if (event.kind == experimentKind) data["run"] = event.body.at("data");
  if (!plan.problem.empty()) data["problem"] = shorten(plan.problem, problemLength);
  change.record(registry::Action::triggerFired, trigger.workspace, trigger.subject(), std::move(data));
  return true;
}

/// What a job registered exists because of what triggered it.
void linkToCause(registry::Change& change, const TriggerEvent& event) {
  std::optional<Firing> firing = firingOfActor(change.transaction, event.actor);
  if (!firing || (firing->cause < 0 && firing->event.empty()) || firing->subject == event.subject) return;
  registry::Edge edge{firing->subject, event.subject, "triggered", change.now};
  {
    db::Rows known = change.transaction.query(
        "SELECT 1 FROM lineage_edge WHERE workspace = $1 AND origin = $2 AND target = $3 AND relation = $4",
        {event.workspace, edge.from, edge.to, edge.relation});
    if (known.next()) return;
  }
  registry::addEdge(change.transaction, event.workspace, edge);
  change.record(
      registry::Action::lineageAdded, event.workspace, "lineage/" + edge.to,
      {{"edges", json::array{json::object{{"from", edge.from}, {"to", edge.to}, {"relation", edge.relation}}}},
       {"job", firing->job}});
}

}  // namespace

struct TriggerEngine::State {
  registry::Store& store;
  policy::Engine& policy;
  http::Egress egress;
  Repeater repeater;
  std::string holder = randomHex(8);
  http::Client client{};
  RunWatch runs{store};

  std::vector<Trigger> triggers() {
    std::vector<Trigger> all = store.read([](db::Transaction& transaction) { return listTriggers(transaction, ""); });
    std::erase_if(all, [](const Trigger& one) { return !one.rule.enabled; });
    return all;
  }

  std::int64_t position(const std::vector<Trigger>& all) {
    return store.read([&](db::Transaction& transaction) {
      std::int64_t first = INT64_MAX;
      for (const Trigger& trigger : all) first = std::min(first, trigger.afterIndex);  // nobody wants what is older
      db::Rows rows = transaction.query("SELECT position FROM trigger_cursor WHERE id = 1");
      return rows.next() ? std::max(rows.integer(0), first) : first;
    });
  }

  std::vector<Entry> after(std::int64_t index) {
    return store.read([&](db::Transaction& transaction) {
      std::vector<Entry> entries;
      db::Rows rows = transaction.query("SELECT idx, body FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2",
                                        {index, entriesAtOnce});
      while (rows.next()) entries.push_back({rows.integer(0), rows.text(1)});
      return entries;
    });
  }

  void keep(std::int64_t index) {
    store.write([&](db::Transaction& transaction) {
      transaction.run(
          "INSERT INTO trigger_cursor (id, position) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET position = $1",
          {index});
    });
  }

  /// The condition waits for a policy worker: outside the change.
  std::optional<Plan> condition(const Trigger& trigger, const TriggerEvent& event, bool& met) {
    try {
      met = holds(policy, trigger.rule, event);
      return std::nullopt;
    } catch (const Error& fault) {
      if (fault.code == Code::unavailable) throw;
      met = true;
      return Plan{"failed", fault.message};
    }
  }

  std::size_t handle(const std::vector<Trigger>& all, const Entry& entry) {
    auto event =
        store.read([&](db::Transaction& transaction) { return readEvent(transaction, entry.index, entry.body); });
    if (!event) return 0;
    if (event->action == registry::nameOf(registry::Action::versionCreated) && event->actor.starts_with("token:job-"))
      store.change(triggerActor, [&](registry::Change& change) { linkToCause(change, *event); });
    std::size_t count = 0;
    for (const Trigger& trigger : all) {
      if (trigger.workspace != event->workspace || entry.index < trigger.afterIndex || !matches(trigger.rule, *event))
        continue;
      bool met = false;
      std::optional<Plan> instead = condition(trigger, *event, met);
      if (met && store.change(triggerActor, [&](registry::Change& change) {
            return fire(change, trigger, *event, instead ? &*instead : nullptr);
          }))
        ++count;
    }
    return count;
  }

  std::size_t fireSchedules(const std::vector<Trigger>& all) {
    std::size_t count = 0;
    std::int64_t now = nowMillis();
    for (const Trigger& trigger : all) {
      if (trigger.rule.everyMinutes == 0) continue;
      std::int64_t length = trigger.rule.everyMinutes * 60'000;
      std::int64_t period = (now - trigger.setAt) / length;
      if (period < 1) continue;
      TriggerEvent event = scheduledEvent(trigger, trigger.setAt / 60'000 + period, now);
      bool met = false;
      std::optional<Plan> instead = condition(trigger, event, met);
      if (met && store.change(triggerActor, [&](registry::Change& change) {
            return fire(change, trigger, event, instead ? &*instead : nullptr);
          }))
        ++count;
    }
    return count;
  }

  std::size_t fireRuns(const std::vector<Trigger>& all) {
    std::size_t count = 0;
    runs.round(all, [&](const Trigger& trigger, const TriggerEvent& event) {
      bool met = false;
      std::optional<Plan> instead = condition(trigger, event, met);
      if (met && store.change(triggerActor, [&](registry::Change& change) {
            return fire(change, trigger, event, instead ? &*instead : nullptr);
          }))
        ++count;
    });
    return count;
  }

  struct Call {
    Firing firing;
    std::optional<jobs::Webhook> webhook;
    std::string body;
  };

  /// Empty if the cause is gone.
  static std::string bodyOf(db::Transaction& transaction, const Trigger& trigger, const jobs::Webhook& webhook,
                            const Firing& firing) {
    const json::value& payload = trigger.rule.payload;
    std::string form = payload.is_null() ? webhook.bodyTemplate : writeJson(payload);
    if (!firing.event.empty())
      return form.empty() ? firing.event : writeJson(jobs::fillTemplate(form, parseJson(firing.event).as_object()));
    std::string entry;
    {
      db::Rows rows = transaction.query("SELECT body FROM ledger_entry WHERE idx = $1", {firing.cause});
      if (!rows.next()) return {};
      entry = rows.text(0);
    }
    if (payload.is_null()) return jobs::eventBody(webhook, firing.cause, entry);
    auto event = readEvent(transaction, firing.cause, entry);
    return event ? writeJson(jobs::fillTemplate(form, event->body)) : std::string();
  }

  std::vector<Call> dueCalls() {
    return store.read([&](db::Transaction& transaction) {
      std::vector<Call> calls;
      std::vector<std::pair<std::int64_t, std::int64_t>> due;
      {
        db::Rows rows = transaction.query(
            "SELECT f.id, f.rule FROM trigger_firing f WHERE f.outcome = 'sending' AND f.next_at <= $1 ORDER BY f.id "
            "LIMIT 50",
            {nowMillis()});
        while (rows.next()) due.emplace_back(rows.integer(0), rows.integer(1));
      }
      std::vector<Trigger> all = listTriggers(transaction, "");
      for (auto [id, rule] : due) {
        auto trigger = std::ranges::find(all, rule, &Trigger::id);
        auto firing = findFiring(transaction, id);
        if (!firing || trigger == all.end()) continue;
        Call call{*firing, jobs::findWebhook(transaction, trigger->workspace, trigger->rule.webhook), ""};
        if (call.webhook) call.body = bodyOf(transaction, *trigger, *call.webhook, *firing);
        calls.push_back(std::move(call));
      }
      return calls;
    });
  }

  void callWebhooks() {
    for (const Call& call : dueCalls()) {
      if (repeater.stopping()) return;
      std::string problem = "the webhook was deleted";
      bool canSend = call.webhook && !call.body.empty();
      if (canSend)
        problem =
            jobs::send(client, egress, *call.webhook, fmt::format("trg_{}", call.firing.id), call.body, webhookSeconds)
                .problem;
      std::int64_t attempts = call.firing.attempts + 1;
      bool over = problem.empty() || !canSend || attempts >= webhookAttempts;
      std::string_view outcome = problem.empty() ? "started" : over ? "failed" : "sending";
      std::int64_t pause = 1000LL << std::min<std::int64_t>(attempts, 12);
      store.write([&](db::Transaction& transaction) {
        transaction.run("UPDATE trigger_firing SET problem = $2, attempts = $3, next_at = $4 WHERE id = $1",
                        {call.firing.id, shorten(problem, problemLength), attempts, nowMillis() + pause});
      });
      if (!over) continue;
      store.change(triggerActor, [&](registry::Change& change) {
        change.transaction.run("UPDATE trigger_firing SET outcome = $2 WHERE id = $1", {call.firing.id, outcome});
        std::vector<Trigger> all = listTriggers(change.transaction, "");
        auto trigger = std::ranges::find(all, call.firing.trigger, &Trigger::id);
        if (trigger == all.end()) return;
        change.record(registry::Action::triggerFired, trigger->workspace, trigger->subject(),
                      {{"firing", call.firing.id}, {"cause", call.firing.cause}, {"outcome", outcome}});
      });
    }
  }
};

TriggerEngine::TriggerEngine(registry::Store& store, policy::Engine& policy, http::Egress egress)
    : state_(new State{.store = store,
                       .policy = policy,
                       .egress = std::move(egress),
                       .repeater = {"triggers could not be fired and will be later", longestPause, [this] {
                                      round();
                                      return longestPause;
                                    }}}) {}
TriggerEngine::~TriggerEngine() { stop(); }

std::size_t TriggerEngine::round() {
  State& state = *state_;
  std::vector<Trigger> all = state.triggers();
  if (all.empty()) return 0;
  jobs::RoundLease lease(state.store, leaseName, state.holder, leaseMillis);
  std::size_t count = 0;
  if (std::ranges::any_of(all, [](const Trigger& one) { return one.rule.run.has_value(); })) {
    if (!lease.take()) return count;
    count += state.fireRuns(all);
  }
  for (std::int64_t index = state.position(all);;) {
    std::vector<Entry> entries = state.after(index);
    if (entries.empty()) break;
    if (!lease.take()) return count;
    for (const Entry& entry : entries) {
      if (state.repeater.stopping()) return count;
      count += state.handle(all, entry);
      index = entry.index + 1;
    }
    state.keep(index);
  }
  bool scheduled = std::ranges::any_of(all, [](const Trigger& one) { return one.rule.everyMinutes != 0; });
  bool calls = std::ranges::any_of(all, [](const Trigger& one) { return one.rule.webhook != 0; });
  if ((scheduled || calls) && !lease.take()) return count;
  if (scheduled) count += state.fireSchedules(all);
  if (calls) state.callWebhooks();
  return count;
}

void TriggerEngine::start() { state_->repeater.start(); }
void TriggerEngine::stop() { state_->repeater.stop(); }
void TriggerEngine::wake() { state_->repeater.wake(); }

}  // namespace regesta::automation
