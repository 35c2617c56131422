#include <gtest/gtest.h>

#include "live.h"

namespace regesta::http::test {
namespace {

Action named(std::string name) {
  return whole([name](const Request&) { return text(name); });
}

/// Method and path → what answers, with its variables: "name a=1 b=2"; else "404" or "405 GET,HEAD".
std::string ask(const Router& router, std::string method, std::string path) {
  Request request;
  request.method = std::move(method);
  request.rawPath = std::move(path);
  Router::Found found = router.find(request);
  std::string out;
  if (!found.action) {
    if (found.allowed.empty()) return "404";
    out = "405 ";
    for (const std::string& each : found.allowed) out += (out.size() > 4 ? "," : "") + each;
    return out;
  }
  out = found.action->whole(request).body;
  for (const auto& [name, value] : request.variables) out += fmt::format(" {}={}", name, value);
  return out;
}

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    router.add("GET", "/", named("root"));
    router.add("GET", "/assets", named("list"));
    router.add("POST", "/assets", named("create"));
    router.add("GET", "/assets/{name}", named("asset"));
    router.add("GET", "/assets/search", named("search"));
    router.add("PATCH", "/assets/{name}", named("change"));
    router.add("GET", "/assets/{name}/versions/{version}", named("version"));
    router.add("GET", "/files/{path...}", named("file"));
    router.add("GET", "/v2/{name...}/blobs/{digest}", named("blob"));
    router.add("GET", "/v2/{name...}/tags/list", named("tags"));
    router.add("GET", "/git/{repo}.git/info", named("git"));
    router.add("GET", "/git/{repo}/info", named("page"));
    router.add("GET", "/dir/", named("dir"));
  }
  Router router;
};

TEST_F(RouterTest, LiteralBeatsVariableAndVariablesAreFilled) {
  EXPECT_EQ(ask(router, "GET", "/"), "root");
  EXPECT_EQ(ask(router, "GET", "/assets"), "list");
  EXPECT_EQ(ask(router, "GET", "/assets/search"), "search");
  EXPECT_EQ(ask(router, "GET", "/assets/loan"), "asset name=loan");
  EXPECT_EQ(ask(router, "GET", "/assets/loan/versions/7"), "version name=loan version=7");
  EXPECT_EQ(ask(router, "GET", "/assets/search/versions/7"), "version name=search version=7");
}

TEST_F(RouterTest, EscapesAreDecodedOnceAndDoNotMakeSegments) {
  EXPECT_EQ(ask(router, "GET", "/assets/team%2Floan"), "asset name=team/loan");
  EXPECT_EQ(ask(router, "GET", "/assets/100%2525"), "asset name=100%25");
  EXPECT_EQ(ask(router, "GET", "/assets/gr%C3%BCn"), "asset name=gr\xC3\xBCn");
  EXPECT_EQ(ask(router, "GET", "/%61ssets"), "list");
  EXPECT_EQ(ask(router, "GET", "/assets/a+b"), "asset name=a+b");
}

TEST_F(RouterTest, RestTakesSegmentsAtTheEndAndInTheMiddle) {
  EXPECT_EQ(ask(router, "GET", "/files/a/b/c.txt"), "file path=a/b/c.txt");
  EXPECT_EQ(ask(router, "GET", "/files/a/"), "file path=a/");
  EXPECT_EQ(ask(router, "GET", "/files/"), "404");
  EXPECT_EQ(ask(router, "GET", "/v2/team/app/blobs/sha256:1"), "blob name=team/app digest=sha256:1");
  EXPECT_EQ(ask(router, "GET", "/v2/blobs/blobs/blobs"), "blob name=blobs digest=blobs");
  EXPECT_EQ(ask(router, "GET", "/v2/a/tags/list"), "tags name=a");
}

TEST_F(RouterTest, AffixesBeatPlainVariables) {
  EXPECT_EQ(ask(router, "GET", "/git/policies.git/info"), "git repo=policies");
  EXPECT_EQ(ask(router, "GET", "/git/policies/info"), "page repo=policies");
  EXPECT_EQ(ask(router, "GET", "/git/.git/info"), "page repo=.git");
}

TEST_F(RouterTest, TrailingSlashIsForgivenUnlessAPatternHasIt) {
  EXPECT_EQ(ask(router, "GET", "/assets/"), "list");
  EXPECT_EQ(ask(router, "GET", "/assets/loan/"), "asset name=loan");
  EXPECT_EQ(ask(router, "GET", "/dir/"), "dir");
  EXPECT_EQ(ask(router, "GET", "/dir"), "404");
  EXPECT_EQ(ask(router, "GET", "/assets//"), "404");
}

TEST_F(RouterTest, MethodsOfAPath) {
  EXPECT_EQ(ask(router, "HEAD", "/assets"), "list");
  EXPECT_EQ(ask(router, "DELETE", "/assets"), "405 GET,HEAD,POST");
  EXPECT_EQ(ask(router, "PATCH", "/assets/search"), "change name=search");
  EXPECT_EQ(ask(router, "DELETE", "/assets/search"), "405 GET,HEAD,PATCH");
  EXPECT_EQ(ask(router, "GET", "/nothing"), "404");
}

TEST_F(RouterTest, RefusesPathsThatNoNameMayHold) {
  for (std::string path : {"/files/../secret", "/files/a/./b", "/files/a%2F..%2Fb", "/files/%2e%2e/x", "/assets/%00",
                           "/assets/%zz", "/assets/%4", "/assets/%ff"}) {
    Request request;
    request.method = "GET";
    request.rawPath = path;
    EXPECT_THROW(router.find(request), Error) << path;
  }
  EXPECT_EQ(ask(router, "GET", "/files/..a/b...c"), "file path=..a/b...c");
}

TEST_F(RouterTest, ManySegmentsAreRefusedRatherThanSearched) {
  std::string path = "/v2";
  for (int i = 0; i < 30'000; ++i) path += "/a";
  Request request;
  request.method = "GET";
  request.rawPath = path;
  EXPECT_THROW(router.find(request), Error);
}

TEST_F(RouterTest, RefusesAmbiguousTables) {
  EXPECT_THROW(router.add("GET", "/assets/{other}", named("again")), Error);
  EXPECT_THROW(router.add("GET", "no-slash", named("x")), Error);
  EXPECT_THROW(router.add("GET", "/a/{open", named("x")), Error);
  EXPECT_THROW(router.add("GET", "/a/{}", named("x")), Error);
  EXPECT_THROW(router.add("GET", "/nothing-behind", Action{}), Error);
}

TEST(Message, QueryDecodesOnceAndKeepsBrokenEscapes) {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(parseQuery("a=1&b=x+y&c=%2525&d&=e&&f=%zz&g=1=2"),
            (Pairs{{"a", "1"}, {"b", "x y"}, {"c", "%25"}, {"d", ""}, {"", "e"}, {"f", "%zz"}, {"g", "1=2"}}));
  EXPECT_TRUE(parseQuery("").empty());
}

TEST(Message, HeadersIgnoreCaseAndSetReplacesAll) {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("accept", "b");
  headers.add("X", "y");
  EXPECT_EQ(headers.get("ACCEPT"), "a");
  headers.set("aCCept", "c");
  EXPECT_EQ(headers.all().size(), 2u);
  EXPECT_EQ(headers.get("Accept"), "c");
  EXPECT_FALSE(headers.get("Accep"));
}

}  // namespace
}  // namespace regesta::http::test
