#include <gtest/gtest.h>

#include <thread>

#include <boost/asio/this_coro.hpp>

#include "base/cancel.h"
#include "base/sync.h"
#include "http/sse.h"
#include "live.h"

namespace regesta::http::test {
namespace {

using Milliseconds = std::chrono::milliseconds;

asio::awaitable<void> countBytes(Exchange& exchange) {
  std::vector<char> buffer(256 * 1024);
  std::uint64_t total = 0;
  while (std::size_t size = co_await exchange.read(buffer)) total += size;
  co_await exchange.respond(text(std::to_string(total)));
}

asio::awaitable<void> echoPieces(Exchange& exchange) {
  co_await exchange.begin(text({}), std::nullopt);
  char buffer[1000];
  while (std::size_t size = co_await exchange.read(buffer)) co_await exchange.write({buffer, size});
  co_await exchange.finish();
}

constexpr std::uint64_t largeSize = 300ULL * 1024 * 1024;

asio::awaitable<void> sendLarge(Exchange& exchange) {
  std::string piece(256 * 1024, 'x');
  co_await exchange.begin(text({}), largeSize);
  for (std::uint64_t sent = 0; sent < largeSize; sent += piece.size()) co_await exchange.write(piece);
  co_await exchange.finish();
}

void streamRoutes(Router& router) {
  router.add("PUT", "/count", streaming(countBytes));
  router.add("PUT", "/count-limited", streaming(countBytes, 1000));
  router.add("POST", "/pieces", streaming(echoPieces));
  router.add("GET", "/pieces", streaming(echoPieces));
  router.add("GET", "/download", streaming(sendLarge));
  router.add("GET", "/hello", whole([](const Request&) { return text("hello"); }));
}

class StreamingTest : public ::testing::Test {
 protected:
  Live live{streamRoutes};
  Peer peer{live.port()};
};

TEST_F(StreamingTest, UploadsStreamWithFlatMemory) {
  peer.send("PUT /count HTTP/1.1\r\nHost: x\r\nContent-Length: 314572800\r\n\r\n");
  std::string piece(1024 * 1024, 'u');
  peer.send(piece);
  std::size_t before = residentBytes();
  for (int i = 1; i < 300; ++i) peer.send(piece);
  std::string response = peer.receiveResponse();
  EXPECT_EQ(bodyOf(response), "314572800");
  EXPECT_LT(residentBytes(), before + 20'000'000);
}

TEST_F(StreamingTest, ChunkedUploadsAndAnswers) {
  peer.send(
      "POST /pieces HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  std::string response = peer.receiveUntil("\r\n0\r\n\r\n");
  EXPECT_EQ(headerOf(response, "Transfer-Encoding"), "chunked");
  EXPECT_EQ(headerOf(response, "Content-Length"), "");
  EXPECT_NE(response.find("hello"), std::string::npos);
  EXPECT_NE(response.find(" world"), std::string::npos);
  peer.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "hello");
}

TEST_F(StreamingTest, OldClientsGetAnUnknownLengthUntilTheClose) {
  peer.send("POST /pieces HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello");
  std::string response = peer.receiveAll();
  EXPECT_EQ(headerOf(response, "Transfer-Encoding"), "");
  EXPECT_EQ(bodyOf(response), "hello");
}

TEST_F(StreamingTest, HeadOfAStreamedAnswerHasNoBody) {
  peer.send(
      "HEAD /download HTTP/1.1\r\nHost: x\r\n\r\nHEAD /pieces HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: "
      "x\r\n\r\n");
  EXPECT_EQ(headerOf(peer.receiveResponse(true), "Content-Length"), std::to_string(largeSize));
  EXPECT_EQ(headerOf(peer.receiveResponse(true), "Transfer-Encoding"), "chunked");
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "hello");
}

TEST_F(StreamingTest, ALimitEndsAnUploadEarlyAndSaysSo) {
  peer.send("PUT /count-limited HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n" +
            std::string(1001, 'x'));
  EXPECT_EQ(statusOf(peer.receiveResponse()), 413);
  EXPECT_TRUE(peer.closesWithin(Milliseconds(2000)));
}

TEST_F(StreamingTest, ATruncatedUploadIsAnError) {
  peer.send("PUT /count HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
  peer.endSending();
  std::string response = peer.receiveAll();
  EXPECT_EQ(statusOf(response), 400);
  EXPECT_NE(response.find("ended before"), std::string::npos);
}

TEST_F(StreamingTest, ADownloadThatNobodyReadsHoldsNoMemory) {
  peer.send("GET /download HTTP/1.1\r\nHost: x\r\n\r\n");
  peer.receiveUntil("\r\n\r\n");
  std::size_t before = residentBytes();
  std::this_thread::sleep_for(Milliseconds(200));
  EXPECT_LT(residentBytes(), before + 10'000'000);
  std::uint64_t total = 0;
  while (total < largeSize) {
    std::string more = peer.receiveUntil("never", Milliseconds(2));
    if (more.empty() && peer.closesWithin(Milliseconds(0))) break;
    total += more.size();
  }
  EXPECT_EQ(total, largeSize);
}

TEST(Streaming, LongTransfersDoNotStarveTheirNeighbours) {
  // Small pieces to a fast reader: the writer never has to wait for it, so nothing but its manners lets others in.
  auto chatter = [](Exchange& exchange) -> asio::awaitable<void> {
    std::string piece(1000, 'x');
    co_await exchange.begin(text({}), std::nullopt);
    for (int i = 0; i < 100'000 && !exchange.draining(); ++i) co_await exchange.write(piece);
    co_await exchange.finish();
  };
  ServerOptions options;
  options.ioThreads = 1;
  Live live(
      [&](Router& router) {
        streamRoutes(router);
        router.add("GET", "/chatter", streaming(chatter));
      },
      options);
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> chattered{0};
  std::thread greedy([&] {
    while (!stop) {
      Peer peer(live.port());
      peer.send("GET /chatter HTTP/1.1\r\nHost: x\r\n\r\n");
      for (std::uint64_t got = 0; !stop && got < 100'000'000;) {
        std::size_t size = peer.discard();
        got += size;
        chattered += size;
      }
    }
  });
  // What others received while one small request waited; no time, which a busy machine would stretch.
  std::vector<std::uint64_t> meanwhile;
  Peer small(live.port());
  for (int i = 0; i < 100; ++i) {
    std::uint64_t before = chattered;
    small.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(bodyOf(small.receiveResponse()), "hello");
    meanwhile.push_back(chattered - before);
  }
  stop = true;
  greedy.join();
  std::ranges::nth_element(meanwhile, meanwhile.begin() + 50);
  EXPECT_LT(meanwhile[50], 10'000'000u) << "a whole transfer has ten times as much";
}

TEST(Streaming, NothingIsReadThatTheHandlerDoesNotAskFor) {
  std::atomic<bool> go{false};
  std::atomic<std::uint64_t> got{0};
  auto slow = [&](Exchange& exchange) -> asio::awaitable<void> {
    co_await exchange.waiting([&] {
      while (!go) std::this_thread::sleep_for(Milliseconds(1));
    });
    std::vector<char> buffer(65536);
    while (std::size_t size = co_await exchange.read(buffer)) got += size;
    co_await exchange.respond(text("ok"));
  };
  Live live([&](Router& router) { router.add("PUT", "/slow", streaming(slow)); });
  Peer peer(live.port());
  peer.send("PUT /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n");
  std::string piece(1'000'000, 'x');
  int accepted = 0;
  while (accepted < 100 && peer.trySend(piece, Milliseconds(200))) ++accepted;
  EXPECT_LT(accepted, 30) << "the kernel's buffers should be full long before";
  EXPECT_EQ(got, 0u);
  go = true;
  // trySend may have sent a part of its last piece: close instead of guessing, the handler must see the end.
  peer.endSending();
  EXPECT_EQ(statusOf(peer.receiveAll()), 400);
}

TEST(Streaming, WorkThatOnlyReadsHasADeadline) {
  auto endless = [](Exchange& exchange) -> asio::awaitable<void> {
    co_await exchange.reading([] {
      for (;;) {
        checkCancelled();
        std::this_thread::sleep_for(Milliseconds(1));
      }
    });
    co_await exchange.respond(text("never"));
  };
  ServerOptions options;
  options.streamReadMillis = 200;
  Live live(
      [&](Router& router) {
        router.add("GET", "/endless", streaming(endless));
        router.add("POST", "/endless", streaming(endless));
      },
      options);
  for (std::string_view method : {"GET", "POST"}) {
    Peer peer(live.port());
    peer.send(fmt::format("{} /endless HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", method));
    int status = statusOf(peer.receiveResponse());
    EXPECT_GE(status, 400);
    EXPECT_LT(status, 500) << "clients repeat what is temporary";
  }
}

TEST(Streaming, WhatWaitingWorkFindsComesBack) {
  auto handler = [](Exchange& exchange) -> asio::awaitable<void> {
    // Neither copied nor made by default.
    auto found = co_await exchange.waiting([] { return std::make_unique<const std::string>("from the other thread"); });
    co_await exchange.respond(text(*found));
  };
  Live live([&](Router& router) { router.add("GET", "/found", streaming(handler)); });
  Peer peer(live.port());
  peer.send("GET /found HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "from the other thread");
}

TEST(Streaming, ErrorsBeforeAndAfterTheHead) {
  auto before = [](Exchange& exchange) -> asio::awaitable<void> {
    co_await exchange.waiting([] { throw error(Code::notFound, "no such blob"); });
  };
  auto after = [](Exchange& exchange) -> asio::awaitable<void> {
    co_await exchange.begin(text({}), std::nullopt);
    co_await exchange.write("first");
    throw std::runtime_error("disk");
  };
  auto nothing = [](Exchange&) -> asio::awaitable<void> { co_return; };
  auto shorter = [](Exchange& exchange) -> asio::awaitable<void> {
    co_await exchange.begin(text({}), 10);
    co_await exchange.write("12345");
    co_await exchange.finish();
  };
  Live live([&](Router& router) {
    router.add("GET", "/before", streaming(before));
    router.add("GET", "/after", streaming(after));
    router.add("GET", "/nothing", streaming(nothing));
    router.add("GET", "/shorter", streaming(shorter));
  });
  Peer peer(live.port());
  peer.send("GET /before HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string response = peer.receiveResponse();
  EXPECT_EQ(statusOf(response), 404);
  EXPECT_NE(response.find("no such blob"), std::string::npos);
  peer.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(peer.receiveResponse()), 500);
  peer.send("GET /after HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string cut = peer.receiveAll();
  EXPECT_NE(cut.find("first"), std::string::npos);
  EXPECT_EQ(cut.find("0\r\n\r\n"), std::string::npos) << "a broken answer must not look complete";
  Peer second(live.port());
  second.send("GET /shorter HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(bodyOf(second.receiveAll()), "12345");
}

/// Subscribers of an event stream: what the change feed does.
struct Feed {
  Sync<std::vector<std::function<void()>>> wakers;
  std::atomic<int> events{0};
  std::atomic<int> open{0};

  void publish() {
    ++events;
    auto all = wakers.lock();
    for (auto& wake : *all) wake();
  }

  asio::awaitable<void> handle(Exchange& exchange) {
    struct Open {
      std::atomic<int>& count;
      explicit Open(std::atomic<int>& counted) : count(counted) { ++count; }
      ~Open() { --count; }
    } counted(open);
    wakers.lock()->push_back(exchange.waker());
    co_await exchange.begin(serverSentHead(), std::nullopt);
    for (int seen = 0; !exchange.draining();) {
      bool woken = co_await exchange.wait(std::chrono::seconds(30));
      for (; woken && seen < events; ++seen) co_await exchange.write(serverSentEvent(std::to_string(seen)));
    }
    co_await exchange.finish();
  }
};

TEST(EventStream, EveryWakeIsDeliveredToEverySubscriber) {
  Feed feed;
  Live live([&](Router& router) {
    router.add("GET", "/events", streaming([&](Exchange& exchange) { return feed.handle(exchange); }));
  });
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 50; ++i) {
    peers.push_back(std::make_unique<Peer>(live.port()));
    peers.back()->send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(headerOf(peers.back()->receiveUntil("\r\n\r\n"), "Content-Type"), "text/event-stream; charset=utf-8");
  }
  std::thread publisher([&] {
    for (int i = 0; i < 100; ++i) feed.publish();
  });
  for (auto& peer : peers) EXPECT_TRUE(peer->receiveUntil("data: 99\n\n").ends_with("data: 99\n\n"));
  publisher.join();
  // A subscriber that leaves is noticed without an event.
  peers.resize(10);
  EXPECT_TRUE(eventually([&] { return feed.open == 10; }));
  feed.publish();
  for (auto& peer : peers) EXPECT_TRUE(peer->receiveUntil("data: 100\n\n").ends_with("data: 100\n\n"));
  // A drain ends the streams properly, well before its limit.
  auto begin = std::chrono::steady_clock::now();
  live.server->drain(60);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(30));
  for (auto& peer : peers) EXPECT_TRUE(peer->receiveAll().ends_with("0\r\n\r\n"));
  feed.publish();  // the exchanges and the server's loops are gone; wakers must not mind
}

TEST(EventStream, WaitTimesOutAndWakesBeforeTheWaitCount) {
  auto poll = [](Exchange& exchange) -> asio::awaitable<void> {
    auto wake = exchange.waker();
    wake();
    bool first = co_await exchange.wait(Milliseconds(5000));
    auto begin = std::chrono::steady_clock::now();
    bool second = co_await exchange.wait(Milliseconds(50));
    bool lasted = std::chrono::steady_clock::now() - begin >= Milliseconds(50);
    std::thread([wake] { wake(); }).join();
    bool third = co_await exchange.wait(Milliseconds(5000));
    co_await exchange.respond(text(fmt::format("{} {} {} {}", first, second, lasted, third)));
  };
  Live live([&](Router& router) { router.add("GET", "/poll", streaming(poll)); });
  Peer peer(live.port());
  peer.send("GET /poll HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "true false true true");
}

}  // namespace
}  // namespace regesta::http::test
