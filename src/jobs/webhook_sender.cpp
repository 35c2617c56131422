#include "jobs/webhook_sender.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <set>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/id.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/redact.h"
#include "base/sync.h"
#include "base/time.h"
#include "jobs/lease.h"
#include "jobs/mlflow_event.h"
#include "jobs/webhook_rows.h"
#include "jobs/webhook_send.h"
#include "registry/entry_search.h"

namespace regesta::jobs {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view leaseName = "webhooks";
constexpr std::int64_t entriesAtOnce = 500;
constexpr std::int64_t unsavedEntries = 2000;  // by which a cursor may lag because none matched the webhook
const registry::Actor sender = registry::Actor::system("webhooks");

/// What is next for a webhook.
struct Next {
  Webhook webhook;
  std::int64_t index = -1;  ///< of the entry to send; -1: none of those looked at is wanted
  std::string action, entry, body;
  std::int64_t lookedTo = 0;  ///< index after the last read entry
  bool more = false;          ///< there may be later entries
};

std::optional<Next> nextFor(db::Transaction& transaction, std::int64_t id, std::int64_t lookedTo) {
  db::Rows row = transaction.query(
      fmt::format("SELECT {} FROM webhook WHERE id = $1 AND active = 1 AND next_at <= $2", rows::webhookColumns),
      {id, nowMillis()});
  if (!row.next()) return std::nullopt;
  Next next{.webhook = rows::webhook(row)};
  next.lookedTo = std::max(lookedTo, next.webhook.cursor);
  std::int64_t seen = 0;
  db::Rows entries = transaction.query("SELECT idx, body FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2",
                                       {next.lookedTo, entriesAtOnce});
  while (entries.next()) {
    ++seen;
    next.lookedTo = entries.integer(0) + 1;
    json::value body = parseJson(entries.view(1));
    const json::object& entry = body.as_object();
    if (memberText(entry, "workspace") != next.webhook.workspace) continue;
    next.action = memberText(entry, "action");
    if (!next.webhook.wants(next.action, memberText(entry, "subject"))) continue;
    next.index = entries.integer(0);
    next.entry = entries.text(1);
    break;
  }
  if (next.index >= 0)
    next.body = next.webhook.isMlflow() ? mlflowEventBody(transaction, next.entry)
                                        : eventBody(next.webhook, next.index, next.entry);
  next.more = next.index >= 0 || seen == entriesAtOnce;
  return next;
}

/// MLflow's server sends what a receiver refused (4xx) only once.
bool isSettled(const Webhook& webhook, const Sent& sent) {
  bool refused = sent.status / 100 == 4 && sent.status != 408 && sent.status != 429;
  return sent.problem.empty() || (webhook.isMlflow() && refused);
}

Counter& deliveries(std::string_view outcome) {
  return counter("regesta_webhook_deliveries_total", "Attempts to tell a receiver of an event.",
                 fmt::format("outcome=\"{}\"", outcome));
}

}  // namespace

struct WebhookSender::State {
  State(registry::Store& theStore, Options theOptions)
      : store(theStore),
        options(std::move(theOptions)),
        holder(randomHex(8)),
        delivered(deliveries("delivered")),
        failed(deliveries("failed")) {}

  registry::Store& store;
  Options options;
  std::string holder;
  Counter &delivered, &failed;
  std::atomic<std::int64_t> leaseUntil{0};

  struct Work {
    std::deque<std::int64_t> queue;                 ///< webhooks that have something to send
    std::set<std::int64_t> busy;                    ///< queued or being sent
    std::map<std::int64_t, std::int64_t> lookedTo;  ///< webhook → index, ahead of its stored cursor
    bool stopping = false;
  };
  Sync<Work> work;
  std::condition_variable changed;
  std::vector<std::thread> threads;

  bool stopping() { return work.lock()->stopping; }
  bool mayStart() const { return leaseUntil.load() > nowMillis() + options.timeoutSeconds * 1000; }

  void look();
  void renewLease();
  void lookUntilStopped();
  void sendUntilStopped();
  void serve(http::Client& client, std::int64_t id);
  bool attempt(http::Client& client, const Next& next);
  void settle(const Next& next, const Sent& sent);
  void giveUp(const Next& next, const Sent& sent);
};

void WebhookSender::State::renewLease() {
  std::int64_t now = nowMillis();
  if (leaseUntil.load() - now > options.lease / 2) return;
  if (takeLease(store, leaseName, holder, options.lease)) leaseUntil = now + options.lease;
}

void WebhookSender::State::look() {
  struct Due {
    std::int64_t id, cursor, nextAt;
  };
  std::vector<Due> active;
  std::int64_t size = 0, now = nowMillis();
  store.read([&](db::Transaction& transaction) {
    active.clear();
    db::Rows found = transaction.query("SELECT id, cursor, next_at FROM webhook WHERE active = 1 ORDER BY id");
    while (found.next()) active.push_back({found.integer(0), found.integer(1), found.integer(2)});
    if (active.empty()) return;
    size = registry::entryCount(transaction);
  });
  if (active.empty()) return;
  renewLease();
  if (!mayStart()) return;
  auto guard = work.lock();
  for (const Due& due : active) {
    std::int64_t from = std::max(due.cursor, guard->lookedTo[due.id]);
    if (due.nextAt > now || from >= size || !guard->busy.insert(due.id).second) continue;
    guard->queue.push_back(due.id);
  }
  if (!guard->queue.empty()) changed.notify_all();
}

void WebhookSender::State::lookUntilStopped() {
  while (!stopping()) {
    try {
      look();
    } catch (const std::exception& failure) {
      log(LogLevel::error, "webhooks cannot be read", {{"why", failure.what()}});
    }
    auto guard = work.lock();
    guard.waitFor(changed, milliseconds(options.lookEvery), [&] { return guard->stopping; });
  }
}

void WebhookSender::State::sendUntilStopped() {
  http::Client client;
  for (;;) {
    std::int64_t id = 0;
    {
      auto guard = work.lock();
      guard.wait(changed, [&] { return guard->stopping || !guard->queue.empty(); });
      if (guard->stopping) return;
      id = guard->queue.front();
      guard->queue.pop_front();
    }
    try {
      serve(client, id);
    } catch (const std::exception& failure) {
      log(LogLevel::error, "a webhook cannot be served", {{"webhook", id}, {"why", failure.what()}});
    }
    work.lock()->busy.erase(id);
  }
}

/// Sends what there is for one webhook, until nothing is left or an attempt fails.
void WebhookSender::State::serve(http::Client& client, std::int64_t id) {
  while (!stopping() && mayStart()) {
    std::int64_t from = work.lock()->lookedTo[id];
    std::optional<Next> next = store.read([&](db::Transaction& transaction) { return nextFor(transaction, id, from); });
    if (!next) return;
    if (next->index >= 0) {
      if (!attempt(client, *next)) return;
    } else if (next->lookedTo - next->webhook.cursor > unsavedEntries) {
      store.write([&](db::Transaction& transaction) {
        transaction.run("UPDATE webhook SET cursor = $2 WHERE id = $1 AND cursor < $2", {id, next->lookedTo});
      });
    }
    work.lock()->lookedTo[id] = next->lookedTo;
    if (!next->more) return;
  }
}

/// True when the event is not sent again.
bool WebhookSender::State::attempt(http::Client& client, const Next& next) {
  // The id stays the same over all attempts, so that receivers can tell a repetition.
  std::string id = fmt::format("evt_{}_{}", next.webhook.id, next.index);
  Sent sent = send(client, options.egress, next.webhook, id, next.body, options.timeoutSeconds);
  bool done = sent.problem.empty();
  (done ? delivered : failed).add();
  if (!done && !isSettled(next.webhook, sent) && next.webhook.attempts + 1 >= options.attempts)
    giveUp(next, sent);
  else
    settle(next, sent);
  return isSettled(next.webhook, sent);
}

void WebhookSender::State::settle(const Next& next, const Sent& sent) {
  bool done = isSettled(next.webhook, sent);
  std::int64_t attempts = done ? 0 : next.webhook.attempts + 1, now = nowMillis();
  std::int64_t doublings = std::clamp<std::int64_t>(attempts - 1, 0, 40);
  std::int64_t pause =
      done ? 0 : std::min(options.longestPause, options.firstPause << std::min<std::int64_t>(doublings, 30));
  store.write([&](db::Transaction& transaction) {
    keepDelivery(transaction, next.webhook.id,
                 {0, next.index, next.action, next.webhook.attempts + 1, sent.status, sent.problem, sent.millis, now});
    transaction.run(
        "UPDATE webhook SET cursor = $2, attempts = $3, next_at = $4, problem = $5 WHERE id = $1 AND cursor <= $6",
        {next.webhook.id, done ? next.index + 1 : next.index, attempts, done ? 0 : now + pause, sent.problem,
         next.index});
  });
}

void WebhookSender::State::giveUp(const Next& next, const Sent& sent) {
  std::int64_t attempts = next.webhook.attempts + 1;
  std::string problem = fmt::format("given up after {} attempts: {}", attempts, sent.problem);
  store.change(sender, [&](registry::Change& change) {
    keepDelivery(change.transaction, next.webhook.id,
                 {0, next.index, next.action, attempts, sent.status, sent.problem, sent.millis, change.now});
    std::int64_t found = change.transaction.run(
        "UPDATE webhook SET active = 0, cursor = $2, attempts = $3, problem = $4 WHERE id = $1 AND active = 1",
        {next.webhook.id, next.index, attempts, problem});
    if (found == 0) return;
    change.record(registry::Action::webhookGivenUp, next.webhook.workspace, fmt::format("webhook/{}", next.webhook.id),
                  {{"attempts", attempts},
                   {"index", next.index},
                   {"problem", redactText(sent.problem)},
                   {"url", redactPath(next.webhook.url)}});
  });
  log(LogLevel::warn, "webhook given up", {{"webhook", next.webhook.id}, {"why", sent.problem}});
}

WebhookSender::WebhookSender(registry::Store& store, Options options)
    : state_(std::make_unique<State>(store, std::move(options))) {}

WebhookSender::~WebhookSender() { stop(); }

void WebhookSender::start() {
  state_->threads.emplace_back([this] { state_->lookUntilStopped(); });
  for (std::size_t i = 0; i < state_->options.threads; ++i)
    state_->threads.emplace_back([this] { state_->sendUntilStopped(); });
}

void WebhookSender::stop() {
  state_->work.lock()->stopping = true;
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
  if (state_->leaseUntil.exchange(0) == 0) return;
  try {
    dropLease(state_->store, leaseName, state_->holder);
  } catch (const Error& failure) {
    log(LogLevel::warn, "the lease of the webhooks stays until it runs out", {{"why", failure.message}});
  }
}

}  // namespace regesta::jobs
