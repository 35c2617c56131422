#include "db/postgres_listener.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <set>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "db/value_check.h"

namespace regesta::db {
namespace {

constexpr auto patience = std::chrono::seconds(5);  // of a caller of listen()
constexpr auto reconnectAfter = std::chrono::milliseconds(500);
constexpr int pollMillis = 10'000;
constexpr std::size_t mostOutgoing = 10'000;  // kept while the connection is lost

}  // namespace

PostgresListener::PostgresListener(std::string url)
    : url_(std::move(url)), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (!wake_) throw Error(Code::unavailable, "no file descriptor left for the database's listener");
}

PostgresListener::~PostgresListener() {
  state_.lock()->stopping = true;
  changed_.notify_all();
  wake();
  if (thread_.joinable()) thread_.join();
}

void PostgresListener::wake() { ::eventfd_write(wake_.get(), 1); }

void PostgresListener::listen(const std::string& channel, Callback callback) {
  requireNotifiable(channel, {});
  auto state = state_.lock();
  state->listeners[channel].push_back(std::move(callback));
  startThread();
  wake();
  state.waitFor(changed_, patience, [&] { return state->stopping || state->heard >= state->listeners.size(); });
}

void PostgresListener::notify(const std::string& channel, const std::string& payload) {
  requireNotifiable(channel, payload);
  auto state = state_.lock();
  if (state->outgoing.size() >= mostOutgoing) return;
  state->outgoing.emplace_back(channel, payload);
  startThread();
  if (state->outgoing.size() == 1) wake();
}

void PostgresListener::startThread() {
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
}

/// All that is waiting in one statement and without waiting for the disk: NOTIFY is a hint.
void PostgresListener::sendAll(PostgresConnection& connection) {
  json::array all;
  for (const auto& [channel, payload] : state_.lock()->outgoing) all.push_back(json::array{channel, payload});
  if (all.empty()) return;
  connection.runAlone("SELECT pg_notify(one->>0, one->>1) FROM json_array_elements($1::text::json) one",
                      {writeJson(all)});
  auto state = state_.lock();
  state->outgoing.erase(state->outgoing.begin(), state->outgoing.begin() + static_cast<std::ptrdiff_t>(all.size()));
  if (!state->outgoing.empty()) wake();
}

void PostgresListener::loop() {
  bool told = false;
  for (;;) {
    try {
      PostgresConnection connection(url_);
      told = false;
      serve(connection);
    } catch (const Error& lost) {
      if (!std::exchange(told, true))
        log(LogLevel::warn, "notifications of the database are not received at present", {{"reason", lost.message}});
    }
    auto state = state_.lock();
    state->heard = 0;
    if (!state->stopping) state.waitFor(changed_, reconnectAfter, [&] { return state->stopping; });
    if (state->stopping) return;
  }
}

void PostgresListener::serve(PostgresConnection& connection) {
  std::set<std::string> heard;
  connection.runAlone("SET synchronous_commit = off", {});
  for (;;) {
    std::vector<std::string> fresh;
    {
      auto state = state_.lock();
      if (state->stopping && state->outgoing.empty()) return;
      for (const auto& [channel, callbacks] : state->listeners)
        if (heard.insert(channel).second) fresh.push_back(channel);
    }
    for (const std::string& channel : fresh) connection.listenTo(channel);
    state_.lock()->heard = heard.size();
    changed_.notify_all();
    sendAll(connection);
    for (const auto& [channel, payload] : connection.news(wake_.get(), pollMillis)) {
      std::vector<Callback> callbacks = state_.lock()->listeners[channel];
      for (const Callback& callback : callbacks) callback(payload);
    }
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
  }
}

}  // namespace regesta::db
