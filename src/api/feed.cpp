#include "api/feed.h"

#include <algorithm>
#include <condition_variable>
#include <limits>
#include <thread>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/sync.h"
#include "http/sse.h"
#include "ledger/store.h"

namespace regesta::api {
namespace {

constexpr std::int64_t pageSize = 500;
constexpr std::size_t queueLength = 256;                 // events by which one watcher may lag
constexpr std::chrono::milliseconds longestPause{1000};  // when another process's news does not come through

std::shared_ptr<const FeedEvent> eventOf(db::Transaction& transaction, std::int64_t index, std::string body) {
  auto event = std::make_shared<FeedEvent>();
  event->index = index;
  json::value parsed = parseJson(body);
  if (parsed.is_object()) {
    event->workspace = memberText(parsed.get_object(), "workspace");
    event->subject = memberText(parsed.get_object(), "subject");
    event->action = memberText(parsed.get_object(), "action");
    event->scope = governance::scopeOf(transaction, parsed.get_object());
  }
  event->event = http::serverSentEvent(body, std::to_string(index), event->action);
  event->body = std::move(body);
  return event;
}

Feed::Page readPage(db::Transaction& transaction, std::int64_t from, std::int64_t end) {
  Feed::Page page{{}, from};
  for (ledger::Indexed& entry : ledger::readIndexed(transaction, from, end, pageSize)) {
    page.next = entry.index + 1;
    page.events.push_back(eventOf(transaction, entry.index, std::move(entry.body)));
  }
  return page;
}

}  // namespace

bool FeedFilter::wants(const FeedEvent& event) const {
  if (!governance::mayRead(*identity, event.scope)) return false;
  if (!workspace.empty() && workspace != event.workspace) return false;
  if (subject.empty() || event.subject == subject) return true;
  return event.subject.size() > subject.size() && event.subject.starts_with(subject) &&
         (event.subject[subject.size()] == '@' || event.subject[subject.size()] == '#');
}

struct Feed::Watch::Queue {
  FeedFilter filter;
  std::function<void()> wake;
  struct Arrived {
    FeedEvents events;
    bool late = false;
  };
  Sync<Arrived> arrived;
  std::size_t place = 0;  ///< in State::watchers; under its lock
};

struct Feed::State {
  struct Watchers {
    std::vector<std::shared_ptr<Watch::Queue>> queues;
    std::int64_t next = 0;
  };
  struct Signals {
    bool wake = false, stop = false;
  };
  State(registry::Store& store, std::function<void(const FeedEvent&)> seen) : store(store), seen(std::move(seen)) {}
  registry::Store& store;
  std::function<void(const FeedEvent&)> seen;
  Sync<Watchers> watchers;
  Sync<Signals> signals;
  std::condition_variable signalled;
  std::thread thread;

  void run();
  bool round();
  void deliver(const Page& page);
  void wakeAll();
};

void Feed::State::deliver(const Page& page) {
  bool credentials = false;  // may have been revoked for a watcher: every stream checks
  for (const auto& event : page.events) {
    seen(*event);
    credentials |= event->subject.starts_with("user/") || event->subject.starts_with("token/");
  }
  auto guard = watchers.lock();
  guard->next = page.next;
  for (const auto& queue : guard->queues) {
    bool news = false;
    auto arrived = queue->arrived.lock();
    for (const auto& event : page.events) {
      if (arrived->late || !queue->filter.wants(*event)) continue;
      news = true;
      if (arrived->events.size() < queueLength)
        arrived->events.push_back(event);
      else
        arrived->late = true;
    }
    arrived.unlock();
    if (news || credentials) queue->wake();
  }
}

/// True when there may be more.
bool Feed::State::round() {
  std::int64_t from = watchers.lock()->next;
  Page page = store.read([&](db::Transaction& transaction) {
    return readPage(transaction, from, std::numeric_limits<std::int64_t>::max());
  });
  if (page.events.empty()) return false;
  deliver(page);
  return true;
}

void Feed::State::run() {
  for (;;) {
    bool more = false;
    try {
      more = round();
    } catch (const std::exception& error) {
      log(LogLevel::warn, "the change feed could not read the ledger and will try again", {{"error", error.what()}});
    }
    auto guard = signals.lock();
    if (!more) guard.waitFor(signalled, longestPause, [&] { return guard->wake || guard->stop; });
    if (guard->stop) return;
    guard->wake = false;
  }
}

void Feed::State::wakeAll() {
  auto guard = watchers.lock();
  for (const auto& queue : guard->queues) queue->wake();
}

Feed::Feed(registry::Store& store, std::function<void(const FeedEvent&)> seen)
    : state_(std::make_unique<State>(store, std::move(seen))) {}
Feed::~Feed() { stop(); }

void Feed::start() {
  state_->watchers.lock()->next =
      state_->store.read([](db::Transaction& transaction) { return ledger::readHead(transaction).size; });
  state_->thread = std::thread([this] { state_->run(); });
}

void Feed::stop() {
  state_->signals.lock()->stop = true;
  state_->signalled.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  state_->wakeAll();
}

void Feed::wake() {
  state_->signals.lock()->wake = true;
  state_->signalled.notify_all();
}

Feed::Watch::Watch(Feed& feed, FeedFilter filter, std::function<void()> wake)
    : feed_(feed), queue_(std::make_shared<Queue>()) {
  queue_->filter = std::move(filter);
  queue_->wake = std::move(wake);
  auto watchers = feed_.state_->watchers.lock();
  since_ = watchers->next;
  queue_->place = watchers->queues.size();
  watchers->queues.push_back(queue_);
}

Feed::Watch::~Watch() {
  auto watchers = feed_.state_->watchers.lock();
  auto& queues = watchers->queues;
  std::swap(queues[queue_->place], queues.back());
  queues[queue_->place]->place = queue_->place;
  queues.pop_back();
}

Feed::Watch::Taken Feed::Watch::take() {
  auto arrived = queue_->arrived.lock();
  Taken taken{std::move(arrived->events), arrived->late};
  arrived->events.clear();
  return taken;
}

std::unique_ptr<Feed::Watch> Feed::watch(FeedFilter filter, std::function<void()> wake) {
  return std::unique_ptr<Watch>(new Watch(*this, std::move(filter), std::move(wake)));
}

Feed::Page Feed::read(const FeedFilter& filter, std::int64_t from, std::int64_t end) {
  Page page = state_->store.read([&](db::Transaction& transaction) { return readPage(transaction, from, end); });
  std::erase_if(page.events, [&](const auto& event) { return !filter.wants(*event); });
  return page;
}

std::size_t Feed::watchers() const { return state_->watchers.lock()->queues.size(); }
std::int64_t Feed::next() const { return state_->watchers.lock()->next; }

}  // namespace regesta::api
