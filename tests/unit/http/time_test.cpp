// What time does to connections: limits on slow peers, and the drain.
#include <gtest/gtest.h>

#include <thread>

#include "live.h"

namespace regesta::http::test {
namespace {

using Milliseconds = std::chrono::milliseconds;

asio::awaitable<void> takeAll(Exchange& exchange) {
  char buffer[4096];
  while (co_await exchange.read(buffer) > 0) {
  }
  co_await exchange.respond(text("taken"));
}

asio::awaitable<void> pourOut(Exchange& exchange) {
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
                   std::this_thread::sleep_for(Milliseconds(400));
                   return text("slow");
                 },
                 Runs::waiting));
}

ServerOptions impatient() {
  ServerOptions options;
  options.headTimeoutSeconds = options.idleTimeoutSeconds = options.bodyTimeoutSeconds = 1;
  return options;
}

/// True when the server ends within a time that the limit of one second explains.
bool cutInTime(Peer& peer, const std::function<void()>& meanwhile = [] {}) {
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 30; ++i) {
    meanwhile();
    if (peer.closesWithin(Milliseconds(100))) break;
  }
  auto took = std::chrono::steady_clock::now() - begin;
  return took > Milliseconds(700) && took < Milliseconds(2000);
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
  auto begin = std::chrono::steady_clock::now();
  std::string response;
  for (int i = 0; i < 40 && response.empty(); ++i) {
    loris.trySend("A: b\r\n", Milliseconds(10));
    response = loris.receiveUntil("\r\n\r\n", Milliseconds(100));
  }
  EXPECT_EQ(statusOf(response), 408);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Milliseconds(2000));
}

TEST(Timeouts, BodiesThatStopAreAnsweredAndCut) {
  Live live(routes, impatient());
  for (std::string_view head : {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
                                "PUT /take HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    Peer peer(live.port());
    peer.send(head);
    EXPECT_EQ(statusOf(peer.receiveUntil("\r\n\r\n", Milliseconds(3000))), 408) << head;
  }
}

TEST(Timeouts, AStreamedBodyMayBeSlowAsLongAsItMoves) {
  Live live(routes, impatient());
  Peer peer(live.port());
  peer.send("PUT /take HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(Milliseconds(400));
    peer.send("x");
  }
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "taken");
}

TEST(Timeouts, APeerThatDoesNotReadIsCut) {
  Live live(routes, impatient());
  Peer peer(live.port());
  peer.send("GET /pour HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(Milliseconds(2500));
  std::string got = peer.receiveAll();
  EXPECT_LT(got.size(), 500u << 20);
  EXPECT_FALSE(got.ends_with("0\r\n\r\n"));
}

TEST(Drain, RunningRequestsFinishAndIdleConnectionsClose) {
  Live live(routes);
  Peer idle(live.port()), busy(live.port());
  idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(idle.receiveResponse()), 200);
  busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(Milliseconds(100));
  std::thread drain([&] { live.server->drain(10); });
  EXPECT_TRUE(idle.closesWithin(Milliseconds(300)));
  std::string response = busy.receiveResponse();
  EXPECT_EQ(bodyOf(response), "slow");
  EXPECT_EQ(headerOf(response, "Connection"), "close");
  auto begin = std::chrono::steady_clock::now();
  drain.join();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Milliseconds(1000));
  EXPECT_THROW(Peer(live.port()), std::runtime_error);
}

TEST(Drain, TimeOverCutsTheRest) {
  Live live(routes);
  Peer stuck(live.port());
  stuck.send("PUT /take HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  std::this_thread::sleep_for(Milliseconds(50));
  auto begin = std::chrono::steady_clock::now();
  live.server->drain(1);
  auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(took, Milliseconds(900));
  EXPECT_LT(took, Milliseconds(2000));
  EXPECT_EQ(stuck.receiveAll().find("taken"), std::string::npos);
}

}  // namespace
}  // namespace regesta::http::test
