#include <gtest/gtest.h>

#include "http/parser.h"

namespace regesta::http {
namespace {

struct Parsed {
  Request request;
  Framing framing;
  std::size_t size = 0;
  int status = 0;  ///< of Malformed
};

Parsed parse(std::string_view bytes) {
  Parsed result;
  RequestParser parser;
  try {
    result.size = parser.parse(bytes, result.request, result.framing);
  } catch (const Malformed& fault) {
    result.status = fault.status;
  }
  return result;
}

/// The same bytes, but arriving one at a time.
Parsed parseSlowly(std::string_view bytes) {
  Parsed result;
  RequestParser parser;
  try {
    for (std::size_t i = 1; i <= bytes.size() && result.size == 0; ++i)
      result.size = parser.parse(bytes.substr(0, i), result.request, result.framing);
  } catch (const Malformed& fault) {
    result.status = fault.status;
  }
  return result;
}

TEST(Parser, TakesAHeadApart) {
  std::string_view bytes =
      "POST //api/v1/x%2Fy?a=1&b=?2 HTTP/1.1\r\nHost: localhost:4600\r\nX-Empty:\r\ncontent-length: 12\r\nX-Pad:  v "
      "\t\r\n\r\nbody";
  for (const Parsed& got : {parse(bytes), parseSlowly(bytes)}) {
    ASSERT_EQ(got.status, 0);
    EXPECT_EQ(got.size, bytes.size() - 4);
    EXPECT_EQ(got.request.method, "POST");
    EXPECT_EQ(got.request.target, "//api/v1/x%2Fy?a=1&b=?2");
    EXPECT_EQ(got.request.rawPath, "/api/v1/x%2Fy");
    EXPECT_EQ(got.request.query, "a=1&b=?2");
    EXPECT_EQ(got.request.headers.get("X-Empty"), "");
    EXPECT_EQ(got.request.headers.get("X-Pad"), "v");
    EXPECT_EQ(got.framing.length, 12u);
    EXPECT_FALSE(got.framing.chunked);
    EXPECT_TRUE(got.framing.keepAlive);
  }
}

TEST(Parser, OneParserReadsManyHeads) {
  std::string_view bytes =
      "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\nGET /b HTTP/1.1\r\nHost: "
      "x\r\n\r\n";
  RequestParser parser;
  Request first, second;
  Framing framing;
  std::size_t size = parser.parse(bytes, first, framing);
  EXPECT_EQ(parser.parse(bytes.substr(size), second, framing), bytes.size() - size);
  EXPECT_EQ(first.rawPath, "/a");
  EXPECT_EQ(second.rawPath, "/b");
  EXPECT_FALSE(framing.length);
  EXPECT_FALSE(framing.expectsContinue);
}

TEST(Parser, ConnectionAndVersion) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").framing.keepAlive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n").framing.keepAlive);
  EXPECT_TRUE(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").framing.keepAlive);
  EXPECT_TRUE(parse("PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n").framing.chunked);
  EXPECT_TRUE(parse("PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n").framing.expectsContinue);
  EXPECT_FALSE(parse("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").framing.expectsContinue);
}

TEST(Parser, TargetForms) {
  EXPECT_EQ(parse("GET http://x/a?b HTTP/1.1\r\nHost: x\r\n\r\n").request.rawPath, "/a");
  EXPECT_EQ(parse("GET HTTPS://x?b HTTP/1.1\r\nHost: x\r\n\r\n").request.query, "b");
  EXPECT_EQ(parse("GET http://x HTTP/1.1\r\nHost: x\r\n\r\n").request.rawPath, "/");
  EXPECT_EQ(parse("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").request.rawPath, "*");
}

struct Bad {
  const char* name;
  int status;
  std::string_view bytes;
};

using namespace std::string_view_literals;
const Bad bad[] = {
    {"both lengths", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"both lengths, reversed", 400,
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
    {"two lengths", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n"},
    {"two equal lengths", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n"},
    {"length list", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\n"},
    {"signed length", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n"},
    {"negative length", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n"},
    {"hexadecimal length", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\n"},
    {"empty length", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n"},
    {"overflowing length", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n"},
    {"coding list", 501, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
    {"coding twice", 400,
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"chunked not last", 501, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n"},
    {"disguised coding", 400,
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0b"
     "chunked\r\n\r\n"},
    {"coding in 1.0", 400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {"blank before colon", 400, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\n"},
    {"no colon", 400, "GET / HTTP/1.1\r\nHost: x\r\nNonsense\r\n\r\n"},
    {"empty name", 400, "GET / HTTP/1.1\r\nHost: x\r\n: v\r\n\r\n"},
    {"bare LF", 400, "GET / HTTP/1.1\nHost: x\n\n"},
    {"bare LF in the middle", 400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n"},
    {"bare CR", 400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n"},
    {"folded line", 400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n"},
    {"folded first line", 400, "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
    {"NUL in a value", 400, "GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n"sv},
    {"NUL in a name", 400, "GET / HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n"sv},
    {"NUL in the target", 400, "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n"sv},
    {"control in a value", 400, "GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n"},
    {"no host", 400, "GET / HTTP/1.1\r\n\r\n"},
    {"two hosts", 400, "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"},
    {"path in host", 400, "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"},
    {"user in host", 400, "GET / HTTP/1.1\r\nHost: u@x\r\n\r\n"},
    {"blank in host", 400, "GET / HTTP/1.1\r\nHost: x y\r\n\r\n"},
    {"empty line first", 400, "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"HTTP/2 preface", 505, "PRI * HTTP/2.0\r\n\r\n"},
    {"HTTP/0.9", 400, "GET /\r\n\r\n"},
    {"lower case version", 400, "GET / http/1.1\r\nHost: x\r\n\r\n"},
    {"two blanks", 400, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"blank in target", 400, "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"fragment", 400, "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"authority form", 400, "CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"foreign scheme", 400, "GET file:///etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"relative target", 400, "GET a/b HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"bad method", 400, "G(T / HTTP/1.1\r\nHost: x\r\n\r\n"},
    {"unknown expectation", 417, "GET / HTTP/1.1\r\nHost: x\r\nExpect: miracles\r\n\r\n"},
    {"TLS to a plain port", 400, "\x16\x03\x01\x02\n\x01\x00"sv},
};

TEST(Parser, RefusesWhatTwoReadersCouldReadDifferently) {
  for (const Bad& each : bad) {
    EXPECT_EQ(parse(each.bytes).status, each.status) << each.name;
    EXPECT_EQ(parseSlowly(each.bytes).status, each.status) << each.name << ", byte by byte";
  }
}

/// Decodes with input pieces and output room of the given sizes. "!" at the end: malformed; "…": not ended.
std::string dechunk(std::string_view bytes, std::size_t pieces, std::size_t room) {
  ChunkDecoder decoder;
  std::string out, into(room, '\0');
  try {
    while (!bytes.empty() && !decoder.ended()) {
      auto step = decoder.decode(bytes.substr(0, pieces), into);
      out.append(into, 0, step.produced);
      bytes.remove_prefix(step.consumed);
    }
  } catch (const Malformed&) {
    return out + "!";
  }
  return decoder.ended() ? out + "|" + std::string(bytes) : out + "…";
}

TEST(Chunks, DecodeInAnyPieces) {
  std::string_view bytes = "5\r\nhello\r\n1;a=\"b\"\r\n \r\n00006\r\nworld!\r\n0;x\r\nTrailer: y\r\nZ: 1\r\n\r\nNEXT";
  for (std::size_t pieces : {1u, 2u, 3u, 7u, 100u})
    for (std::size_t room : {1u, 2u, 5u, 100u})
      EXPECT_EQ(dechunk(bytes, pieces, room), "hello world!|NEXT") << pieces << " " << room;
  EXPECT_EQ(dechunk("0\r\n\r\n", 1, 9), "|");
  EXPECT_EQ(dechunk("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", 4, 9), "01234567890123456789|");
  EXPECT_EQ(dechunk("5\r\nhel", 9, 9), "hel…");
}

TEST(Chunks, RefuseWhatIsNotExactlyChunked) {
  for (std::string_view bytes :
       {"\r\n"sv, "x\r\n"sv, "-1\r\n"sv, "0x5\r\nhello"sv, "5\nhello\r\n"sv, "5 \r\nhello\r\n"sv, " 5\r\nhello"sv,
        "5\r\nhelloX"sv, "5\r\nhello\n"sv, "1000000000000000\r\n"sv, "FFFFFFFFFFFFFFFFF\r\n"sv, ";a\r\n"sv,
        "5;a\nb\r\nhello"sv, "0\r\nA: \0\r\n"sv, "0\r\n\rX"sv, "5;\x7f\r\n"sv}) {
    std::string got = dechunk(bytes, 100, 100);
    EXPECT_TRUE(got.ends_with("!")) << bytes << " gave " << got;
  }
  EXPECT_TRUE(dechunk("5;" + std::string(9000, 'a'), 100, 100).ends_with("!"));
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "Trailer: value\r\n";
  EXPECT_TRUE(dechunk(trailers, 100, 100).ends_with("!"));
}

}  // namespace
}  // namespace regesta::http
