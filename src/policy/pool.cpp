#include "policy/pool.h"

#include "base/error.h"
#include "base/log.h"

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
  auto ready = [&] { return !members->idle.empty() || members->closing; };
  if (!members.waitFor(changed_, std::chrono::milliseconds(waitForWorkerMillis), ready) || members->closing) {
    why = members->failure.empty() ? "all policy workers are busy; try again" : members->failure;
    return nullptr;
  }
  auto worker = std::move(members->idle.back());
  members->idle.pop_back();
  return worker;
}

void Pool::give(std::unique_ptr<Worker> worker, bool lost) {
  bool keepIt = !lost && !worker->worn();
  if (lost) ++lost_;
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
    ++members->alive;
    members.unlock();
    std::unique_ptr<Worker> worker;
    std::string failure;
    try {
      worker = std::make_unique<Worker>(options_);
    } catch (const Error& problem) {  // a thread has no one above it to tell: the requests that wait are told
      failure = problem.message;
      log(LogLevel::error, "policy worker not started", {{"reason", failure}});
      std::this_thread::sleep_for(restartPause);
    }
    members = members_.lock();
    members->failure = failure;
    if (worker)
      members->idle.push_back(std::move(worker));
    else
      --members->alive;
    changed_.notify_all();
  }
}

}  // namespace regesta::policy
