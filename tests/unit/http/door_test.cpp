// What a route's door, its caller and a hang-up do to a request.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "base/cancel.h"
#include "base/limits_edge.h"
#include "http/caller.h"
#include "live.h"

namespace regesta::http::test {
namespace {

using namespace std::chrono_literals;

struct Somebody final : Caller {
  std::string_view account() const override { return "somebody"; }
  bool current() override { return !revoked; }
  bool holds() override { return !revoked; }
  static inline std::atomic<bool> revoked{false};
};

Action guarded(Action action) {
  action.door = [](Request& request) -> std::optional<Response> {
    if (!request.headers.get("Authorization")) return text("who are you?", 401);
    request.caller = std::make_shared<Somebody>();
    return std::nullopt;
  };
  return action;
}

bool soon(const std::function<bool()>& condition) {
  for (int i = 0; i < 6000; ++i, std::this_thread::sleep_for(10ms))
    if (condition()) return true;
  return false;
}

class DoorTest : public testing::Test {
 protected:
  void SetUp() override { Somebody::revoked = false; }
  std::atomic<int> handled{0};
  std::atomic<bool> began{false}, cancelled{false};

  std::function<void(Router&)> routes() {
    return [this](Router& router) {
      router.add("POST", "/whole", guarded(whole([this](const Request& request) {
                   ++handled;
                   return text(request.caller ? "let in" : "nobody");
                 })));
      router.add("POST", "/stream", guarded(streaming([this](Exchange& exchange) -> asio::awaitable<void> {
                   ++handled;
                   char piece[100];
                   while (co_await exchange.read(piece) > 0) {
                   }
                   co_await exchange.respond(text("taken"));
                 })));
      Action events = guarded(streaming([this](Exchange& exchange) -> asio::awaitable<void> {
        co_await exchange.begin(text(""), std::nullopt);
        co_await exchange.write("hello\n");
        began = true;
        while (!exchange.draining()) co_await exchange.wait(60s);
        co_await exchange.finish();
      }));
      events.lasting = true;
      router.add("GET", "/events", std::move(events));
      Action slow = whole(
          [this](const Request&) {
            began = true;
            const Cancellation* work = Cancellation::current();
            cancelled = work != nullptr && soon([work] { return work->cancelled(); });
            return text("late");
          },
          Runs::waiting);
      slow.lane = Lane::scan;
      router.add("GET", "/slow", std::move(slow));
    };
  }
};

TEST_F(DoorTest, refusesBeforeAByteOfTheBodyIsTaken) {
  Live live(routes());
  for (std::string path : {"/whole", "/stream"}) {
    Peer peer(live.port());
    peer.send("POST " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_NE(peer.receiveResponse().find("401"), std::string::npos);
  }
  EXPECT_EQ(handled, 0);
  Peer peer(live.port());
  peer.send("POST /whole HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\nContent-Length: 1\r\n\r\nz");
  EXPECT_NE(peer.receiveResponse().find("let in"), std::string::npos);
}

TEST_F(DoorTest, aStreamEndsWithWhatOpenedIt) {
  Live live(routes());
  Peer peer(live.port());
  peer.send("GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\n\r\n");
  ASSERT_TRUE(soon([&] { return began.load(); }));
  Somebody::revoked = true;
  std::string all = peer.receiveAll();
  EXPECT_NE(all.find("hello"), std::string::npos);
  EXPECT_FALSE(all.ends_with("0\r\n\r\n")) << "a stream that was cut must not look complete";
}

TEST_F(DoorTest, streamsOfOneCallerAreCounted) {
  ServerOptions options;
  options.streamsPerCaller = 1;
  Live live(routes(), options);
  auto first = std::make_unique<Peer>(live.port());
  first->send("GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\n\r\n");
  ASSERT_TRUE(soon([&] { return began.load(); }));
  Peer second(live.port());
  second.send("GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\n\r\n");
  EXPECT_NE(second.receiveResponse().find("429"), std::string::npos);
  first.reset();
  EXPECT_TRUE(soon([&] {
    Peer third(live.port());
    third.send("GET /events HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\n\r\n");
    return third.receiveUntil("\r\n\r\n").find("200") != std::string::npos;
  }));
}

TEST_F(DoorTest, bytesOfADayAreCounted) {
  ServerOptions options;
  options.bytesPerDay = 10;
  Live live(routes(), options);
  std::string request = "POST /whole HTTP/1.1\r\nHost: x\r\nAuthorization: y\r\nContent-Length: 6\r\n\r\n123456";
  Peer peer(live.port());
  peer.send(request);
  EXPECT_NE(peer.receiveResponse().find("200"), std::string::npos);
  peer.send(request);
  EXPECT_NE(peer.receiveResponse().find("413"), std::string::npos);
  EXPECT_EQ(handled, 1);
}

TEST_F(DoorTest, aHangUpCancelsTheWork) {
  Live live(routes());
  {
    Peer peer(live.port());
    peer.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(soon([&] { return began.load(); }));
  }
  EXPECT_TRUE(soon([&] { return cancelled.load(); }));
}

TEST_F(DoorTest, theGuardSeesEveryRequestBeforeItsRoute) {
  ServerOptions options;
  options.guard = [](Request& request) {
    if (request.headers.get("Host") != "good") throw Error(Code::denied, "not here");
  };
  Live live(routes(), options);
  for (std::string target : {"/whole", "/nothing", "/events"}) {
    Peer peer(live.port());
    peer.send("GET " + target + " HTTP/1.1\r\nHost: evil\r\n\r\n");
    EXPECT_NE(peer.receiveResponse().find("403"), std::string::npos) << target;
  }
}

}  // namespace
}  // namespace regesta::http::test
