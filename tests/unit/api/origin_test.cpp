#include "api/origin.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta::api {
namespace {

http::Request request(std::string method, std::vector<std::pair<std::string, std::string>> headers,
                      std::string path = "/api/v1/x") {
  http::Request made;
  made.method = std::move(method);
  made.rawPath = std::move(path);
  made.remote = "10.0.0.1";
  for (auto& [name, value] : headers) made.headers.add(name, value);
  return made;
}

class OriginTest : public testing::Test {
 protected:
  bool users = false;
  std::string publicUrl;
  std::vector<http::IpRange> proxies;

  bool passes(http::Request asked) {
    OriginGuard guard({.publicUrl = publicUrl,
                       .trustedProxies = proxies,
                       .asksForCredentials = [this] { return users; },
                       .takesOtherOrigins = [](std::string_view path) { return path.starts_with("/open/"); }});
    try {
      guard.check(asked);
      seen = asked;
      return true;
    } catch (const Error& refusal) {
      EXPECT_EQ(refusal.code, Code::denied);
      return false;
    }
  }
  http::Request seen;
};

TEST_F(OriginTest, namesOfThisMachineOnlyWhileNobodySignsIn) {
  EXPECT_TRUE(passes(request("GET", {{"Host", "localhost:4600"}})));
  EXPECT_TRUE(passes(request("GET", {})));
  EXPECT_FALSE(passes(request("GET", {{"Host", "evil.example"}})));
  EXPECT_TRUE(passes(request("GET", {{"Host", "x"}})));  // a program that writes its requests by hand
  EXPECT_FALSE(passes(request("GET", {{"Host", "x"}, {"User-Agent", "Mozilla/5.0"}})));
  EXPECT_FALSE(passes(request("GET", {{"Host", "x"}, {"Accept-Language", ""}})));
  EXPECT_FALSE(passes(request("GET", {{"Host", "x"}, {"Origin", "http://x"}})));
  EXPECT_FALSE(passes(request("GET", {{"Host", "2130706433"}, {"User-Agent", ""}})));
  publicUrl = "https://registry.example";
  EXPECT_TRUE(passes(request("GET", {{"Host", "Registry.Example"}})));
  EXPECT_FALSE(passes(request("GET", {{"Host", "registry.example:81"}})));
  http::Request absolute = request("GET", {{"Host", "localhost"}});
  absolute.authority = "evil.example";
  EXPECT_FALSE(passes(absolute));
  users = true;
  EXPECT_TRUE(passes(request("GET", {{"Host", "evil.example"}})));
}

TEST_F(OriginTest, pagesOfOtherOriginsAreRefusedWithAndWithoutUsers) {
  for (bool with : {false, true}) {
    users = with;
    EXPECT_FALSE(passes(request("POST", {{"Host", "localhost"}, {"Origin", "http://evil.example"}})));
    EXPECT_FALSE(passes(request("POST", {{"Host", "localhost"}, {"Origin", "null"}})));
    EXPECT_FALSE(passes(request("POST", {{"Host", "localhost:1"}, {"Origin", "http://localhost:2"}})));
    EXPECT_FALSE(passes(request("GET", {{"Host", "localhost"}, {"Sec-Fetch-Site", "cross-site"}})));
    EXPECT_FALSE(passes(request("GET", {{"Host", "localhost"}, {"Sec-Fetch-Site", "same-site"}})));
    EXPECT_TRUE(passes(request("POST", {{"Host", "localhost"}, {"Origin", "http://localhost"}})));
    EXPECT_TRUE(passes(request("POST", {{"Host", "localhost"}})));
    EXPECT_TRUE(passes(request("GET", {{"Host", "localhost"},
                                       {"Sec-Fetch-Site", "cross-site"},
                                       {"Sec-Fetch-Mode", "navigate"},
                                       {"Sec-Fetch-Dest", "document"}})));
    EXPECT_FALSE(passes(request("POST", {{"Host", "localhost"},
                                         {"Sec-Fetch-Site", "cross-site"},
                                         {"Sec-Fetch-Mode", "navigate"},
                                         {"Sec-Fetch-Dest", "document"}})));
  }
}

TEST_F(OriginTest, aProxyMayChangeTheHostWherePeopleSignIn) {
  users = true;
  auto own =
      request("POST", {{"Host", "10.0.0.5:4600"}, {"Origin", "https://a.example"}, {"Sec-Fetch-Site", "same-origin"}});
  EXPECT_TRUE(passes(own));
  users = false;
  EXPECT_FALSE(passes(own));
}

TEST_F(OriginTest, frontsForOtherOriginsTakeWhatTheBrowserAskedAbout) {
  users = true;
  auto page = [](std::string type) {
    return request("POST", {{"Host", "x"}, {"Origin", "https://app.example"}, {"Content-Type", std::move(type)}},
                   "/open/x");
  };
  EXPECT_TRUE(passes(page("application/json")));
  EXPECT_FALSE(passes(page("text/plain")));
  users = false;
  EXPECT_FALSE(passes(page("application/json")));
}

TEST_F(OriginTest, onlyATrustedProxyIsBelieved) {
  users = true;
  auto asked = request(
      "GET", {{"Host", "x"}, {"X-Forwarded-For", "6.6.6.6, 203.0.113.9, 10.0.0.2"}, {"X-Forwarded-Proto", "https"}});
  ASSERT_TRUE(passes(asked));
  EXPECT_EQ(seen.remote, "10.0.0.1");
  EXPECT_FALSE(seen.secure);
  proxies = readProxies("10.0.0.0/8");
  ASSERT_TRUE(passes(asked));
  EXPECT_EQ(seen.remote, "203.0.113.9");
  EXPECT_TRUE(seen.secure);
  EXPECT_THROW(readProxies("10.0.0.0/8, proxy.example"), Error);
}

}  // namespace
}  // namespace regesta::api
