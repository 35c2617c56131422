// GET /api/v1/changes: the committed ledger as a feed, for callers who may read the workspaces its entries are about.
#include <chrono>

#include "api/feed.h"
#include "api/native/common.h"
#include "api/native/front.h"
#include "api/streaming.h"
#include "base/text.h"
#include "http/sse.h"

namespace regesta::api::native {
namespace {

using http::Exchange;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds quiet{15};  // then a comment, which keeps proxies from closing the stream
constexpr std::int64_t longestWait = 60;

struct Asked {
  FeedFilter filter;
  std::int64_t from = -1;  ///< the first index that is wanted; -1: what comes from now on
  std::int64_t wait = 0;   ///< seconds
  bool stream = false;
};

std::int64_t number(std::string_view name, std::string_view value) {
  auto parsed = parseInteger(value);
  if (!parsed || *parsed < -1) throw Invalid(std::string(name), "must be a whole number");
  return *parsed;
}

Asked askedBy(const Call& call) {
  Asked request;
  request.filter.identity = call.identity;
  for (const auto& [name, value] : http::parseQuery(call.http.query)) {
    if (name == "after") request.from = number(name, value) + 1;
    if (name == "wait") request.wait = std::clamp<std::int64_t>(number(name, value), 0, longestWait);
    if (name == "subject" || name == "prompt") {
      request.filter.subject = name == "prompt" ? "prompt/" + value : value;
      request.filter.workspace = call.workspace;
    }
  }
  if (auto last = call.http.headers.get("Last-Event-ID"))
    if (auto index = parseInteger(*last); index && *index >= 0) request.from = *index + 1;
  auto accept = call.http.headers.get("Accept");
  request.stream = accept && accept->find("text/event-stream") != std::string_view::npos;
  return request;
}

class Changes final : public http::StreamHandler {
 public:
  explicit Changes(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::optional<Call> call;
    co_await enter(exchange, core_, reads("changes"), dialect(), call);
    Asked request = askedBy(*call);
    call.reset();
    auto watch = core_.feed.watch(request.filter, exchange.waker());
    if (request.from < 0) request.from = watch->since();
    if (request.stream)
      co_await events(exchange, request, *watch);
    else
      co_await longPoll(exchange, request, *watch);
  }

 private:
  /// A page of entries from before the subscription; then request.from points after it.
  Feed::Page earlier(Asked& request, const Feed::Watch& watch) {
    Feed::Page page = core_.feed.read(request.filter, request.from, watch.since());
    request.from = page.next > request.from ? page.next : watch.since();
    return page;
  }

  static std::string joined(const FeedEvents& events) {
    std::string out;
    for (const auto& event : events) out += event->event;
    return out;
  }

  Task events(Exchange& exchange, Asked& request, Feed::Watch& watch) {
    http::Response head = http::serverSentHead();
    co_await exchange.begin(std::move(head), std::nullopt);
    std::string hello(http::serverSentHeartbeat());
    co_await exchange.write(hello);
    while (request.from < watch.since() && !exchange.draining()) {
      std::string out = joined(earlier(request, watch).events);
      co_await exchange.write(out);
    }
    while (!exchange.draining()) {
      Feed::Watch::Taken taken = watch.take();
      for (const auto& event : taken.events) co_await exchange.write(event->event);
      if (taken.late) break;  // the client comes back with Last-Event-ID and gets the rest from the database
      if (!taken.events.empty()) continue;
      bool woken = co_await exchange.wait(quiet);
      if (woken || exchange.draining()) continue;
      co_await exchange.write(http::serverSentHeartbeat());
    }
    co_await exchange.finish();
  }

  Task longPoll(Exchange& exchange, Asked& request, Feed::Watch& watch) {
    auto until = Clock::now() + std::chrono::seconds(request.wait);
    FeedEvents found;
    std::int64_t next = request.from;
    while (request.from < watch.since() && found.empty()) {
      found = earlier(request, watch).events;
      next = request.from;
    }
    while (found.empty() && request.from >= watch.since() && !exchange.draining()) {
      found = watch.take().events;
      auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
      if (!found.empty() || left.count() <= 0) break;
      co_await exchange.wait(left);
    }
    if (!found.empty()) next = std::max(next, found.back()->index + 1);
    http::Response answer;
    JsonWriter writer(answer.body);
    writer.object().key("items").array();
    for (const auto& event : found)
      writer.object().key("index").number(event->index).key("body").raw(event->body).end();
    writer.end().key("next").number(next - 1).end();
    co_await exchange.respond(std::move(answer));
  }

  Core& core_;
};

}  // namespace

std::span<const StreamRoute> changeStreams() {
  static const StreamRoute routes[] = {
      {"GET", "/api/v1/changes", "Watch changes", reads("changes"), makeStream<Changes>, 1, /*lasting=*/true}};
  return routes;
}

}  // namespace regesta::api::native
