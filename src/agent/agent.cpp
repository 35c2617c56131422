#include "agent/agent.h"

#include <condition_variable>
#include <cstdio>
#include <set>
#include <thread>

#include "agent/agent_store.h"
#include "api/native/delivery.h"
#include "api/native/front.h"
#include "api/origin.h"
#include "base/encoding.h"
#include "base/error.h"
#include "base/log.h"
#include "base/sync.h"
#include "base/text.h"
#include "http/client.h"
#include "http/server.h"
#include "server/address.h"
#include "server/signals.h"
#include "server/version.h"

namespace regesta::agent {
namespace {

constexpr int waitSeconds = 2;  // of one long poll, which stop() waits for
constexpr std::chrono::milliseconds shortestRetry{200}, longestRetry{5000};

/// The names of prompts that a batch of changes is about. A subject's marks may be part of a name: every reading
/// counts.
void collectPrompts(const json::object& entry, std::set<std::string, std::less<>>& into) {
  const json::value* subject = entry.if_contains("subject");
  if (!subject || !subject->is_string()) return;
  std::string_view text = subject->get_string();
  if (!text.starts_with("prompt/")) return;
  text.remove_prefix(7);
  into.emplace(text);
  for (std::size_t at = text.find_first_of("@#"); at != text.npos; at = text.find_first_of("@#", at + 1))
    into.emplace(text.substr(0, at));
}

}  // namespace

struct Agent::State {
  explicit State(AgentOptions given) : options(std::move(given)), store(options.folder) {}
  AgentOptions options;
  AgentStore store;
  http::Router router;
  std::unique_ptr<http::Server> http;
  std::atomic<bool> fresh = false;
  std::atomic<std::int64_t> batches = 0;  ///< of changes that were looked at
  Sync<bool> stopping{false};
  std::condition_variable stopped;
  std::thread follower;

  http::Response ask(const std::string& path, int timeoutSeconds);
  std::shared_ptr<const Kept> fetch(const std::string& prompt, const std::string& selector);
  std::shared_ptr<const Kept> find(const std::string& prompt, const std::string& selector);
  http::Response answer(const http::Request& request, const delivery::Rendered& rendered, bool fixed);
  http::Response resolve(const http::Request& request);
  http::Response version(const http::Request& request);
  void mount();
  void refresh(const AgentStore::Name& name);
  std::vector<std::pair<std::string, std::string>> missing();
  void refreshAll();
  std::int64_t newest();
  void follow();
  void followFrom(std::int64_t next);
  bool pause(std::chrono::milliseconds time);
};

http::Response Agent::State::ask(const std::string& path, int timeoutSeconds) {
  thread_local http::Client client;
  http::ClientRequest request;
  request.url = options.url + path;
  request.timeoutSeconds = timeoutSeconds;
  request.caFile = options.caFile;
  if (!options.authorization.empty()) request.headers.add("Authorization", options.authorization);
  if (!options.workspace.empty()) request.headers.add("X-Regesta-Workspace", options.workspace);
  request.headers.add("User-Agent", fmt::format("regesta-agent/{}", server::version));
  return client.send(request);
}

/// From the server. Null if it has no such prompt; throws Error{unavailable} if the server cannot be reached.
std::shared_ptr<const Kept> Agent::State::fetch(const std::string& prompt, const std::string& selector) {
  http::Response got =
      ask(fmt::format("/api/v1/prompts/{}/snapshot?selector={}", percentEncode(prompt), percentEncode(selector)), 10);
  if (got.status == 200) return store.put(got.body);
  if (got.status == 404) return nullptr;
  throw error(got.status == 401 || got.status == 403 ? Code::denied : Code::unavailable,
              "the server at {} answers {} for prompt '{}'", options.url, got.status, shorten(prompt, 100));
}

std::shared_ptr<const Kept> Agent::State::find(const std::string& prompt, const std::string& selector) {
  if (auto kept = store.find(prompt, selector)) return kept;
  std::shared_ptr<const Kept> kept;
  for (std::int64_t before = -1;
       before != batches;) {  // a change in between may have looked past what was not kept yet
    before = batches;
    kept = fetch(prompt, selector);
  }
  if (!kept)
    throw error(Code::notFound, "the server at {} has no prompt '{}' with '{}'", options.url, shorten(prompt, 100),
                shorten(selector, 100));
  return kept;
}

http::Response Agent::State::answer(const http::Request& request, const delivery::Rendered& rendered, bool fixed) {
  http::Response response = api::native::sendRendered(request, rendered, fixed);
  response.headers.add("X-Regesta-Agent", fresh || fixed ? "fresh" : "stale");
  return response;
}

http::Response Agent::State::resolve(const http::Request& request) {
  api::native::ResolveQuestion question = api::native::resolveQuestion(request);
  auto kept = find(std::string(request.variable("name")), question.selector);
  return answer(request, kept->snapshot.resolve(kept->chooser.get(), question.context), false);
}

http::Response Agent::State::version(const http::Request& request) {
  auto kept = find(std::string(request.variable("name")), std::string(request.variable("selector")));
  return answer(request, kept->snapshot.version, kept->snapshot.fixed);
}

void Agent::State::mount() {
  // A prompt that is not kept yet is fetched, which waits.
  auto add = [&](std::string_view pattern, std::function<http::Response(const http::Request&)> handler) {
    http::Action action;
    action.whole = std::move(handler);
    action.runs = http::Runs::waiting;
    router.add("GET", pattern, std::move(action));
  };
  add("/api/v1/prompts/{name}/resolve", [this](const http::Request& request) { return resolve(request); });
  add("/api/v1/prompts/{name}/versions/{selector}", [this](const http::Request& request) { return version(request); });
  add("/health", [](const http::Request&) { return http::Response{200, "text/plain; charset=utf-8", {}, "OK"}; });
  add("/ready", [this](const http::Request&) {
    json::array lacking;
    for (const auto& [prompt, selector] : missing()) lacking.emplace_back(fmt::format("{}@{}", prompt, selector));
    json::object ready{{"fresh", fresh.load()}, {"kept", store.names().size()}, {"missing", std::move(lacking)}};
    return http::Response{200, "application/json", {}, json::serialize(ready)};
  });
}

void Agent::State::refresh(const AgentStore::Name& name) {
  if (!fetch(name.prompt, name.selector)) store.drop(name.prompt, name.selector);
}

/// Requested names that are not stored: mostly mistyped aliases.
std::vector<std::pair<std::string, std::string>> Agent::State::missing() {
  std::vector<std::pair<std::string, std::string>> lacking;
  for (const auto& one : options.wanted)
    if (!store.find(one.first, one.second)) lacking.push_back(one);
  return lacking;
}

void Agent::State::refreshAll() {
  for (const auto& [prompt, selector] : options.wanted)
    if (!fetch(prompt, selector))
      log(LogLevel::warn, "the server has no such prompt or alias yet", {{"prompt", prompt}, {"version", selector}});
  for (const AgentStore::Name& name : store.names())
    if (!name.fixed) refresh(name);
}

/// The index of the newest entry, before which everything is known once all is fetched.
std::int64_t Agent::State::newest() {
  http::Response got = ask("/api/v1/changes", 10);
  if (got.status != 200) throw error(Code::unavailable, "the change feed at {} answers {}", options.url, got.status);
  return parseJson(got.body).at("next").as_int64();
}

void Agent::State::followFrom(std::int64_t next) {
  while (!*stopping.lock()) {
    http::Response got = ask(fmt::format("/api/v1/changes?after={}&wait={}", next, waitSeconds), waitSeconds + 10);
    if (got.status != 200) throw error(Code::unavailable, "the change feed at {} answers {}", options.url, got.status);
    json::value batch = parseJson(got.body);
    std::int64_t now = batch.at("next").as_int64();
    if (now < next) throw error(Code::unavailable, "the change feed went back: {} is another server now", options.url);
    std::set<std::string, std::less<>> changed;
    for (const json::value& item : batch.at("items").as_array()) collectPrompts(item.at("body").as_object(), changed);
    if (!changed.empty()) ++batches;
    for (const AgentStore::Name& name : store.names())
      if (!name.fixed && changed.contains(name.prompt)) refresh(name);
    for (const auto& [prompt, selector] : missing())
      if (changed.contains(prompt)) fetch(prompt, selector);
    next = now;
    fresh = true;
  }
}

bool Agent::State::pause(std::chrono::milliseconds time) {
  auto guard = stopping.lock();
  return !guard.waitFor(stopped, time, [&] { return *guard; });
}

void Agent::State::follow() {
  std::chrono::milliseconds retry = shortestRetry;
  do {
    try {
      std::int64_t next = newest();
      refreshAll();
      fresh = true;
      retry = shortestRetry;
      followFrom(next);
    } catch (const std::exception& failure) {
      if (fresh.exchange(false))
        log(LogLevel::warn, "the change feed is unavailable; stored prompts are served", {{"error", failure.what()}});
    }
    retry = std::min(retry * 2, longestRetry);
  } while (pause(retry));
}

Agent::Agent(AgentOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Agent::~Agent() { stop(); }

void Agent::start() {
  State& state = *state_;
  server::Address address = server::parseAddress(state.options.listen);
  if (!address.loopback())
    throw error(Code::invalid,
                "listen: an agent answers everybody with its own rights, so it stays on this machine, "
                "not on {}",
                address.host);
  state.mount();
  http::ServerOptions options;
  options.host = address.host;
  options.port = address.port;
  // It serves every caller with its own permissions, like a server without users: the same rule applies.
  auto guard = std::make_shared<api::OriginGuard>(api::OriginRules{
      .asksForCredentials = [] { return false; }, .takesOtherOrigins = [](std::string_view) { return false; }});
  options.guard = [guard](http::Request& request) { guard->check(request); };
  state.http =
      std::make_unique<http::Server>(options, state.router, [](const http::Request& request, const Error& error) {
        return api::native::dialect().renderError(request, error);
      });
  state.http->start();
  state.follower = std::thread([&state] { state.follow(); });
}

std::uint16_t Agent::port() const { return state_->http->port(); }

void Agent::stop() {
  State& state = *state_;
  *state.stopping.lock() = true;
  state.stopped.notify_all();
  if (state.http) state.http->drain(5);
  if (state.follower.joinable()) state.follower.join();
}

int runAgent(AgentOptions options) {
  sigset_t signals = server::blockSignals();
  std::string host = server::parseAddress(options.listen).host;
  Agent agent(std::move(options));
  agent.start();
  std::printf("regesta agent %s serves on http://%s:%u\n", std::string(server::version).c_str(), host.c_str(),
              agent.port());
  std::fflush(stdout);
  server::awaitSignal(signals);
  agent.stop();
  return 0;
}

}  // namespace regesta::agent
