#include "blob/bucket.h"

#include <gtest/gtest.h>

#include "support/thrown.h"

namespace regesta::blob {
namespace {

TEST(BucketUrl, NamesSchemeBucketAndPrefix) {
  EXPECT_EQ(parseBucketUrl("s3://my-bucket/a/b").text(), "s3://my-bucket/a/b");
  EXPECT_EQ(parseBucketUrl("gs://my.bucket").text(), "gs://my.bucket");
  EXPECT_EQ(parseBucketUrl("az://c//a/").prefix, "a");
}

TEST(BucketUrl, RefusesWhatNamesNone) {
  for (const char* url :
       {"", "bucket", "s3:/b", "s3://", "s3:///p", "s3://Bucket", "s3://b/../c", "s3://b/./c", "s3://b/a b", "s3://b/ä",
        "s3://key:secret@b/p", "s3://b?x=1", "s3://b#f", "file:///b", "http://b", "s3://b\n/c"})
    EXPECT_EQ(thrownCode([&] { parseBucketUrl(url); }), Code::invalid) << url;
}

TEST(BucketUrl, AnEndpointHasNoCredentials) {
  for (const char* url : {"", "http://localhost:9000", "https://store.example/path"})
    EXPECT_NO_THROW(requireEndpoint(url));
  for (const char* url : {"store.example", "ftp://store.example", "https://", "https://key:secret@store.example",
                          "https://store.example?sig=x", "http://a b"})
    EXPECT_EQ(thrownCode([&] { requireEndpoint(url); }), Code::invalid) << url;
}

BucketExchange answered(int status, const std::string& body) {
  BucketExchange exchange;
  exchange.method = "GET";
  exchange.host = "store.example";
  exchange.answer.status = status;
  exchange.answer.body = body;
  exchange.requests = 1;
  return exchange;
}

TEST(BucketFault, OnlyTheObjectStoreSaysThatAnObjectIsMissing) {
  EXPECT_TRUE(isMissingObject(answered(404, "<Error><Code>NoSuchKey</Code></Error>")));
  EXPECT_TRUE(isMissingObject(answered(404, "<Error><Code>BlobNotFound</Code></Error>")));
  for (const char* body : {"", "<html>404</html>", "<Error><Code>NoSuchBucket</Code></Error>", "NoSuchKey"})
    EXPECT_FALSE(isMissingObject(answered(404, body))) << body;
  EXPECT_FALSE(isMissingObject(answered(403, "<Error><Code>NoSuchKey</Code></Error>")));
}

TEST(BucketFault, HostileAnswersDoNotReachTheLog) {
  BucketAddress address{"s3", "b", "p"};
  std::string body = "<Error><Code>A\nB</Code><Message>" + std::string(100'000, 'x') + "\x1b[31m</Message></Error>";
  std::string text = describeFault(address, answered(500, body));
  EXPECT_LT(text.size(), 1000u);
  for (unsigned char c : text) EXPECT_GE(c, ' ') << text;
}

}  // namespace
}  // namespace regesta::blob
