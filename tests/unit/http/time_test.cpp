// What time does to connections: limits on slow peers, and the drain.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

#include "live.h"

namespace regesta::http::test {
namespace {

using Milliseconds = std::chrono::milliseconds;

std::atomic<int> begun{0}, pourings{0};
std::atomic<bool> released{false};  ///< GET /slow answers

asio::awaitable<void> takeAll(Exchange& exchange) {
  ++begun;
  char buffer[4096];
  while (co_await exchange.read(buffer) > 0) {
  }
  co_await exchange.respond(text("taken"));
}

asio::awaitable<void> pourOut(Exchange& exchange) {
  ++pourings;
  auto ended = std::shared_ptr<void>(nullptr, [](void*) { --pourings; });
  std::string piece(1 << 20, 'x');
  co_await exchange.begin(text({}), std::nullopt);
  for (int i = 0; i < 1000; ++i) co_await exchange.write(piece);
  co_await exchange.finish();
}

void routes(Router& router) {
  router.add("GET", "/hello", whole([](const Request&) { return text("hello"); }));
  router.add("POST", "/echo", whole([](const Request& request) { return text(request.body); }));
  router.add("PUT", "/take", streaming(takeAll));
  router.add("GET", "/pour", streaming(pourOut));
  router.add("GET", "/slow",
             whole(
                 [](const Request&) {
                   ++begun;
                   eventually([] { return released.load(); });
                   return text("slow");
                 },
                 Runs::waiting));
}

ServerOptions impatient() {
  ServerOptions options;
  options.headTimeoutSeconds = options.idleTimeoutSeconds = options.bodyTimeoutSeconds = 1;
  return options;
}

/// True when the server ends the connection after a time that the limit of one second explains, and not the limits that
/// hold without it.
bool cutInTime(Peer& peer) {
  auto begin = std::chrono::steady_clock::now();
  bool closed = peer.closesWithin(std::chrono::seconds(12));
  return closed && std::chrono::steady_clock::now() - begin > Milliseconds(700);
}

TEST(Timeouts, ConnectionsThatNeverAskAndIdleOnesAreClosed) {
  Live live(routes, impatient());
  Peer silent(live.port());
  EXPECT_TRUE(cutInTime(silent));
  Peer idle(live.port());
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(idle.receiveResponse()), 200);
  EXPECT_TRUE(cutInTime(idle));
}

TEST(Timeouts, SlowLorisGetsNoExtraTime) {
  Live live(routes, impatient());
  Peer loris(live.port());
  loris.send("GET /hello HTTP/1.1\r\nHost: x\r\n");
  std::string response;
  for (int i = 0; i < 120 && response.empty(); ++i) {
    loris.trySend("A: b\r\n", Milliseconds(10));
    response = loris.receiveUntil("\r\n\r\n", Milliseconds(100));
  }
  EXPECT_EQ(statusOf(response), 408);
}

TEST(Timeouts, BodiesThatStopAreAnsweredAndCut) {
  Live live(routes, impatient());
  for (std::string_view head : {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
                                "PUT /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    Peer peer(live.port());
    peer.send(head);
    EXPECT_EQ(statusOf(peer.receiveUntil("\r\n\r\n", std::chrono::seconds(30))), 408) << head;
  }
}

TEST(Timeouts, AStreamedBodyMayBeSlowAsLongAsItMoves) {
  ServerOptions options;
  options.bodyTimeoutSeconds = 3;
  Live live(routes, options);
  Peer peer(live.port());
  peer.send("PUT /take HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(Milliseconds(700));
    peer.send("x");
  }
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "taken");
}

TEST(Timeouts, APeerThatDoesNotReadIsCut) {
  Live live(routes, impatient());
  Peer peer(live.port());
  peer.send("GET /pour HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(eventually([] { return pourings == 1; }));
  EXPECT_TRUE(eventually([] { return pourings == 0; })) << "nobody reads, and still it is sent";
  std::string got = peer.receiveAll();
  EXPECT_LT(got.size(), 500u << 20);
  EXPECT_FALSE(got.ends_with("0\r\n\r\n"));
}

TEST(Drain, RunningRequestsFinishAndIdleConnectionsClose) {
  Live live(routes);
  Peer idle(live.port()), busy(live.port());
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(idle.receiveResponse()), 200);
  begun = 0;
  released = false;
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(eventually([] { return begun == 1; }));
  std::thread drain([&] { live.server->drain(60); });
  EXPECT_TRUE(idle.closesWithin(std::chrono::seconds(30)));
  released = true;
  std::string response = busy.receiveResponse();
  EXPECT_EQ(bodyOf(response), "slow");
  EXPECT_EQ(headerOf(response, "Connection"), "close");
  auto begin = std::chrono::steady_clock::now();
  drain.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30)) << "nothing is left to wait for";
  EXPECT_THROW(Peer(live.port()), std::runtime_error);
}

TEST(Drain, TimeOverCutsTheRest) {
  Live live(routes);
  Peer stuck(live.port());
  begun = 0;
  stuck.send("PUT /take HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(eventually([] { return begun == 1; }));
  auto begin = std::chrono::steady_clock::now();
  live.server->drain(1);
  auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, Milliseconds(900));
  EXPECT_LT(took, std::chrono::seconds(30)) << "less than the limit of a body that stops";
  EXPECT_EQ(stuck.receiveAll().find("taken"), std::string::npos);
}

}  // namespace
}  // namespace regesta::http::test
