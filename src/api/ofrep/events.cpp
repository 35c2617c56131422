#include "api/ofrep/events.h"

#include "api/cors.h"
#include "api/ofrep/dialect.h"
#include "base/encoding.h"
#include "base/text.h"
#include "crypto/password.h"
#include "http/exchange.h"
#include "http/sse.h"
#include "ledger/log.h"

namespace regesta::api::ofrep {
namespace {

using http::Exchange;
using Task = http::asio::awaitable<void>;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause{100};  // changes that come together are told once
constexpr std::chrono::seconds quiet{15};
constexpr std::int64_t entriesAtOnce = 500;

std::string wordFor(Core& core, std::string_view workspace) {
  return core.access.capability(fmt::format("ofrep-events/{}", workspace));
}

std::string queryValue(const http::Request& request, std::string_view wanted) {
  for (auto& [name, value] : http::parseQuery(request.query))
    if (name == wanted) return value;
  return {};
}

class Events final : public http::StreamHandler {
 public:
  explicit Events(Core& core) : core_(core) {}

  Task handle(Exchange& exchange) override {
    std::string workspace;
    std::function<void()> work = [&] { workspace = admitted(exchange.request()); };
    co_await exchange.waiting(std::move(work));
    std::int64_t from = startOf(exchange.request());
    http::Response head = http::serverSentHead();
    allowOrigin(core_, exchange.request(), head);
    co_await exchange.begin(std::move(head), std::nullopt);
    co_await exchange.write(http::serverSentRetry(std::chrono::seconds(1)));
    Clock::time_point lastSent = Clock::now();
    while (!exchange.draining()) {
      std::string out;
      if (core_.log.size() > from && changedSince(workspace, from))
        out = http::serverSentEvent(R"({"type":"refetchEvaluation"})", std::to_string(from - 1));
      if (out.empty() && Clock::now() - lastSent > quiet) out = http::serverSentHeartbeat();
      if (!out.empty()) {
        co_await exchange.write(out);
        lastSent = Clock::now();
      }
      co_await exchange.wait(pause);
    }
    co_await exchange.finish();
  }

 private:
  /// The workspace that the caller may follow.
  std::string admitted(const http::Request& request) {
    std::string workspace = queryValue(request, "workspace");
    std::string word = queryValue(request, "word");
    if (!word.empty() && crypto::constantTimeEquals(word, wordFor(core_, workspace))) return workspace;
    Call call = admit(core_, request, reads("prompts"), dialect());
    if (!workspace.empty()) call.identity->require(governance::Verb::read, workspace);
    return workspace.empty() ? call.workspace : workspace;
  }

  std::int64_t startOf(const http::Request& request) {
    auto last = request.headers.get("Last-Event-ID");
    auto index = last ? parseInteger(*last) : std::nullopt;
    return index && *index >= 0 ? *index + 1 : core_.log.size();
  }

  /// Whether an entry from `from` on is about a prompt of the workspace; moves `from` behind what was looked at.
  bool changedSince(const std::string& workspace, std::int64_t& from) {
    return core_.store.read([&](db::Session& session) {
      bool changed = false;
      auto rows = session.query("SELECT idx, body FROM ledger_entry WHERE idx >= $1 ORDER BY idx LIMIT $2",
                                {from, entriesAtOnce});
      while (rows.next()) {
        from = rows.integer(0) + 1;
        json::value body = parseJson(rows.view(1));
        const json::value* where = body.as_object().if_contains("workspace");
        const json::value* subject = body.as_object().if_contains("subject");
        changed = changed || (where && where->is_string() && where->get_string() == workspace && subject &&
                              subject->is_string() && std::string_view(subject->get_string()).starts_with("prompt/"));
      }
      return changed;
    });
  }

  Core& core_;
};

}  // namespace

std::string eventsUri(const Call& call) {
  return fmt::format("/ofrep/v1/events?workspace={}&word={}", percentEncode(call.workspace),
                     wordFor(call.core, call.workspace));
}

void mountEvents(http::Router& router, Core& core) {
  http::Action action;
  action.stream = std::make_shared<Events>(core);
  action.bodyLimit = 1;
  router.add("GET", "/ofrep/v1/events", std::move(action));
}

}  // namespace regesta::api::ofrep
