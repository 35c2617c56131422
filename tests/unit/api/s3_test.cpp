#include <gtest/gtest.h>

#include "api/s3/chunked.h"
#include "api/s3/fault.h"
#include "api/s3/key.h"
#include "api/s3/multipart.h"
#include "api/s3/signature.h"
#include "api/s3/xml.h"
#include "base/encoding.h"
#include "crypto/hash.h"

namespace regesta::api::s3 {
namespace {

/// The S3 name of what is thrown; empty: nothing.
template <class Fn>
std::string faultOf(Fn&& fn) {
  try {
    fn();
  } catch (const Fault& fault) {
    return std::string(fault.name);
  }
  return {};
}

// The example of Amazon's documentation ("Signature Calculations for the Authorization Header: GET Object").
constexpr std::string_view exampleSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
constexpr std::int64_t exampleTime = 1369353600;  // 2013-05-24T00:00:00Z

http::Request example() {
  http::Request request;
  request.method = "GET";
  request.target = request.rawPath = "/test.txt";
  request.headers.add("Host", "examplebucket.s3.amazonaws.com");
  request.headers.add("Authorization",
                      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
                      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  request.headers.add("Range", "bytes=0-9");
  request.headers.add("x-amz-content-sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  request.headers.add("x-amz-date", "20130524T000000Z");
  return request;
}

Verified check(const http::Request& request, std::int64_t now = exampleTime) {
  Query query(request.query);
  auto claim = readClaim(request, query);
  if (!claim) throw Fault("none", "no claim");
  return verify(request, query, *claim, exampleSecret, now);
}

TEST(S3Signature, amazonsExampleVerifies) {
  EXPECT_EQ(check(example()).scope, "20130524/us-east-1/s3/aws4_request");
  EXPECT_EQ(faultOf([] { check(example(), exampleTime + 15 * 60); }), "");
  EXPECT_EQ(faultOf([] { check(example(), exampleTime + 15 * 60 + 1); }), "RequestTimeTooSkewed");
  EXPECT_EQ(faultOf([] { check(example(), exampleTime - 15 * 60 - 1); }), "RequestTimeTooSkewed");
}

TEST(S3Signature, anyChangeOfWhatWasSignedIsFound) {
  auto changed = [](auto change) {
    http::Request request = example();
    change(request);
    return faultOf([&] { check(request); });
  };
  EXPECT_EQ(changed([](auto& r) { r.target = "/other.txt"; }), "SignatureDoesNotMatch");
  EXPECT_EQ(changed([](auto& r) { r.method = "DELETE"; }), "SignatureDoesNotMatch");
  EXPECT_EQ(changed([](auto& r) { r.query = "acl"; }), "SignatureDoesNotMatch");
  EXPECT_EQ(changed([](auto& r) { r.headers.set("Range", "bytes=0-10"); }), "SignatureDoesNotMatch");
  EXPECT_EQ(changed([](auto& r) { r.headers.set("Host", "other"); }), "SignatureDoesNotMatch");
  // What was not signed and matters.
  EXPECT_EQ(changed([](auto& r) { r.headers.add("x-amz-copy-source", "/b/k"); }), "AccessDenied");
  EXPECT_EQ(changed([](auto& r) { r.headers.add("Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="); }), "AccessDenied");
  // Said twice, or in two ways.
  EXPECT_EQ(changed([](auto& r) { r.headers.add("range", "bytes=0-9"); }), "InvalidArgument");
  EXPECT_EQ(changed([](auto& r) { r.headers.add("X-Amz-Date", "20130524T000000Z"); }), "InvalidArgument");
  EXPECT_EQ(changed([](auto& r) { r.query = "X-Amz-Signature=00"; }), "InvalidArgument");
  EXPECT_EQ(changed([](auto& r) { r.query = "prefix=a&prefix=b"; }), "InvalidArgument");
}

TEST(S3Signature, plusIsNoBlank) {
  EXPECT_EQ(Query("prefix=a+b").text("prefix"), "a+b");
  EXPECT_EQ(Query("prefix=a%20b&uploads").text("prefix"), "a b");
  EXPECT_TRUE(Query("prefix=a%20b&uploads").has("uploads"));
}

TEST(S3Signature, malformedClaims) {
  auto with = [](std::string value) {
    http::Request request = example();
    request.headers.set("Authorization", std::move(value));
    return faultOf([&] { check(request); });
  };
  std::string credential = "Credential=K/20130524/us-east-1/s3/aws4_request";
  std::string signature = "Signature=" + std::string(64, '0');
  EXPECT_EQ(with("AWS AKIA:abc"), "InvalidRequest");
  EXPECT_EQ(with("AWS4-ECDSA-P256-SHA256 x"), "InvalidRequest");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 " + credential), "AuthorizationHeaderMalformed");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 " + credential + ",SignedHeaders=host;host," + signature),
            "AuthorizationHeaderMalformed");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 " + credential + ",SignedHeaders=Host," + signature),
            "AuthorizationHeaderMalformed");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=K/20130524/us-east-1/iam/aws4_request,SignedHeaders=host," + signature),
            "AuthorizationHeaderMalformed");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 " + credential + ",SignedHeaders=x-amz-date," + signature), "AccessDenied");
  EXPECT_EQ(with("AWS4-HMAC-SHA256 Credential=K/20130525/us-east-1/s3/aws4_request,SignedHeaders=host," + signature),
            "AuthorizationHeaderMalformed");
  EXPECT_EQ(with("Bearer rgs_x"), "none");
}

// Amazon's example of a presigned URL, which is valid for a day.
TEST(S3Signature, presignedRequestsExpire) {
  http::Request request;
  request.method = "GET";
  request.query =
      "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_"
      "request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";
  request.target = "/test.txt?" + request.query;
  request.headers.add("Host", "examplebucket.s3.amazonaws.com");
  EXPECT_EQ(faultOf([&] { check(request, exampleTime + 86400); }), "");
  EXPECT_EQ(faultOf([&] { check(request, exampleTime + 86401); }), "AccessDenied");
  EXPECT_EQ(faultOf([&] { check(request, exampleTime - 1000); }), "AccessDenied");
  std::size_t at = request.query.find("86400");
  request.query.replace(at, 5, "90000");
  EXPECT_EQ(faultOf([&] { check(request); }), "SignatureDoesNotMatch");
}

/// Amazon's example of a body in signed chunks: 66,560 times 'a'.
class S3Chunks : public ::testing::Test {
 protected:
  S3Chunks() {
    Claim claim{.keyId = "AKIAIOSFODNN7EXAMPLE", .date = "20130524", .region = "us-east-1"};
    chain_ = {signingKey(exampleSecret, claim), "20130524T000000Z", claim.scope(),
              "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"};
    body_ = "10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n" +
            std::string(65536, 'a') +
            "\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n" +
            std::string(1024, 'a') +
            "\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
  }
  std::string read(std::string_view body, std::size_t piece, bool chained = true) {
    ChunkedContent chunks({.isSigned = true}, chained ? std::optional(chain_) : std::nullopt);
    std::string content;
    for (std::size_t at = 0; at < body.size(); at += piece)
      chunks.write(body.substr(at, piece), [&](std::string_view bytes) { content += bytes; });
    chunks.finish();
    return content;
  }
  Verified chain_;
  std::string body_;
};

TEST_F(S3Chunks, amazonsExampleVerifies) {
  for (std::size_t piece : {1, 7, 4096, 100'000}) EXPECT_EQ(read(body_, piece), std::string(66'560, 'a')) << piece;
}

TEST_F(S3Chunks, anyChangeIsFound) {
  std::string changed = body_;
  changed[70'000 - 4000] = 'b';
  EXPECT_EQ(faultOf([&] { read(changed, 1000); }), "SignatureDoesNotMatch");
  EXPECT_EQ(read(changed, 1000, false).size(), 66'560u);
  EXPECT_EQ(faultOf([&] { read(body_.substr(0, body_.size() - 2), 1000); }), "IncompleteBody");
  EXPECT_EQ(faultOf([&] { read(body_.substr(0, 65'536 + 85), 1000); }), "IncompleteBody");
  EXPECT_EQ(faultOf([&] { read(body_ + "x", 100'000); }), "InvalidRequest");
  EXPECT_EQ(faultOf([&] { read("zz\r\n", 100); }), "InvalidRequest");
  EXPECT_EQ(faultOf([&] { read("fffffffffffffffff;chunk-signature=00\r\n", 100); }), "InvalidRequest");
  EXPECT_EQ(faultOf([&] { read(std::string(100'000, 'a'), 1000); }), "InvalidRequest");
  // The last chunk alone: its signature continues another chain.
  EXPECT_EQ(faultOf([&] { read(body_.substr(body_.rfind("0;chunk")), 100); }), "SignatureDoesNotMatch");
}

TEST_F(S3Chunks, trailers) {
  auto trailersOf = [](std::string_view body) {
    ChunkedContent chunks({.trailers = true}, std::nullopt);
    std::string content;
    chunks.write(body, [&](std::string_view bytes) { content += bytes; });
    chunks.finish();
    EXPECT_EQ(content, "abc");
    return chunks.trailers();
  };
  auto trailers = trailersOf("3\r\nabc\r\n0\r\nx-amz-checksum-crc32:NSRBwg==\r\n\r\n");
  ASSERT_EQ(trailers.size(), 1u);
  EXPECT_EQ(trailers[0], std::pair(std::string("x-amz-checksum-crc32"), std::string("NSRBwg==")));
  EXPECT_EQ(faultOf([&] { trailersOf("3\r\nabc\r\n0\r\nno colon\r\n\r\n"); }), "MalformedTrailerError");
}

TEST(S3Xml, roundTrip) {
  std::string text;
  XmlWriter(text).open("Delete").text("Key", " a<&>\"'\r\n\xC3\xA4 \x01").close();
  XmlElement root = parseXml(text);
  EXPECT_EQ(root.name, "Delete");
  EXPECT_EQ(root.childText("Key"), " a<&>\"'\r\n\xC3\xA4 \xEF\xBF\xBD");
  EXPECT_EQ(parseXml("<a xmlns='x'><b:c d=\"1\"/><!-- no --><c>&#65;&#x42;</c></a>").childText("c"), "");
  EXPECT_EQ(parseXml("<a><c>&#65;&#x42;</c></a>").childText("c"), "AB");
}

TEST(S3Xml, refusesWhatIsNotNeeded) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "<a>";
  std::string many = "<a>";
  for (int i = 0; i < 60'000; ++i) many += "<b/>";
  many += "</a>";
  for (std::string_view text :
       {"", "x", "<a>", "<a></b>", "<a", "<a b></a>", "<a b=c></a>", "<a>&x;</a>", "<a>&#0;</a>", "<a>&#xD800;</a>",
        "<a>&#99999999;</a>", "<a/><b/>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a><![CDATA[x]]></a>",
        "<a><?php ?></a>", "<a>\xFF</a>", "<a>&amp</a>"})
    EXPECT_EQ(faultOf([&] { parseXml(text); }), "MalformedXML") << text;
  EXPECT_EQ(faultOf([&] { parseXml(deep); }), "MalformedXML");
  EXPECT_EQ(faultOf([&] { parseXml(many); }), "MalformedXML");
}

TEST(S3Key, isANormalPath) {
  EXPECT_EQ(pathOfKey("1/run/artifacts/model/MLmodel"), "1/run/artifacts/model/MLmodel");
  EXPECT_EQ(pathOfKey("größe & co/a+b=c ~"), "größe & co/a+b=c ~");
  for (std::string_view key : {"", "/", "a/", "/a", "a//b", "a/./b", "a/../b", "..", ".", "a\\b", "a#b", "a\nb", "C:/x",
                               "file:x", "a/%2e%2e/b", "a/%252e%252e/b", "\xFF"})
    EXPECT_FALSE(pathOfKey(key)) << key;
  EXPECT_TRUE(pathOfKey(std::string(1024, 'k')));
  EXPECT_EQ(faultOf([] { newPathOfKey(std::string(1025, 'k')); }), "KeyTooLongError");
  EXPECT_EQ(readSource("/b/k%20x").key, "k x");
  EXPECT_EQ(readSource("b/k/l").bucket, "b");
  for (std::string_view source : {"", "b", "b/", "/b/", "//k", "b/%zz", "b/k?versionId=3"})
    EXPECT_NE(faultOf([&] { readSource(source); }), "") << source;
}

TEST(S3Parts, orderAndSize) {
  auto named = readNamedParts(
      "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"0cc175b9c0f1b6a831c399e269772661\"</ETag>"
      "</Part><Part><ETag>92eb5ffee6ae2fec3ad71c777531578f</ETag><PartNumber>3</PartNumber></Part>"
      "</CompleteMultipartUpload>");
  // md5(md5("a") + md5("b"))
  EXPECT_EQ(etagOfParts(named), "96e024ba2074fe77e8e965ba43a704be-2");
  std::vector<registry::UploadPart> stored{{1, {"d1", 5 * 1024 * 1024}, "0cc175b9c0f1b6a831c399e269772661", "", 0},
                                           {2, {"d2", 1}, "x", "", 0},
                                           {3, {"d3", 1}, "92eb5ffee6ae2fec3ad71c777531578f", "", 0}};
  EXPECT_EQ(choose(named, stored).size(), 2u);
  stored[0].content.size -= 1;
  EXPECT_EQ(faultOf([&] { choose(named, stored); }), "EntityTooSmall");
  stored[2].etag = "y";
  EXPECT_EQ(faultOf([&] { choose(named, stored); }), "InvalidPart");
  EXPECT_EQ(faultOf([&] { readNamedParts("<CompleteMultipartUpload/>"); }), "MalformedXML");
  EXPECT_EQ(faultOf([&] {
              readNamedParts(
                  "<CompleteMultipartUpload><Part><PartNumber>2</PartNumber><ETag>a</ETag></Part><Part>"
                  "<PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>");
            }),
            "InvalidPartOrder");
}

}  // namespace
}  // namespace regesta::api::s3
