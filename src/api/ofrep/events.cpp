#include "api/ofrep/events.h"

#include "api/admitted.h"
#include "api/cors.h"
#include "api/feed.h"
#include "api/ofrep/dialect.h"
#include "api/streaming.h"
#include "base/encoding.h"
#include "base/text.h"
#include "crypto/password.h"
#include "http/sse.h"

namespace regesta::api::ofrep {
namespace {

using http::Exchange;

constexpr std::chrono::milliseconds pause{100};  // simultaneous changes are sent once
constexpr std::chrono::seconds quiet{15};

std::string wordFor(Core& core, std::string_view workspace, std::string_view actor) {
  return core.access.capability(fmt::format("ofrep-events/{}/{}", workspace, actor));
}

std::string queryValue(const http::Request& request, std::string_view wanted) {
  for (auto& [name, value] : http::parseQuery(request.query))
    if (name == wanted) return value;
  return {};
}

/// Who follows the events of a workspace: by credentials, or by the word that an evaluation gave to `actor`.
class Follower final : public http::Caller {
 public:
  Follower(Core& core, FeedFilter filter, std::shared_ptr<http::Caller> byCredentials, std::string actor)
      : filter(std::move(filter)), core_(core), byCredentials_(std::move(byCredentials)), actor_(std::move(actor)) {
    number_ = core_.access.changes();
  }
  std::string_view account() const override { return byCredentials_ ? byCredentials_->account() : actor_; }
  bool current() override { return byCredentials_ ? byCredentials_->current() : number_ == core_.access.changes(); }
  bool holds() override {
    if (byCredentials_) return byCredentials_->holds();
    std::uint64_t number = core_.access.changes();
    try {
      if (!core_.access.mayRead(actor_, filter.workspace)) return false;
    } catch (const std::exception&) {
      return false;
    }
    number_ = number;
    return true;
  }

  const FeedFilter filter;

 private:
  Core& core_;
  std::shared_ptr<http::Caller> byCredentials_;
  std::string actor_;
  std::uint64_t number_ = 0;
};

/// Hears that something changed in the workspace, and no more.
std::shared_ptr<const access::Identity> holderOfWord(const std::string& workspace) {
  auto identity = std::make_shared<access::Identity>();
  identity->actor.name = "word:ofrep-events";
  identity->grants = {{"reader", workspace, "*"}};
  return identity;
}

std::shared_ptr<http::Caller> admitStream(Core& core, const http::Request& request) {
  std::string workspace = queryValue(request, "workspace"), word = queryValue(request, "word");
  std::string actor = queryValue(request, "as");
  if (!word.empty() && crypto::constantTimeEquals(word, wordFor(core, workspace, actor))) {
    if (!core.access.mayRead(actor, workspace))
      throw error(Code::denied, "'{}', to whom this URL was issued, may no longer read workspace '{}'", actor,
                  workspace);
    return std::make_shared<Follower>(core, FeedFilter{holderOfWord(workspace), workspace, ""}, nullptr, actor);
  }
  std::shared_ptr<Admitted> admitted = admitHead(core, request, reads("prompts"), dialect());
  if (workspace.empty()) workspace = admitted->workspace();
  admitted->identity()->require(access::Verb::read, workspace);
  return std::make_shared<Follower>(core, FeedFilter{admitted->identity(), workspace, ""}, admitted, "");
}

class Events final : public http::StreamHandler {
 public:
  explicit Events(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    auto& follower = dynamic_cast<Follower&>(*exchange.request().caller);
    auto watch = core_.feed.watch(follower.filter, exchange.waker());
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
  static std::string refetch(std::int64_t index) {
    return http::serverSentEvent(R"({"type":"refetchEvaluation"})", std::to_string(index));
  }

  /// A page that reconnects evaluates again anyway; it gets an event if it may have missed one.
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
  const std::string& actor = call.actor().name;
  return fmt::format("/ofrep/v1/events?workspace={}&as={}&word={}", percentEncode(call.workspace), percentEncode(actor),
                     wordFor(call.core, call.workspace, actor));
}

std::span<const StreamRoute> eventStreams() {
  static const StreamRoute routes[] = {{.method = "GET",
                                        .pattern = "/ofrep/v1/events",
                                        .summary = "Watch flag changes",
                                        .access = reads("prompts, or by an address that was given to a reader"),
                                        .make = makeStream<Events>,
                                        .lasting = true,
                                        .door = admitStream}};
  return routes;
}

}  // namespace regesta::api::ofrep
