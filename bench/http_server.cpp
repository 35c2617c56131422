// The HTTP layer alone, for bench/http_bench.py: answers the bytes that nginx answers beside it.
//   bench_http FILE [CERTIFICATE KEY]    prints its port; ends with its standard input
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "base/metrics.h"
#include "http/exchange.h"
#include "http/server.h"

using namespace regesta;
using namespace regesta::http;

namespace {

class Discard final : public StreamHandler {
 public:
  asio::awaitable<void> handle(Exchange& exchange) override {
    std::vector<char> buffer(256 * 1024);
    std::uint64_t total = 0;
    while (std::size_t size = co_await exchange.read(buffer)) total += size;
    co_await exchange.respond({200, "text/plain", {}, std::to_string(total)});
  }
};

class Send final : public StreamHandler {
 public:
  asio::awaitable<void> handle(Exchange& exchange) override {
    constexpr std::uint64_t size = 1ULL << 30;
    std::string piece(256 * 1024, 'x');
    Response head{200, "application/octet-stream", {}, {}};
    co_await exchange.begin(head, size);
    for (std::uint64_t sent = 0; sent < size; sent += piece.size()) co_await exchange.write(piece);
    co_await exchange.finish();
  }
};

Action whole(std::function<Response(const Request&)> handle, Runs runs) {
  return {.whole = std::move(handle), .runs = runs};
}
Action stream(std::shared_ptr<StreamHandler> handler) {
  return {.stream = std::move(handler), .bodyLimit = 1ULL << 40};
}

}  // namespace

int main(int count, char** arguments) {
  std::ifstream file(count > 1 ? arguments[1] : "");
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  Router router;
  router.add("GET", "/health",
             whole([](const Request&) { return Response{200, "text/plain", {}, "OK"}; }, Runs::inline_));
  router.add("GET", "/waiting",
             whole([](const Request&) { return Response{200, "text/plain", {}, "OK"}; }, Runs::waiting));
  router.add("GET", "/file",
             whole([&](const Request&) { return Response{200, "application/json", {}, bytes}; }, Runs::inline_));
  router.add("GET", "/metrics",
             whole([](const Request&) { return Response{200, "text/plain", {}, renderMetrics()}; }, Runs::inline_));
  router.add("PUT", "/discard", stream(std::make_shared<Discard>()));
  router.add("GET", "/send", stream(std::make_shared<Send>()));
  ServerOptions options;
  options.ioThreads = 1;
  if (count > 3) {
    options.certificateFile = arguments[2];
    options.keyFile = arguments[3];
  }
  if (const char* log = std::getenv("ACCESS_LOG")) options.accessLog = log;
  Server server(options, router, [](const Request&, const Error& failure) {
    return Response{httpStatus(failure.code), "text/plain", {}, failure.message};
  });
  server.start();
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server.drain(1);
}
