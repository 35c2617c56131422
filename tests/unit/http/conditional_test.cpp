#include <gtest/gtest.h>

#include "http/conditional.h"
#include "http/head.h"
#include "http/sse.h"

namespace regesta::http {
namespace {

Request get(std::vector<std::pair<std::string, std::string>> headers, std::string method = "GET") {
  Request request;
  request.method = std::move(method);
  for (auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

TEST(HttpDate, WritesAndReadsTheRfcExample) {
  EXPECT_EQ(formatHttpDate(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parseHttpDate("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199);
  for (std::string_view text :
       {"Mon, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "", "Sun, 06 Nov 1994 -1:49:37 GMT"})
    EXPECT_FALSE(parseHttpDate(text)) << text;
}

TEST(Etag, ListsStarsAndWeakness) {
  EXPECT_TRUE(etagMatches("\"a\", \"b\"", "\"b\"", true));
  EXPECT_TRUE(etagMatches("*", "\"b\"", true));
  EXPECT_TRUE(etagMatches("W/\"b\"", "\"b\"", true));
  EXPECT_FALSE(etagMatches("W/\"b\"", "\"b\"", false));
  EXPECT_FALSE(etagMatches("\"b\"", "W/\"b\"", false));
  EXPECT_TRUE(etagMatches("\"a,b\"", "\"a,b\"", true));
  EXPECT_FALSE(etagMatches("\"a,b\"", "\"b\"", true));
  EXPECT_FALSE(etagMatches("b", "\"b\"", true));
  EXPECT_FALSE(etagMatches("\"b", "\"b\"", true));
}

TEST(Conditions, FollowTheOrderOfTheRfc) {
  Validators known{"\"v1\"", 784111777};
  auto date = formatHttpDate(784111777), before = formatHttpDate(784111776);
  using enum Condition;
  EXPECT_EQ(evaluateConditions(get({}), known), proceed);
  EXPECT_EQ(evaluateConditions(get({{"If-None-Match", "\"v1\""}}), known), notModified);
  EXPECT_EQ(evaluateConditions(get({{"If-None-Match", "\"v2\""}}), known), proceed);
  EXPECT_EQ(evaluateConditions(get({{"If-None-Match", "\"v2\""}, {"If-Modified-Since", date}}), known), proceed);
  EXPECT_EQ(evaluateConditions(get({{"If-Modified-Since", date}}), known), notModified);
  EXPECT_EQ(evaluateConditions(get({{"If-Modified-Since", before}}), known), proceed);
  EXPECT_EQ(evaluateConditions(get({{"If-Modified-Since", "yesterday"}}), known), proceed);
  EXPECT_EQ(evaluateConditions(get({{"If-Match", "\"v2\""}}), known), failed);
  EXPECT_EQ(evaluateConditions(get({{"If-Match", "\"v1\""}, {"If-None-Match", "\"v1\""}}), known), notModified);
  EXPECT_EQ(evaluateConditions(get({{"If-None-Match", "*"}}, "PUT"), known), failed);
  EXPECT_EQ(evaluateConditions(get({{"If-Modified-Since", date}}, "POST"), known), proceed);
  EXPECT_EQ(evaluateConditions(get({{"If-Unmodified-Since", before}}), known), failed);
}

/// "200", "416" or "206 first-last".
std::string range(std::string_view header, std::uint64_t size, Validators known = {}, std::string ifRange = {}) {
  Request request = get({{"Range", std::string(header)}});
  if (!ifRange.empty()) request.headers.add("If-Range", ifRange);
  Selection selection = selectBytes(request, size, known);
  if (selection.status != 206) return std::to_string(selection.status);
  return fmt::format("206 {}-{}", selection.from, selection.from + selection.length - 1);
}

TEST(Range, HeadersSayWhatIsSent) {
  auto header = [](const Selection& selection, std::string_view name) {
    return std::string(selection.headers.get(name).value_or("-"));
  };
  Validators known{"\"v1\"", std::nullopt};
  Selection whole = selectBytes(get({}), 100, known);
  EXPECT_TRUE(whole.sends() && whole.status == 200 && whole.from == 0 && whole.length == 100);
  EXPECT_EQ(header(whole, "ETag") + header(whole, "Accept-Ranges") + header(whole, "Content-Range"), "\"v1\"bytes-");
  EXPECT_EQ(header(selectBytes(get({{"Range", "bytes=90-"}}), 100, known), "Content-Range"), "bytes 90-99/100");
  EXPECT_EQ(header(selectBytes(get({{"Range", "bytes=100-"}}), 100, known), "Content-Range"), "bytes */100");
  EXPECT_EQ(selectBytes(get({{"If-Match", "\"v2\""}, {"Range", "bytes=0-"}}), 100, known).status, 412);
  Selection same = selectBytes(get({{"If-None-Match", "\"v1\""}}), 100, known);
  EXPECT_TRUE(same.status == 304 && !same.sends() && header(same, "ETag") == "\"v1\"");
}

TEST(Range, SingleOpenAndSuffix) {
  EXPECT_EQ(range("bytes=0-9", 100), "206 0-9");
  EXPECT_EQ(range("bytes=90-", 100), "206 90-99");
  EXPECT_EQ(range("bytes=90-200", 100), "206 90-99");
  EXPECT_EQ(range("bytes=-5", 100), "206 95-99");
  EXPECT_EQ(range("bytes=-500", 100), "206 0-99");
  EXPECT_EQ(range("bytes=99-99", 100), "206 99-99");
  EXPECT_EQ(range("Bytes=0-0", 1), "206 0-0");
  EXPECT_EQ(range("bytes=0-99999999999999999999999", 100), "206 0-99");
}

TEST(Range, UnsatisfiableAndIgnored) {
  EXPECT_EQ(range("bytes=100-", 100), "416");
  EXPECT_EQ(range("bytes=-0", 100), "416");
  EXPECT_EQ(range("bytes=0-0", 0), "416");
  EXPECT_EQ(range("bytes=-1", 0), "416");
  for (std::string_view text : {"bytes=9-1", "bytes=a-b", "bytes=", "bytes=-", "bytes=1", "items=0-1", "bytes=0-1,5-6",
                                "bytes=0 - 1", "bytes=--1"})
    EXPECT_EQ(range(text, 100), "200") << text;
}

TEST(Range, IfRangeGuardsAgainstMixedVersions) {
  Validators known{"\"v1\"", 784111777};
  EXPECT_EQ(range("bytes=0-1", 9, known, "\"v1\""), "206 0-1");
  EXPECT_EQ(range("bytes=0-1", 9, known, "\"v2\""), "200");
  EXPECT_EQ(range("bytes=0-1", 9, known, "W/\"v1\""), "200");
  EXPECT_EQ(range("bytes=0-1", 9, known, formatHttpDate(784111777)), "206 0-1");
  EXPECT_EQ(range("bytes=0-1", 9, known, formatHttpDate(784111778)), "200");
}

TEST(Sse, LinesCannotBreakOutOfTheirField) {
  EXPECT_EQ(serverSentEvent("x", "7", "change"), "id: 7\nevent: change\ndata: x\n\n");
  EXPECT_EQ(serverSentEvent("a\nb\r\nc\rd"), "data: a\ndata: b\ndata: c\ndata: d\n\n");
  EXPECT_EQ(serverSentEvent("x", "1\ndata: evil"), "id: 1data: evil\ndata: x\n\n");
  EXPECT_EQ(serverSentEvent(""), "data: \n\n");
}

TEST(Head, HandlersCannotSplitTheResponseOrFrameIt) {
  Response response{200, "text/plain\r\nSet-Cookie: a", {}, {}};
  response.headers.add("X-Name", "a\r\nSet-Cookie: evil\n");
  response.headers.add("Content-Length", "1");
  response.headers.add("transfer-encoding", "chunked");
  std::string out;
  appendHead(out, response, {"D", "id", BodyFraming::length, 5, true, true});
  EXPECT_EQ(out,
            "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Type: text/plain  Set-Cookie: a; charset=utf-8\r\nContent-Length: "
            "5\r\nX-Request-Id: id\r\n"
            "X-Name: a  Set-Cookie: evil \r\nX-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src "
            "'none'; frame-ancestors 'none'\r\nCache-Control: no-store\r\n\r\n");
}

TEST(Head, AFileToBeSavedKeepsItsTypeAsItIs) {
  Response response{200, "text/plain", {}, {}};
  auto typeOf = [&] {
    std::string out;
    appendHead(out, response, {"D", "id", BodyFraming::length, 5, true, true});
    std::size_t at = out.find("Content-Type: ");
    return out.substr(at, out.find("\r\n", at) - at);
  };
  EXPECT_EQ(typeOf(), "Content-Type: text/plain; charset=utf-8");
  response.headers.set("Content-Disposition", "inline; filename=attachment");
  EXPECT_EQ(typeOf(), "Content-Type: text/plain; charset=utf-8");
  response.headers.set("Content-Disposition", "attachment; filename=a.txt");
  EXPECT_EQ(typeOf(), "Content-Type: text/plain");
}

TEST(Head, AHandlerSetsItsOwnPolicyAndCaching) {
  Response response{200, "application/json", {}, {}};
  response.headers.add("content-security-policy", "sandbox");
  response.headers.add("etag", "\"v1\"");
  response.headers.add("Strict-Transport-Security", "max-age=0");
  std::string out;
  appendHead(out, response, {"D", "id", BodyFraming::length, 5, true, true, true});
  EXPECT_EQ(out.find("default-src"), std::string::npos);
  EXPECT_EQ(out.find("no-store"), std::string::npos);
  EXPECT_EQ(out.find("max-age=0"), std::string::npos);
  EXPECT_NE(out.find("Strict-Transport-Security: max-age=31536000; includeSubDomains\r\n\r\n"), std::string::npos);
}

}  // namespace
}  // namespace regesta::http
