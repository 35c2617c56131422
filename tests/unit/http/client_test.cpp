// The libcurl client against the server, over TCP and TLS.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/id.h"
#include "base/json.h"
#include "base/metrics.h"
#include "http/client.h"
#include "live.h"

namespace regesta::http::test {
namespace {

std::atomic<int> sleeping{0};  ///< calls of GET /sleep so far

asio::awaitable<void> take(Exchange& exchange) {
  std::vector<char> buffer(65536);
  std::uint64_t total = 0;
  while (std::size_t size = co_await exchange.read(buffer)) total += size;
  auto length = exchange.bodyLength();
  co_await exchange.respond(text(fmt::format("{} {}", total, length ? std::to_string(*length) : "chunked")));
}

asio::awaitable<void> give(Exchange& exchange) {
  co_await exchange.begin(text({}), std::nullopt);
  for (int i = 0; i < 1000; ++i) co_await exchange.write(std::string(10'000, 'x'));
  co_await exchange.finish();
}

void routes(Router& router) {
  router.add("GET", "/hello", whole([](const Request& request) { return text(request.secure ? "secure" : "hello"); }));
  router.add("GET", "/missing", whole([](const Request&) -> Response { throw error(Code::notFound, "not here"); }));
  router.add("GET", "/away", whole([](const Request&) {
               Response response{302, {}, {}, {}};
               response.headers.add("Location", "/hello");
               return response;
             }));
  for (std::string method : {"POST", "PUT", "PATCH", "DELETE"})
    router.add(method, "/echo", whole([](const Request& request) {
                 Response response = text(request.method + " " + request.body);
                 response.headers.add("X-Seen", std::string(request.headers.get("X-Mine").value_or("none")));
                 return response;
               }));
  router.add("PUT", "/take", streaming(take));
  router.add("GET", "/give", streaming(give));
  router.add("GET", "/sleep",
             whole(
                 [](const Request&) {
                   ++sleeping;
                   std::this_thread::sleep_for(std::chrono::milliseconds(1500));
                   return text("late");
                 },
                 Runs::waiting));
}

class ClientTest : public ::testing::Test {
 protected:
  Live live{routes};
  Client client;

  Response send(std::string_view method, std::string_view path, std::string body = {}) {
    ClientRequest request;
    request.method = method;
    request.url = live.url(path);
    request.body = std::move(body);
    request.headers.add("X-Mine", "yes");
    return client.send(request);
  }
};

TEST_F(ClientTest, AnyStatusIsAnAnswer) {
  Response found = send("GET", "/hello");
  EXPECT_EQ(found.status, 200);
  EXPECT_EQ(found.body, "hello");
  EXPECT_EQ(found.contentType, "text/plain; charset=utf-8");
  EXPECT_EQ(send("GET", "/missing").status, 404);
  EXPECT_EQ(send("HEAD", "/hello").headers.get("content-length"), "5");
  for (std::string_view method : {"POST", "PUT", "PATCH", "DELETE"}) {
    Response echo = send(method, "/echo", "body");
    EXPECT_EQ(echo.body, fmt::format("{} body", method));
    EXPECT_EQ(echo.headers.get("X-Seen"), "yes");
    EXPECT_EQ(send(method, "/echo").body, fmt::format("{} ", method));
  }
}

TEST_F(ClientTest, KeepsItsConnection) {
  Counter& accepted = counter("regesta_http_connections_total", "");
  std::uint64_t before = accepted.value();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(send("GET", "/hello").status, 200);
  EXPECT_EQ(accepted.value() - before, 1u);
}

TEST_F(ClientTest, RedirectsOnlyWhenAsked) {
  EXPECT_EQ(send("GET", "/away").status, 302);
  ClientRequest request;
  request.url = live.url("/away");
  request.followRedirects = true;
  EXPECT_EQ(client.send(request).body, "hello");
}

TEST_F(ClientTest, StreamsBothWays) {
  ClientRequest up;
  up.method = "PUT";
  up.url = live.url("/take");
  std::size_t left = 50'000'000;
  up.source = [&](char* into, std::size_t room) {
    std::size_t size = std::min(room, left);
    std::fill_n(into, size, 'x');
    left -= size;
    return size;
  };
  EXPECT_EQ(client.send(up).body, "50000000 chunked");
  left = 1000;
  up.sourceSize = 1000;
  EXPECT_EQ(client.send(up).body, "1000 1000");

  ClientRequest down;
  down.url = live.url("/give");
  std::size_t total = 0;
  down.sink = [&](std::string_view bytes) {
    total += bytes.size();
    return true;
  };
  EXPECT_EQ(client.send(down).body, "");
  EXPECT_EQ(total, 10'000'000u);
  down.sink = [](std::string_view) { return false; };
  EXPECT_EQ(client.send(down).status, 200);
  down.url = live.url("/missing");
  EXPECT_NE(client.send(down).body.find("not here"), std::string::npos) << "an error's body must not go to the sink";
}

TEST_F(ClientTest, WhatCallbacksThrowComesOut) {
  ClientRequest request;
  request.url = live.url("/hello");
  request.sink = [](std::string_view) -> bool { throw error(Code::corrupt, "wrong digest"); };
  try {
    client.send(request);
    FAIL();
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code, Code::corrupt);
  }
  request.sink = nullptr;
  EXPECT_EQ(client.send(request).body, "hello");
}

void expectFailure(Client& client, const ClientRequest& request, Code code, std::string_view part) {
  try {
    client.send(request);
    FAIL() << request.url;
  } catch (const Error& failure) {
    EXPECT_EQ(failure.code, code) << failure.message;
    EXPECT_NE(failure.message.find(part), std::string::npos) << failure.message;
  }
}

TEST_F(ClientTest, NoAnswerIsUnavailableWithTheReason) {
  ClientRequest request;
  request.url = live.url("/sleep");
  request.timeoutSeconds = 1;
  expectFailure(client, request, Code::unavailable, "timed out");
  request.url = live.url("/give");
  request.answerLimit = 1000;
  expectFailure(client, request, Code::unavailable, "larger than 1000 bytes");
  std::uint16_t port = live.port();
  live.server->drain(0);
  request.url = fmt::format("http://user:secret@127.0.0.1:{}/x?sig=secret", port);
  expectFailure(client, request, Code::unavailable, fmt::format("http://127.0.0.1:{}/x: ", port));
}

TEST_F(ClientTest, RefusesWhatItMustNotSend) {
  ClientRequest request;
  request.url = "file:///etc/passwd";
  expectFailure(client, request, Code::invalid, "file");
  request.url = live.url("/hello");
  request.method = "GET / HTTP/1.1\r\nX:";
  expectFailure(client, request, Code::invalid, "method");
  request.method = "GET";
  request.headers.add("X", "a\r\nY: b");
  expectFailure(client, request, Code::invalid, "line break");
}

/// A folder that is gone at the end of the test.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("regesta-http-" + randomHex(6));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

TEST(Tls, ServesWithACertificateAndRefusesOthers) {
  Folder folder;
  std::string cert = folder.path / "cert.pem", key = folder.path / "key.pem";
  std::string make = fmt::format(
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost -addext "
      "subjectAltName=IP:127.0.0.1 -keyout {} -out {} 2>/dev/null",
      key, cert);
  ASSERT_EQ(std::system(make.c_str()), 0) << "the openssl command line is needed";
  ServerOptions options;
  options.certificateFile = cert;
  options.keyFile = key;
  Live live(routes, options);
  Client client;
  ClientRequest request;
  request.url = fmt::format("https://127.0.0.1:{}/hello", live.port());
  expectFailure(client, request, Code::unavailable, "certificate");
  request.caFile = cert;
  EXPECT_EQ(client.send(request).body, "secure");
  EXPECT_EQ(client.send(request).body, "secure");

  std::size_t total = 0;
  request.sink = [&](std::string_view bytes) { return total += bytes.size(), true; };
  request.url = fmt::format("https://127.0.0.1:{}/give", live.port());
  client.send(request);
  EXPECT_EQ(total, 10'000'000u);
  request.sink = nullptr;
  request.method = "PUT";
  request.url = fmt::format("https://127.0.0.1:{}/take", live.port());
  request.body = std::string(5'000'000, 'x');
  EXPECT_EQ(client.send(request).body, "5000000 5000000");

  Peer plain(live.port());
  plain.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(plain.receiveAll().find("HTTP/1.1 200"), std::string::npos);
}

TEST(Tls, UnusableFilesAreNamed) {
  Folder folder;
  ServerOptions options;
  options.certificateFile = folder.path / "none.pem";
  options.keyFile = folder.path / "none.key";
  Router router;
  try {
    Server server(options, router, renderPlain);
    FAIL();
  } catch (const Error& failure) {
    EXPECT_NE(failure.message.find("none.pem"), std::string::npos) << failure.message;
  }
}

TEST(AccessLog, OneJsonLineForEachRequestWhateverItHolds) {
  Folder folder;
  ServerOptions options;
  options.accessLog = folder.path / "access.log";
  {
    Live live(routes, options);
    Peer peer(live.port());
    peer.send("GET /hello?token=secret HTTP/1.1\r\nHost: x\r\nX-Request-Id: a1\r\n\r\n");
    peer.receiveResponse();
    peer.send("GET /\xff\"\\ HTTP/1.1\r\nHost: x\r\n\r\n");
    peer.receiveResponse();
    peer.send("bad\r\n\r\n");
    peer.receiveResponse();
    int before = sleeping;
    Peer gone(live.port());
    gone.send("GET /sleep HTTP/1.1\r\nHost: x\r\nX-Request-Id: slow\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return sleeping > before; }));
    live.server->drain(30);
  }
  std::ifstream file(folder.path / "access.log");
  std::vector<json::object> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(parseJson(line).as_object());
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0]["id"], "a1");
  EXPECT_EQ(lines[0]["method"], "GET");
  EXPECT_EQ(lines[0]["path"], "/hello");
  EXPECT_EQ(lines[0]["pattern"], "/hello");
  EXPECT_EQ(lines[0]["status"], 200);
  EXPECT_EQ(lines[0]["bytes"], 5);
  EXPECT_EQ(lines[0]["remote"], "127.0.0.1");
  EXPECT_TRUE(lines[0]["ms"].is_number());
  EXPECT_EQ(lines[0]["time"].as_string().size(), 24u);
  EXPECT_EQ(lines[1]["status"], 400);
  EXPECT_EQ(lines[2]["status"], 400);
  EXPECT_EQ(lines[3]["id"], "slow");
  EXPECT_EQ(lines[3]["status"], 200);
}

}  // namespace
}  // namespace regesta::http::test
