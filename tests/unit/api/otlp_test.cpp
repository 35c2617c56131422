// OTLP as exporters send it: the same span in protobuf and in JSON, packed and plain, whole and broken.
#include "api/otlp.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/error.h"
#include "base/json.h"

namespace regesta::api::otlp {
namespace {

/// Protobuf by hand: field numbers and wire types, so that the test does not rest on the code it tests.
std::string varint(std::uint64_t n) {
  std::string out;
  for (; n >= 128; n >>= 7) out += static_cast<char>(n | 128);
  return out += static_cast<char>(n);
}
std::string bytes(int field, const std::string& content) {
  return varint(static_cast<std::uint64_t>(field) << 3 | 2) + varint(content.size()) + content;
}
std::string number(int field, std::uint64_t value) {
  return varint(static_cast<std::uint64_t>(field) << 3) + varint(value);
}
std::string fixed(int field, std::uint64_t value) {
  std::string out = varint(static_cast<std::uint64_t>(field) << 3 | 1);
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
  return out;
}
std::string pair(const std::string& key, const std::string& value) { return bytes(1, key) + bytes(2, value); }

const std::string traceBytes = *hexDecode("0af7651916cd43dd8448eb211c80319c");
const std::string spanBytes = *hexDecode("00f067aa0ba902b7");

std::string spanMessage(const std::string& trace = traceBytes, const std::string& span = spanBytes) {
  std::string list = bytes(1, bytes(1, "a")) + bytes(1, number(2, 1));  // ["a", true]
  return bytes(1, trace) + bytes(2, span) + bytes(5, "chat") + number(6, 3) + fixed(7, 1'000'000'000) +
         fixed(8, 1'250'000'000) + bytes(9, pair("model", bytes(1, "m-1"))) + bytes(9, pair("n", number(3, 7))) +
         bytes(9, pair("list", bytes(5, list))) +
         bytes(9, pair("map", bytes(6, bytes(1, pair("k", bytes(7, "\x01")))))) +
         bytes(11, fixed(1, 1'100'000'000) + bytes(2, "token")) + bytes(15, bytes(2, "boom") + number(3, 2)) +
         fixed(99, 5);  // a field of a later protocol
}
std::string requestOf(const std::string& spans) {
  std::string resource = bytes(1, bytes(1, pair("service.name", bytes(1, "shop"))));
  return bytes(1, resource + bytes(2, spans));
}
std::string oneSpan() { return requestOf(bytes(2, spanMessage())); }

const std::string_view asJson = R"({"resourceSpans":[{"resource":{"attributes":[
  {"key":"service.name","value":{"stringValue":"shop"}}]},"scopeSpans":[{"spans":[{
  "traceId":"0AF7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","name":"chat","kind":"SPAN_KIND_CLIENT",
  "startTimeUnixNano":"1000000000","endTimeUnixNano":1250000000,"attributes":[
  {"key":"model","value":{"stringValue":"m-1"}},{"key":"n","value":{"intValue":"7"}},
  {"key":"list","value":{"arrayValue":{"values":[{"stringValue":"a"},{"boolValue":true}]}}},
  {"key":"map","value":{"kvlistValue":{"values":[{"key":"k","value":{"bytesValue":"AQ=="}}]}}}],
  "events":[{"timeUnixNano":"1100000000","name":"token"}],"status":{"code":2,"message":"boom"},"later":1}]}]}]})";

void expectTheSpan(const Batch& batch) {
  ASSERT_EQ(batch.spans.size(), 1u);
  const telemetry::Span& span = batch.spans[0];
  EXPECT_EQ(span.traceId, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(span.spanId, "00f067aa0ba902b7");
  EXPECT_TRUE(span.isRoot());
  EXPECT_EQ(span.name, "chat");
  EXPECT_EQ(span.kind, 3);
  EXPECT_EQ(span.startNs, 1'000'000'000);
  EXPECT_EQ(span.endNs, 1'250'000'000);
  EXPECT_EQ(span.status, telemetry::SpanStatus::error);
  EXPECT_EQ(span.statusMessage, "boom");
  EXPECT_EQ(writeJson(span.attributes), R"({"model":"m-1","n":7,"list":["a",true],"map":{"k":"AQ=="}})");
  ASSERT_EQ(span.events.size(), 1u);
  EXPECT_EQ(span.events[0].name, "token");
  EXPECT_EQ(writeJson(*span.resource), R"({"service.name":"shop"})");
}

http::Request requestWith(std::string type, std::string body, std::string encoding = {}) {
  http::Request request;
  request.headers.set("Content-Type", std::move(type));
  if (!encoding.empty()) request.headers.set("Content-Encoding", std::move(encoding));
  request.body = std::move(body);
  return request;
}

std::string refusal(const http::Request& request) {
  try {
    read(request);
  } catch (const Error& failure) {
    return fmt::format("{}: {}", codeName(failure.code), failure.message);
  }
  return "taken";
}

TEST(Otlp, bothEncodingsSayTheSame) {
  expectTheSpan(read(requestWith("application/x-protobuf", oneSpan())));
  expectTheSpan(read(requestWith("application/json; charset=utf-8", std::string(asJson))));
}

TEST(Otlp, packedBodiesAreUnpacked) {
  // gzip of "{\"resourceSpans\":[{}]}" with Python's gzip.compress(…, mtime=0), and its zlib and raw deflate.
  std::string gzip = *base64Decode("H4sIAAAAAAACA6tWKkotzi8tSk4NLkjMK1ayiq6uja0FAKhNFNAWAAAA");
  EXPECT_EQ(read(requestWith("application/json", gzip, "gzip")).spans.size(), 0u);
  EXPECT_EQ(refusal(requestWith("application/json", gzip.substr(0, gzip.size() - 12), "gzip")),
            "invalid: the body is not what Content-Encoding: gzip says");
  EXPECT_EQ(refusal(requestWith("application/json", "plain", "gzip")),
            "invalid: the body is not what Content-Encoding: gzip says");
  EXPECT_EQ(refusal(requestWith("application/json", "x", "br")),
            "invalid: Content-Encoding 'br' is not understood here; send gzip, deflate or none");
}

TEST(Otlp, whatIsNoExportIsRefused) {
  EXPECT_EQ(refusal(requestWith("text/plain", oneSpan())),
            "invalid: Invalid Content-Type: text/plain. Expected: application/x-protobuf or application/json");
  EXPECT_EQ(refusal(requestWith("application/x-protobuf", "not protobuf")), "invalid: Invalid OpenTelemetry format");
  EXPECT_EQ(refusal(requestWith("application/x-protobuf", "")),
            "invalid: Invalid OpenTelemetry format - no spans found");
  EXPECT_EQ(refusal(requestWith("application/json", "{}")),
            "invalid: Invalid OpenTelemetry format: resourceSpans has no spans");
  EXPECT_EQ(refusal(requestWith("application/json", R"({"resourceSpans":7})")),
            "invalid: Invalid OpenTelemetry format: resourceSpans must be a list");
  // Text that is not UTF-8 could not be stored; nor does it write into our log.
  testing::internal::CaptureStderr();
  EXPECT_EQ(refusal(requestWith("application/x-protobuf", requestOf(bytes(2, bytes(5, "\xff"))))),
            "invalid: Invalid OpenTelemetry format");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(Otlp, nestingHasAnEnd) {
  std::string value = bytes(1, "deep");
  for (int i = 0; i < 200; ++i) value = bytes(5, bytes(1, value));
  std::string body = requestOf(bytes(2, spanMessage() + bytes(9, pair("deep", value))));
  EXPECT_EQ(refusal(requestWith("application/x-protobuf", body)), "invalid: Invalid OpenTelemetry format");
}

TEST(Otlp, oneBadSpanIsRejectedByItself) {
  std::string body = requestOf(bytes(2, spanMessage()) + bytes(2, spanMessage("short")) +
                               bytes(2, spanMessage(traceBytes, std::string(7, '\0'))));
  http::Request request = requestWith("application/x-protobuf", body);
  Batch batch = read(request);
  expectTheSpan(batch);
  EXPECT_EQ(batch.rejected, 2);
  http::Response answer = otlp::answer(request, batch);
  EXPECT_EQ(answer.contentType, "application/x-protobuf");
  EXPECT_EQ(answer.body, bytes(1, number(1, 2) + bytes(2, "trace_id must be 16 bytes")));

  request.headers.set("Content-Type", "application/json");
  EXPECT_EQ(otlp::answer(request, batch).body,
            R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"trace_id must be 16 bytes"}})");
  EXPECT_EQ(otlp::answer(request, {}).body, "{}");
}

}  // namespace
}  // namespace regesta::api::otlp
