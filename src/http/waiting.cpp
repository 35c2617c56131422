#include "http/waiting.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <limits>
#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/fair_queue.h"
#include "base/limits_work.h"
#include "base/metrics.h"
#include "base/sync.h"

namespace regesta::http {
namespace {

constexpr std::size_t noLimit = std::numeric_limits<std::size_t>::max();

struct Job {
  std::function<void()> work;
  Work as;
};

/// One kind of work: what waits for a thread, and how many threads it may have.
struct Line {
  FairQueue<Job> jobs;
  std::size_t threads;
  bool shared = true;  ///< few callers must not take all of it: FairQueue::pop()
  std::size_t running = 0;

  std::size_t free() const { return shared ? threads - running : noLimit; }
  bool ready() const { return running < threads && jobs.ready(free()); }
};

/// Work whose caller has gone ends at once; only then its caller's connection does.
bool isCancelled(const Job& job) { return job.as.cancellation != nullptr && job.as.cancellation->cancelled(); }

void run(Job& job) {
  WorkScope scope(job.as);
  job.work();
  job.work = nullptr;
}

}  // namespace

struct WaitingPool::State {
  struct Queue {
    std::array<Line, 3> lines;  ///< in the order of Lane
    std::size_t next = 0;       ///< whose turn it is
    std::size_t threads = 0;
    std::size_t idle = 0;
    bool closing = false;

    Queue(std::size_t limit, std::size_t perCaller)
        : lines{Line{{limit - std::min(limits::threadsForOthers, limit / 4), least(perCaller, noLimit)}, limit, false},
                Line{{limits::scansPerCaller, least(perCaller, limits::scansWaiting)}, limits::scanThreads},
                Line{{limits::trialsPerCaller, least(perCaller, limits::trialsWaiting)}, limits::trialThreads}} {}
    static std::size_t least(std::size_t perCaller, std::size_t most) {
      return perCaller == 0 ? most : std::min(perCaller, most);
    }
    bool ready() const {
      return std::any_of(lines.begin(), lines.end(), [](const Line& line) { return line.ready(); });
    }
    bool empty() const {
      return std::all_of(lines.begin(), lines.end(), [](const Line& line) { return line.jobs.size() == 0; });
    }
  };
  std::size_t limit;
  Sync<Queue> queue;
  std::condition_variable wake;   ///< there is work, or the pool closes
  std::condition_variable empty;  ///< the last thread has gone
  Gauge& threads = gauge("regesta_http_waiting_threads", "Threads of the pool for handlers that wait");
  Gauge& queued = gauge("regesta_http_waiting_queue", "Handlers that wait for a thread of the pool");

  State(std::size_t ordinary, std::size_t perCaller)
      : limit(ordinary + limits::scanThreads + limits::trialThreads), queue(Queue(ordinary, perCaller)) {}
  void run(const std::shared_ptr<State>& self);
  void runOne(Sync<Queue>::Guard& guard, const std::shared_ptr<State>& self);
  bool callThread(Sync<Queue>::Guard& guard, const std::shared_ptr<State>& self);
};

/// Runs the next job that may run, without the lock.
void WaitingPool::State::runOne(Sync<Queue>::Guard& guard, const std::shared_ptr<State>& self) {
  Line* line = nullptr;
  while (line == nullptr) {
    Line& candidate = guard->lines[guard->next++ % guard->lines.size()];
    if (candidate.ready()) line = &candidate;
  }
  auto taken = line->jobs.pop(line->free());
  ++line->running;
  queued.add(-1);
  // Several may have been submitted while this thread, called once for each of them, woke up.
  callThread(guard, self);
  guard.unlock();
  http::run(taken->item);
  guard = queue.lock();
  --line->running;
  line->jobs.finish(taken->party);
}

void WaitingPool::State::run(const std::shared_ptr<State>& self) {
  auto guard = queue.lock();
  for (;;) {
    ++guard->idle;
    bool called = guard.waitFor(wake, std::chrono::seconds(60),
                                [&] { return guard->ready() || (guard->closing && guard->empty()); });
    --guard->idle;
    if (!called || !guard->ready()) break;  // quiet for long, or closing with nothing left
    runOne(guard, self);
  }
  threads.add(-1);
  if (guard->closing) wake.notify_all();
  if (--guard->threads == 0) empty.notify_all();
}

/// Lets a thread take the ready work. False: there is no thread, and none can be started.
bool WaitingPool::State::callThread(Sync<Queue>::Guard& guard, const std::shared_ptr<State>& self) {
  if (!guard->ready()) return true;  // its caller's, or its lane's, own work goes first
  if (guard->idle > 0 || guard->threads >= limit) {
    wake.notify_one();
    return true;
  }
  try {
    // Detached, holding the state: the destructor waits for the count, and the state outlives the last thread.
    std::thread([self] { self->run(self); }).detach();
    ++guard->threads;
    threads.add(1);
  } catch (const std::system_error&) {
    // No more threads from the system: the ones we have take the work.
    return guard->threads > 0;
  }
  return true;
}

WaitingPool::WaitingPool(std::size_t limit, std::size_t perCaller)
    : state_(std::make_shared<State>(std::max<std::size_t>(limit, 1), perCaller)) {}

WaitingPool::~WaitingPool() { close(); }

void WaitingPool::close() {
  auto guard = state_->queue.lock();
  guard->closing = true;
  state_->wake.notify_all();
  guard.wait(state_->empty, [&] { return guard->threads == 0; });
}

void WaitingPool::submit(std::function<void()> work, const Work& as) {
  auto guard = state_->queue.lock();
  if (guard->closing) throw Error(Code::unavailable, "the server is shutting down");
  FairQueue<Job>& jobs = guard->lines[static_cast<std::size_t>(as.lane)].jobs;
  Job job{std::move(work), as};
  std::vector<Job> left;
  bool fits = jobs.push(as.caller, std::move(job));
  if (!fits) {
    left = jobs.takeIf(as.caller, isCancelled);
    state_->queued.add(-static_cast<std::int64_t>(left.size()));
    fits = !left.empty() && jobs.push(as.caller, std::move(job));
  }
  bool served = true;
  if (fits) {
    state_->queued.add(1);
    served = state_->callThread(guard, state_);
    if (!served) jobs.takeIf(as.caller, [](const Job&) { return true; });  // without threads, ours is the only one
  }
  guard.unlock();
  for (Job& one : left) run(one);
  if (!fits)
    throw Error(Code::exhausted, "too many of your requests of this kind are waiting; wait for some of them to end");
  if (!served) throw Error(Code::unavailable, "the system gives the server no thread");
}

}  // namespace regesta::http
