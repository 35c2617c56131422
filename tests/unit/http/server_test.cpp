#include <gtest/gtest.h>

#include <thread>

#include "base/metrics.h"
#include "live.h"

namespace regesta::http::test {
namespace {

void commonRoutes(Router& router) {
  router.add("GET", "/hello", whole([](const Request&) { return text("hello"); }));
  router.add("POST", "/echo", whole([](const Request& request) { return text(request.body); }));
  router.add("POST", "/echo-waiting", whole([](const Request& request) { return text(request.body); }, Runs::waiting));
  router.add("POST", "/small", whole([](const Request& request) { return text(request.body); }, Runs::inline_, 10));
  router.add("GET", "/who/{name}",
             whole([](const Request& request) { return text(std::string(request.variable("name"))); }));
  router.add("GET", "/remote",
             whole([](const Request& request) { return text(request.remote + (request.secure ? " s" : " p")); }));
  router.add("GET", "/fail",
             whole([](const Request&) -> Response { throw std::runtime_error("the secret of the database"); }));
  router.add("GET", "/fail-waiting", whole([](const Request&) -> Response { throw 7; }, Runs::waiting));
  router.add("GET", "/refuse", whole([](const Request&) -> Response { throw Invalid("name", "is required"); }));
  router.add("GET", "/empty", whole([](const Request&) { return Response{204, {}, {}, {}}; }));
  router.add("GET", "/large", whole([](const Request&) { return text(std::string(3'000'000, 'x')); }));
}

class ServerTest : public ::testing::Test {
 protected:
  Live live{commonRoutes};
  Peer peer{live.port()};

  std::string ask(std::string_view request) {
    peer.send(request);
    return peer.receiveResponse();
  }
};

TEST_F(ServerTest, KeepsTheConnectionAndNamesEachRequest) {
  std::string first = ask("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(first), 200);
  EXPECT_EQ(bodyOf(first), "hello");
  EXPECT_EQ(headerOf(first, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(headerOf(first, "Date").size(), 29u);
  EXPECT_EQ(headerOf(first, "Connection"), "");
  std::string id = headerOf(first, "X-Request-Id");
  EXPECT_FALSE(id.empty());
  EXPECT_EQ(headerOf(ask("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine-1\r\n\r\n"), "X-Request-Id"), "mine-1");
  std::string third =
      headerOf(ask("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: not\"mine\r\n\r\n"), "X-Request-Id");
  EXPECT_EQ(third.find('"'), std::string::npos);
  EXPECT_NE(third, id);
}

TEST_F(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  std::string requests;
  for (int i = 0; i < 300; ++i) requests += fmt::format("GET /who/n{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  requests += "POST /echo-waiting HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nwait";
  requests += "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
  requests += "GET /large HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  peer.send(requests);
  for (int i = 0; i < 300; ++i) ASSERT_EQ(bodyOf(peer.receiveResponse()), fmt::format("n{}", i));
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "wait");
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "abc");
  EXPECT_EQ(bodyOf(peer.receiveResponse()).size(), 3'000'000u);
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "hello");
}

TEST_F(ServerTest, PipelinedAnswersShareAPacket) {
  std::string requests;
  for (int i = 0; i < 10; ++i) requests += "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  peer.send(requests);
  std::string first = peer.receiveUntil("\r\n\r\n");
  EXPECT_EQ(statusOf(first), 200);
  // What came in the same packet is at hand without another wait.
  std::string rest = peer.receiveAll(std::chrono::milliseconds(1));
  std::size_t count = 0;
  for (std::size_t at = 0; (at = rest.find("HTTP/1.1 200", at)) != std::string::npos; ++at) ++count;
  EXPECT_EQ(count, 9u);
}

TEST_F(ServerTest, RequestsMayArriveInAnyPieces) {
  for (char c : std::string_view("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello"))
    peer.send({&c, 1});
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "hello");
  for (char c :
       std::string_view("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"))
    peer.send({&c, 1});
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "hi");
}

TEST_F(ServerTest, HeadHasTheLengthAndNoBody) {
  peer.send("HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\nGET /who/next HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string head = peer.receiveResponse(true);
  EXPECT_EQ(headerOf(head, "Content-Length"), "5");
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "next");
}

TEST_F(ServerTest, NoContentHasNoLength) {
  std::string response = ask("GET /empty HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(response), 204);
  EXPECT_EQ(headerOf(response, "Content-Length"), "");
  EXPECT_EQ(headerOf(response, "Content-Type"), "");
}

TEST_F(ServerTest, ErrorsAreRenderedAndTheUnknownIsNotLeaked) {
  std::string refused = ask("GET /refuse HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(refused), 400);
  EXPECT_EQ(bodyOf(refused), R"({"error":{"code":"invalid","message":"name: is required"}})");
  for (std::string_view path : {"/fail", "/fail-waiting"}) {
    std::string failed = ask(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    EXPECT_EQ(statusOf(failed), 500);
    EXPECT_EQ(failed.find("secret"), std::string::npos);
    EXPECT_NE(failed.find(headerOf(failed, "X-Request-Id"), failed.find("\r\n\r\n")), std::string::npos) << failed;
  }
  EXPECT_EQ(statusOf(ask("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n")), 404);
  EXPECT_EQ(statusOf(ask("GET /who/%ff HTTP/1.1\r\nHost: x\r\n\r\n")), 400);
  std::string wrong = ask("DELETE /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(wrong), 405);
  EXPECT_EQ(headerOf(wrong, "Allow"), "GET, HEAD");
  std::string options = ask("OPTIONS /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(statusOf(options), 204);
  EXPECT_EQ(headerOf(options, "Allow"), "GET, HEAD");
}

TEST_F(ServerTest, BodyAboveTheLimitIsRefusedAndTheRefusalArrives) {
  std::string declared = ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n12345678901");
  EXPECT_EQ(statusOf(declared), 413);
  EXPECT_EQ(bodyOf(ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1234567890")), "1234567890");
  std::string chunked =
      ask("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n");
  EXPECT_EQ(statusOf(chunked), 413);
  EXPECT_EQ(headerOf(chunked, "Connection"), "close");
}

TEST_F(ServerTest, RefusalReachesAPeerThatKeepsSending) {
  peer.send("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 20000000\r\n\r\n");
  std::string piece(1'000'000, 'x');
  for (int i = 0; i < 20; ++i) peer.trySend(piece, std::chrono::seconds(1));
  EXPECT_EQ(statusOf(peer.receiveResponse()), 413);
}

TEST_F(ServerTest, UnreadSmallBodyDoesNotBreakTheNextRequest) {
  std::string body(100'000, 'G');
  peer.send(fmt::format(
      "POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{}GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
      body.size(), body));
  EXPECT_EQ(statusOf(peer.receiveResponse()), 404);
  EXPECT_EQ(bodyOf(peer.receiveResponse()), "hello");
}

TEST_F(ServerTest, ContinueIsSaidOnlyWhenTheBodyIsWanted) {
  peer.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.receiveUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(bodyOf(ask("abc")), "abc");
  std::string refused = ask("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 300\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(statusOf(refused), 413);
  EXPECT_TRUE(peer.closesWithin(std::chrono::seconds(2)));
}

TEST_F(ServerTest, WholeBodiesOfEightMebibytesArrive) {
  std::string body(8 * 1024 * 1024, 'b');
  peer.send(fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.size()));
  peer.send(body);
  EXPECT_EQ(bodyOf(peer.receiveResponse()), body);
}

TEST_F(ServerTest, ConnectionCloseAndOldClients) {
  std::string closed = ask("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(headerOf(closed, "Connection"), "close");
  EXPECT_TRUE(peer.closesWithin(std::chrono::seconds(2)));
  Peer old(live.port());
  old.send("GET /hello HTTP/1.0\r\n\r\n");
  EXPECT_EQ(bodyOf(old.receiveAll()), "hello");
  Peer kept(live.port());
  kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(headerOf(kept.receiveResponse(), "Connection"), "keep-alive");
  kept.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(bodyOf(kept.receiveResponse()), "hello");
}

TEST_F(ServerTest, KnowsThePeer) { EXPECT_EQ(bodyOf(ask("GET /remote HTTP/1.1\r\nHost: x\r\n\r\n")), "127.0.0.1 p"); }

TEST_F(ServerTest, MalformedRequestsAreAnsweredThenClosed) {
  for (std::string_view bytes : {"GET / HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
                                 "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: "
                                 "chunked\r\n\r\n0\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
                                 "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nGET /hello "
                                 "HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    Peer hostile(live.port());
    hostile.send(bytes);
    std::string all = hostile.receiveUntil("\r\n\r\n", std::chrono::seconds(2));
    EXPECT_EQ(statusOf(all), 400) << bytes;
    hostile.endSending();
    EXPECT_EQ(hostile.receiveAll(std::chrono::seconds(2)).find("HTTP/1.1"), std::string::npos)
        << "a second request was answered: " << bytes;
  }
}

TEST_F(ServerTest, RefusalsBeforeTheHeadIsWholeKnowThePath) {
  Router router;
  Server server({}, router,
                [](const Request& request, const Error&) { return text(request.method + " " + request.rawPath); });
  server.start();
  Peer large(server.port());
  large.send("POST /api/2.0/mlflow/runs?x=1 HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(70'000, 'a'));
  std::string response = large.receiveResponse();
  EXPECT_EQ(statusOf(response), 431);
  EXPECT_EQ(bodyOf(response), "POST /api/2.0/mlflow/runs");
}

TEST_F(ServerTest, HeadsHaveALimit) {
  peer.send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(70'000, 'a'));
  EXPECT_EQ(statusOf(peer.receiveResponse()), 431);
  Peer line(live.port());
  line.send("GET /" + std::string(70'000, 'a'));
  EXPECT_EQ(statusOf(line.receiveResponse()), 414);
  Peer fits(live.port());
  fits.send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(60'000, 'a') + "\r\n\r\n");
  EXPECT_EQ(statusOf(fits.receiveResponse()), 200);
}

TEST(Server, WaitingHandlersRunSideBySideAndInlineOnesGoOn) {
  std::atomic<int> inside{0};
  std::atomic<bool> release{false};
  Live live([&](Router& router) {
    commonRoutes(router);
    router.add("GET", "/block",
               whole(
                   [&](const Request&) {
                     ++inside;
                     while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
                     return text("done");
                   },
                   Runs::waiting));
  });
  std::vector<std::unique_ptr<Peer>> peers;
  for (int i = 0; i < 32; ++i) {
    peers.push_back(std::make_unique<Peer>(live.port()));
    peers.back()->send("GET /block HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return inside == 32; }));
  Peer quick(live.port());
  quick.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(bodyOf(quick.receiveResponse()), "hello");
  release = true;
  for (auto& peer : peers) EXPECT_EQ(bodyOf(peer->receiveResponse()), "done");
}

TEST(Server, ARouteThatWasSlowLeavesTheIoThread) {
  auto where = [](const Request&) {
    return text(fmt::format("{}", std::hash<std::thread::id>()(std::this_thread::get_id())));
  };
  std::chrono::milliseconds nap{0};
  auto scan = [&](const Request& request) {
    std::this_thread::sleep_for(nap);
    if (request.query == "fail") throw Invalid("filter", "is no filter");
    return where(request);
  };
  Live live([&](Router& router) {
    router.add("GET", "/where", whole(where));
    for (auto path : {"/scan", "/failing-scan"}) {
      router.add("GET", path, whole(scan, Runs::measured));
      router.add("POST", path, whole(scan, Runs::measured));
    }
  });
  Peer peer(live.port());
  auto ask = [&](std::string_view line) {
    peer.send(fmt::format("{} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", line));
    return bodyOf(peer.receiveResponse());
  };
  std::string io = ask("GET /where");
  nap = std::chrono::milliseconds(5);
  EXPECT_EQ(ask("GET /scan"), io) << "nothing is known of it yet";
  nap = std::chrono::milliseconds(0);
  EXPECT_NE(ask("GET /scan"), io);
  EXPECT_NE(ask("GET /scan"), io) << "one quick answer proves nothing";
  EXPECT_EQ(ask("GET /where"), io);
  nap = std::chrono::milliseconds(5);
  ask("POST /failing-scan?fail");
  EXPECT_NE(ask("POST /failing-scan"), io) << "failing takes as long";
}

TEST(Server, BufferedBodiesHaveALimitTogether) {
  Live live(commonRoutes);
  // Each body stops one byte before its end, so that all of them stay in memory.
  std::vector<std::unique_ptr<Peer>> peers;
  std::string body(8 * 1024 * 1024 - 1, 'b');
  int refused = 0;
  for (int i = 0; i < 24 && refused == 0; ++i) {
    peers.push_back(std::make_unique<Peer>(live.port()));
    peers.back()->send(fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.size() + 1));
    peers.back()->trySend(body, std::chrono::seconds(2));
    refused += i >= 19 && statusOf(peers.back()->receiveUntil("\r\n\r\n", std::chrono::seconds(3))) == 429;
  }
  EXPECT_EQ(refused, 1);
  peers.front()->send("b");
  EXPECT_EQ(statusOf(peers.front()->receiveResponse()), 200) << "those that came first are served";
  peers.clear();
  for (int i = 0; i < 3000; ++i) {
    Peer later(live.port());
    later.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'c'));
    if (statusOf(later.receiveResponse()) == 200) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "the memory was not given back";
}

TEST(Server, TooManyConnectionsAreTurnedAway) {
  ServerOptions options;
  options.maxConnections = 2;
  Live live(commonRoutes, options);
  Peer a(live.port()), b(live.port());
  for (Peer* peer : {&a, &b}) {
    peer->send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(statusOf(peer->receiveResponse()), 200);
  }
  Peer c(live.port());
  EXPECT_EQ(statusOf(c.receiveAll()), 503);
  a.close();
  for (int i = 0; i < 3000; ++i) {
    Peer d(live.port());
    if (!d.trySend("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", std::chrono::seconds(1))) continue;
    if (statusOf(d.receiveResponse()) == 200) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  FAIL() << "a freed place was not given away";
}

TEST(Server, BusyPortIsNamed) {
  Live live(commonRoutes);
  ServerOptions options;
  options.port = live.port();
  Server second(options, live.router, renderPlain);
  try {
    second.start();
    FAIL() << "two servers on one port";
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code, Code::unavailable);
    EXPECT_NE(failure.message.find(fmt::format("127.0.0.1:{}", live.port())), std::string::npos) << failure.message;
  }
}

TEST(Server, CountsRequestsByRoute) {
  Live live(commonRoutes);
  Peer peer(live.port());
  Counter& found = counter("regesta_http_requests_total", "", R"(method="GET",pattern="/who/{name}",status="200")");
  Counter& missing = counter("regesta_http_requests_total", "", R"(method="other",pattern="",status="404")");
  std::uint64_t foundBefore = found.value(), missingBefore = missing.value();
  for (std::string_view request : {"GET /who/a HTTP/1.1\r\nHost: x\r\n\r\n", "GET /who/b HTTP/1.1\r\nHost: x\r\n\r\n",
                                   "BREW /pot HTTP/1.1\r\nHost: x\r\n\r\n"}) {
    peer.send(request);
    peer.receiveResponse();
  }
  EXPECT_EQ(found.value() - foundBefore, 2u);
  EXPECT_EQ(missing.value() - missingBefore, 1u);
  std::string page = renderMetrics();
  EXPECT_NE(page.find("regesta_http_connections 1\n"), std::string::npos);
  EXPECT_NE(page.find(R"(regesta_http_request_seconds_count{pattern="/who/{name}"})"), std::string::npos);
}

}  // namespace
}  // namespace regesta::http::test
