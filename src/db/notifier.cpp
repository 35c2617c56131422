#include "db/notifier.h"

#include "db/value_check.h"

namespace regesta::db {
namespace {

constexpr std::size_t keptNews = 10'000;  // delivery is a hint: a listener that hangs must not eat the memory

}  // namespace

Notifier::Notifier() : thread_([this] { loop(); }) {}

Notifier::~Notifier() {
  state_.lock()->stopping = true;
  changed_.notify_one();
  thread_.join();
}

void Notifier::listen(const std::string& channel, Callback callback) {
  requireNotifiable(channel, {});
  state_.lock()->listeners[channel].push_back(std::move(callback));
}

void Notifier::notify(const std::string& channel, const std::string& payload) {
  requireNotifiable(channel, payload);
  {
    auto state = state_.lock();
    if (!state->listeners.contains(channel) || state->news.size() >= keptNews) return;
    state->news.emplace_back(channel, payload);
  }
  changed_.notify_one();
}

void Notifier::loop() {
  for (;;) {
    std::vector<Callback> callbacks;
    std::string payload;
    {
      auto state = state_.lock();
      state.wait(changed_, [&] { return state->stopping || !state->news.empty(); });
      if (state->stopping) return;
      callbacks = state->listeners[state->news.front().first];
      payload = std::move(state->news.front().second);
      state->news.pop_front();
    }
    for (const Callback& callback : callbacks) callback(payload);
  }
}

}  // namespace regesta::db
