#include <chrono>

#include "api/native/front.h"
#include "api/native/jobs.h"
#include "api/streaming.h"

namespace regesta::api::native {

namespace {

constexpr std::chrono::milliseconds pause{250};  // between two looks for work: it may come from another server
constexpr std::size_t orderLimit = 4096;

/// POST /api/v1/jobs/lease: a job, as soon as there is one; 204 when the wait is over without.
class LeaseJob final : public http::StreamHandler {
 public:
  explicit LeaseJob(Core& core) : core_(core) {}

  Task handle(http::Exchange& exchange) override {
    std::string body;
    char piece[1024];
    while (std::size_t count = co_await exchange.read(piece)) body.append(piece, count);
    std::optional<Call> call;
    LeaseOrder order;
    co_await exchange.waiting([&] {
      call.emplace(admit(core_, exchange.request(), runs("jobs"), dialect()));
      order = readAs<LeaseOrder>(body.empty() ? json::value(json::object()) : parseJson(body), dialect().manner);
    });
    auto until = std::chrono::steady_clock::now() + std::chrono::seconds(order.wait);
    std::optional<LeaseAnswer> leased;
    while (true) {
      leased = co_await exchange.waiting(
          [&] { return isWorkDue(*call, order) ? leaseNow(*call, order) : std::optional<LeaseAnswer>(); });
      if (leased || exchange.draining() || std::chrono::steady_clock::now() >= until) break;
      co_await exchange.wait(pause);
    }
    http::Response answer;
    answer.status = leased ? 200 : 204;
    if (leased) answer.body = writeAs(*leased);
    co_await exchange.respond(std::move(answer));
  }

 private:
  Core& core_;
};

}  // namespace

std::span<const StreamRoute> jobStreams() {
  static const StreamRoute routes[] = {
      {"POST", "/api/v1/jobs/lease", "Lease a job", runs("jobs"), makeStream<LeaseJob>, orderLimit, /*lasting=*/true}};
  return routes;
}

}  // namespace regesta::api::native
