#include "policy/pool.h"

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/work.h"

namespace regesta::policy {
namespace {

Counter& lostWorkers() {
  static Counter& all = counter("regesta_policy_workers_lost_total", "Policy workers that died or were killed");
  return all;
}
constexpr std::chrono::milliseconds callerCheckInterval(100);  // whether a waiting request's caller is still there
constexpr std::chrono::milliseconds restartPause(100);
}  // namespace

Pool::Pool(Options options, int niceness, std::size_t waitingPerCaller)
    : options_(std::move(options)),
      niceness_(niceness),
      members_(Members(waitingPerCaller)),
      keeper_([this] { keep(); }) {
  lostWorkers();  // counted from 0
}

Pool::~Pool() {
  members_.lock()->closing = true;
  changed_.notify_all();
  keeper_.join();
}

/// Hands idle workers to those whose turn it is.
void Pool::assign(Members& members) {
  while (!members.idle.empty() && members.waiters.ready()) {
    auto next = members.waiters.pop();
    next->item->worker = std::move(members.idle.back());
    members.idle.pop_back();
    members.waiters.finish(next->party);
  }
  changed_.notify_all();
}

std::unique_ptr<Worker> Pool::take(std::string& why) {
  const Work& work = currentWork();
  Waiter waiter{};
  auto members = members_.lock();
  members->wanted = true;
  if (!members->waiters.push(work.caller, &waiter))
    throw Error(Code::exhausted, "too many of your policy trials are waiting; wait for some of them to end");
  assign(*members);
  auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.queueMillis);
  auto cancelled = [&] { return work.cancellation != nullptr && work.cancellation->cancelled(); };
  auto hopeless = [&] { return members->closing || (members->alive == 0 && !members->failure.empty()); };
  while (!waiter.worker && !hopeless() && !cancelled() && std::chrono::steady_clock::now() < until)
    members.waitFor(changed_, callerCheckInterval, [&] { return waiter.worker || hopeless(); });
  if (waiter.worker) return std::move(waiter.worker);
  members->waiters.takeIf(work.caller, [&](Waiter* one) { return one == &waiter; });
  checkCancelled();
  if (members->failure.empty() && work.lane != Lane::ordinary)
    throw Error(Code::exhausted, "all policy workers for trials are busy; try again");
  why = members->failure.empty() ? "all policy workers are busy" : members->failure;
  return nullptr;
}

void Pool::give(std::unique_ptr<Worker> worker, bool lost) {
  bool keepIt = !lost && !worker->worn();
  if (lost) lostWorkers().add();
  if (!keepIt) worker.reset();  // outside the lock: it waits for the process
  auto members = members_.lock();
  if (keepIt)
    members->idle.push_back(std::move(worker));
  else
    --members->alive;
  assign(*members);
}

/// The keeper's thread: starts workers while there are too few.
void Pool::keep() {
  auto members = members_.lock();
  for (;;) {
    members.wait(changed_, [&] { return members->closing || (members->wanted && members->alive < options_.workers); });
    if (members->closing) break;
    members.unlock();
    std::string failure;
    auto worker = start(failure);
    members = members_.lock();
    if (worker) {
      ++members->alive;
      members->idle.push_back(std::move(worker));
    } else if (failure != members->failure) {
      log(LogLevel::error, "policy worker not started", {{"reason", failure}});
    }
    members->failure = failure;
    assign(*members);
    if (!failure.empty()) members.waitFor(changed_, restartPause, [&] { return members->closing; });
  }
}

std::unique_ptr<Worker> Pool::start(std::string& failure) const {
  try {
    return std::make_unique<Worker>(options_, niceness_);
  } catch (const Error& problem) {  // passed to waiting requests, because the thread has no caller
    failure = problem.message;
    return nullptr;
  }
}

}  // namespace regesta::policy
