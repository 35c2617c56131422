#include "api/ofrep/events.h"

#include "api/cors.h"
#include "api/feed.h"
#include "api/ofrep/dialect.h"
#include "base/encoding.h"
#include "base/text.h"
#include "crypto/password.h"
#include "http/exchange.h"
#include "http/sse.h"

namespace regesta::api::ofrep {
namespace {

using http::Exchange;
using Task = http::asio::awaitable<void>;

constexpr std::chrono::milliseconds pause{100};  // changes that come together are told once
constexpr std::chrono::seconds quiet{15};

std::string wordFor(Core& core, std::string_view workspace) {
  return core.access.capability(fmt::format("ofrep-events/{}", workspace));
}

std::string queryValue(const http::Request& request, std::string_view wanted) {
  for (auto& [name, value] : http::parseQuery(request.query))
    if (name == wanted) return value;
  return {};
}

/// Whoever holds the word hears that something changed in the workspace, and no more.
std::shared_ptr<const governance::Identity> holderOfWord(const std::string& workspace) {
  auto identity = std::make_shared<governance::Identity>();
  identity->actor.name = "word:ofrep-events";
  identity->grants = {{"reader", workspace, "*"}};
  return identity;
}

class Events final : public http::StreamHandler {
 public:
  explicit Events(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    FeedFilter filter;
    std::function<void()> work = [&] { filter = admitted(exchange.request()); };
    co_await exchange.waiting(std::move(work));
    auto watch = core_.feed.watch(filter, exchange.waker());
    http::Response head = http::serverSentHead();
    allowOrigin(core_, exchange.request(), head);
    co_await exchange.begin(std::move(head), std::nullopt);
    co_await exchange.write(http::serverSentRetry(std::chrono::seconds(1)));
    if (missed(exchange.request(), watch->since())) co_await exchange.write(refetch(watch->since() - 1));
    while (!exchange.draining()) {
      Feed::Watch::Taken taken = watch->take();
      std::int64_t last = lastOfPrompts(taken);
      if (last >= 0) {
        co_await exchange.write(refetch(last));
        co_await exchange.wait(pause);
      } else if (taken.events.empty()) {
        bool woken = co_await exchange.wait(quiet);
        if (!woken && !exchange.draining()) co_await exchange.write(http::serverSentHeartbeat());
      }
    }
    co_await exchange.finish();
  }

 private:
  /// What the caller may follow.
  FeedFilter admitted(const http::Request& request) {
    std::string workspace = queryValue(request, "workspace"), word = queryValue(request, "word");
    if (!word.empty() && crypto::constantTimeEquals(word, wordFor(core_, workspace)))
      return {holderOfWord(workspace), workspace, ""};
    Call call = admit(core_, request, reads("prompts"), dialect());
    if (workspace.empty()) workspace = call.workspace;
    call.identity->require(governance::Verb::read, workspace);
    return {call.identity, workspace, ""};
  }

  static std::string refetch(std::int64_t index) {
    return http::serverSentEvent(R"({"type":"refetchEvaluation"})", std::to_string(index));
  }

  /// A page that comes back evaluates anew in any case; it is told so when it may have missed something.
  static bool missed(const http::Request& request, std::int64_t since) {
    auto last = request.headers.get("Last-Event-ID");
    auto index = last ? parseInteger(*last) : std::nullopt;
    return index && *index >= 0 && *index + 1 < since;
  }

  /// The last entry that a flag may depend on, -1 when there is none. Who was late has missed some: that counts.
  static std::int64_t lastOfPrompts(const Feed::Watch::Taken& taken) {
    std::int64_t last = taken.late && !taken.events.empty() ? taken.events.back()->index : -1;
    for (const auto& event : taken.events)
      if (event->subject.starts_with("prompt/")) last = event->index;
    return last;
  }

  Core& core_;
};

}  // namespace

std::string eventsUri(const Call& call) {
  return fmt::format("/ofrep/v1/events?workspace={}&word={}", percentEncode(call.workspace),
                     wordFor(call.core, call.workspace));
}

void mountEvents(http::Router& router, Core& core) {
  router.add("GET", "/ofrep/v1/events", http::streaming(std::make_shared<Events>(core), 1));
}

}  // namespace regesta::api::ofrep
