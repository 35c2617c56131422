#include <gtest/gtest.h>

#include "base/metrics.h"
#include "live.h"

namespace regesta::http::test {
namespace {

void commonRoutes(Router& router) {
  router.add("GET", "/hello", whole([](const Request&) { return text("hello"); }));
  router.add("POST", "/echo", whole([](const Request& request) { return text(request.body); }));
  router.add("POST", "/echo-waiting", whole([](const Request& request) { return text(request.body); }, Runs::waiting));
  router.add("POST", "/small", whole([](const Request& request) { return text(request.body); }, Runs::inline_, 10));
  router.add("GET", "/who/{name}", whole([](const Request& request) { return text(std::string(request.variable("name"))); }));
  router.add("GET", "/fail", whole([](const Request&) -> Response { throw std::runtime_error("the secret of the database"); }));
  router.add("GET", "/refuse", whole([](const Request&) -> Response { throw Invalid("name", "is required"); }));
}

TEST(Server, KeepsTheConnectionAndNamesEachRequest) {
  Live live(commonRoutes);
  Peer peer(live.port());
  peer.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string first = peer.receiveResponse();
  EXPECT_EQ(statusOf(first), 200);
  EXPECT_EQ(bodyOf(first), "hello");
  EXPECT_EQ(headerOf(first, "Content-Type"), "text/plain");
  EXPECT_EQ(headerOf(first, "Date").size(), 29u);
  std::string id = headerOf(first, "X-Request-Id");
  EXPECT_FALSE(id.empty());
  peer.send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine-1\r\n\r\n");
  EXPECT_EQ(headerOf(peer.receiveResponse(), "X-Request-Id"), "mine-1");
  peer.send("GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: not\"mine\r\n\r\n");
  std::string third = headerOf(peer.receiveResponse(), "X-Request-Id");
  EXPECT_EQ(third.find('"'), std::string::npos);
  EXPECT_NE(third, id);
}

}  // namespace
}  // namespace regesta::http::test
