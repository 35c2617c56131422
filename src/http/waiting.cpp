#include "http/waiting.h"

#include <condition_variable>
#include <deque>
#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/metrics.h"
#include "base/sync.h"

namespace regesta::http {

struct WaitingPool::State {
  struct Queue {
    std::deque<std::function<void()>> work;
    std::size_t threads = 0;
    std::size_t idle = 0;
    bool closing = false;
  };
  std::size_t limit;
  Sync<Queue> queue;
  std::condition_variable wake;   ///< there is work, or the pool closes
  std::condition_variable empty;  ///< the last thread has gone
  Gauge& threads = gauge("regesta_http_waiting_threads", "Threads of the pool for handlers that wait");
  Gauge& queued = gauge("regesta_http_waiting_queue", "Handlers that wait for a thread of the pool");

  explicit State(std::size_t atMost) : limit(std::max<std::size_t>(atMost, 1)) {}
  void run();
};

void WaitingPool::State::run() {
  auto guard = queue.lock();
  for (;;) {
    ++guard->idle;
    bool called = guard.waitFor(wake, std::chrono::seconds(60), [&] { return !guard->work.empty() || guard->closing; });
    --guard->idle;
    if (!called || guard->work.empty()) break;  // quiet for long, or closing with nothing left
    auto work = std::move(guard->work.front());
    guard->work.pop_front();
    queued.add(-1);
    guard.unlock();
    work();
    work = nullptr;
    guard = queue.lock();
  }
  threads.add(-1);
  if (--guard->threads == 0) empty.notify_all();
}

WaitingPool::WaitingPool(std::size_t limit) : state_(std::make_shared<State>(limit)) {}

WaitingPool::~WaitingPool() { close(); }

void WaitingPool::close() {
  auto guard = state_->queue.lock();
  guard->closing = true;
  state_->wake.notify_all();
  guard.wait(state_->empty, [&] { return guard->threads == 0; });
}

void WaitingPool::submit(std::function<void()> work) {
  auto guard = state_->queue.lock();
  if (guard->closing) throw Error(Code::unavailable, "the server is shutting down");
  guard->work.push_back(std::move(work));
  state_->queued.add(1);
  bool grow = guard->idle < guard->work.size() && guard->threads < state_->limit;
  if (!grow) return state_->wake.notify_one();
  try {
    // Detached, holding the state: the destructor waits for the count, and the state outlives the last thread.
    std::thread([state = state_] { state->run(); }).detach();
    ++guard->threads;
    state_->threads.add(1);
  } catch (const std::system_error&) {
    // No more threads from the system: the ones we have take the work. With none at all the caller must hear it.
    if (guard->threads == 0) {
      guard->work.pop_back();
      state_->queued.add(-1);
      throw;
    }
  }
}

}  // namespace regesta::http
