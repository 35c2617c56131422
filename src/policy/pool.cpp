#include "policy/pool.h"

#include "base/error.h"
#include "base/log.h"
#include "base/metrics.h"

namespace regesta::policy {
namespace {
constexpr int waitForWorkerMillis = 10'000;
constexpr std::chrono::milliseconds restartPause(100);
}  // namespace

Pool::Pool(Options options) : options_(std::move(options)), keeper_([this] { keep(); }) {}

Pool::~Pool() {
  members_.lock()->closing = true;
  changed_.notify_all();
  keeper_.join();
}

std::unique_ptr<Worker> Pool::take(std::string& why) {
  auto members = members_.lock();
  members->wanted = true;
  changed_.notify_all();
  auto hopeless = [&] { return members->closing || (members->alive == 0 && !members->failure.empty()); };
  members.waitFor(changed_, std::chrono::milliseconds(waitForWorkerMillis),
                  [&] { return !members->idle.empty() || hopeless(); });
  if (members->idle.empty()) {
    why = members->failure.empty() ? "all policy workers are busy; try again" : members->failure;
    return nullptr;
  }
  auto worker = std::move(members->idle.back());
  members->idle.pop_back();
  return worker;
}

void Pool::give(std::unique_ptr<Worker> worker, bool lost) {
  bool keepIt = !lost && !worker->worn();
  if (lost) {
    ++lost_;
    static Counter& all = counter("regesta_policy_workers_lost_total", "Policy workers that died or were killed");
    all.add();
  }
  if (!keepIt) worker.reset();  // outside the lock: it waits for the process
  auto members = members_.lock();
  if (keepIt)
    members->idle.push_back(std::move(worker));
  else
    --members->alive;
  members.unlock();
  changed_.notify_all();
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
    changed_.notify_all();
    if (!failure.empty()) members.waitFor(changed_, restartPause, [&] { return members->closing; });
  }
}

std::unique_ptr<Worker> Pool::start(std::string& failure) const {
  try {
    return std::make_unique<Worker>(options_);
  } catch (const Error& problem) {  // the keeper has no one above it to tell: the requests that wait are told
    failure = problem.message;
    return nullptr;
  }
}

}  // namespace regesta::policy
