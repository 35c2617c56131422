// The wire of OpenAI-compatible APIs as the runner reads it.
#include <gtest/gtest.h>

#include "base/error.h"
#include "cli/model/answer.h"
#include "cli/model/command.h"
#include "cli/model/endpoint.h"
#include "cli/model/request.h"

namespace regesta::cli {
namespace {

constexpr std::string_view hello =
    ": keep-alive\n\n"
    "data: {\"model\":\"m-1\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n"
    "event: x\ndata: {\"choices\":[{\"delta\":{\"content\":\"Gr\xc3\xbc\"}}]}\n\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"\xc3\x9f\"},\"finish_reason\":null}]}\n\n"
    "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2,\"cost\":0.5}}\n\n"
    "data: [DONE]\n\n";

TEST(CompletionStream, IsTheSameInPiecesOfAnySize) {
  for (std::size_t size = 1; size < hello.size(); size += 7) {
    CompletionStream stream;
    for (std::size_t at = 0; at < hello.size(); at += size) stream.take(hello.substr(at, size));
    ModelAnswer answer = stream.finish();
    EXPECT_EQ(answer.text, "Gr\xc3\xbc\xc3\x9f");
    EXPECT_EQ(answer.model, "m-1");
    EXPECT_EQ(answer.finishReason, "stop");
    EXPECT_EQ(answer.inputTokens, 3);
    EXPECT_EQ(answer.outputTokens, 2);
    EXPECT_EQ(answer.cost, 0.5);
  }
}

TEST(CompletionStream, PutsCallsOfToolsTogether) {
  CompletionStream stream;
  stream.take(
      R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"find","arguments":""}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"q\":"}}]}}]}

data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]},"finish_reason":"tool_calls"}]}

)");
  EXPECT_EQ(stream.finish().text,
            R"([{"id":"c1","type":"function","function":{"name":"find","arguments":"{\"q\":1}"}}])");
}

std::string fault(std::string_view bytes) {
  try {
    CompletionStream stream;
    stream.take(bytes);
    stream.finish();
  } catch (const Error& e) {
    EXPECT_EQ(e.code, Code::unavailable);
    return e.message;
  }
  ADD_FAILURE() << "was read";
  return {};
}

TEST(CompletionStream, WhatBreaksOffIsNoAnswer) {
  EXPECT_NE(fault(hello.substr(0, hello.size() / 2)), "");
  EXPECT_NE(fault(""), "");
  EXPECT_NE(fault("data: {\"error\":{\"message\":\"overloaded\"}}\n\n").find("overloaded"), std::string::npos);
  EXPECT_NE(fault("data: <html>\n\n"), "");
  EXPECT_NE(fault("data: " + std::string(2'000'000, 'x')).find("without an end"), std::string::npos);
  EXPECT_NE(fault(R"(data: {"choices":[{"delta":{"tool_calls":[{"index":1000000000}]}}]})"
                  "\n\n")
                .find("tool calls"),
            std::string::npos);
  std::string flood;
  for (int i = 0; i < 50; ++i)
    flood += "data: {\"choices\":[{\"delta\":{\"content\":\"" + std::string(100'000, 'x') + "\"}}]}\n\n";
  EXPECT_NE(fault(flood).find("larger"), std::string::npos);
}

TEST(Completion, FileContent) {
  ModelAnswer answer = readCompletion(
      R"({"model":"m","choices":[{"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}})");
  EXPECT_EQ(answer.text, "hi");
  EXPECT_EQ(answer.inputTokens, 1);
  EXPECT_THROW(readCompletion("{}"), Error);
  EXPECT_THROW(readCompletion(R"({"choices":[1]})"), Error);
}

TEST(Request, SettingsByAllTheirNames) {
  ModelSettings settings;
  settings.modelConfig = parseJson(R"({"model":"openai:chat:gpt-x","temperature":0.2,"maxOutputTokens":9,
    "stop_sequences":["."],"provider":"x","options":{"topP":0.5},"n":7})");
  settings.responseFormat = parseJson(R"({"type":"object","required":["a"]})");
  settings.tools =
      parseJson(R"([{"name":"f","parameters":{}},{"type":"function","function":{"name":"g"}}])").as_array();
  json::array messages{json::object{{"role", "user"}, {"content", "x"}}};
  EXPECT_EQ(canonicalJson(completionRequest(settings, messages, "")),
            canonicalJson(parseJson(R"({"model":"gpt-x","temperature":0.2,"max_tokens":9,"stop":["."],"top_p":0.5,
      "messages":[{"role":"user","content":"x"}],
      "response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":{"type":"object","required":["a"]}}},
      "tools":[{"type":"function","function":{"name":"f","parameters":{}}},{"type":"function","function":{"name":"g"}}]})")));
  EXPECT_EQ(modelOf(settings, "other"), "other");
  EXPECT_EQ(modelOf({}, ""), "");
}

TEST(Endpoint, RetryAfter) {
  auto with = [](std::string name, std::string value) {
    http::Headers headers;
    headers.add(std::move(name), std::move(value));
    return retryAfter(headers, 784'111'770'000);
  };
  EXPECT_EQ(with("Retry-After", "3"), 3);
  EXPECT_EQ(with("retry-after-ms", "250"), 0.25);
  EXPECT_EQ(with("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"), 7);
  EXPECT_EQ(with("Retry-After", "Sun, 06 Nov 1994 08:49:00 GMT"), 0);
  EXPECT_EQ(with("Retry-After", "soon"), std::nullopt);
  EXPECT_EQ(with("Retry-After", "-1"), std::nullopt);
}

TEST(Endpoint, Cosine) {
  EXPECT_DOUBLE_EQ(cosine({1, 0}, {2, 0}), 1);
  EXPECT_DOUBLE_EQ(cosine({1, 0}, {0, 1}), 0);
  EXPECT_DOUBLE_EQ(cosine({0, 0}, {0, 1}), 0);
  EXPECT_THROW(cosine({1}, {1, 2}), Error);
  EXPECT_THROW(cosine({}, {}), Error);
}

TEST(Command, GradesByExitCodeOrByWhatItPrints) {
  auto run = [](const std::string& line, const std::string& output = "the answer", std::function<bool()> stopped = {}) {
    return runCommand(line, {output}, json::object{{"who", "Eva"}}, stopped);
  };
  EXPECT_TRUE(run("grep -q answer").pass);
  EXPECT_FALSE(run("grep -q question").pass);
  EXPECT_TRUE(run("echo $REGESTA_TEST_VARS | grep -q '\"who\":\"Eva\"'").pass);
  EXPECT_DOUBLE_EQ(run("echo 0.25").score, 0.25);
  EXPECT_FALSE(run("echo false").pass);
  EXPECT_EQ(run(R"(echo '{"pass":false,"score":0.4,"reason":"short"}')").reason, "short");
  EXPECT_FALSE(run("echo '{\"pass\":true}'; exit 3").pass) << "an exit code is the last word";
  EXPECT_EQ(run("echo bad >&2; exit 1").reason, "bad");
  EXPECT_TRUE(run("test -z \"$OPENAI_API_KEY$REGESTA_TOKEN\"").pass) << "no secrets";
  EXPECT_TRUE(run("true", std::string(5'000'000, 'x')).pass) << "it need not read";
  EXPECT_EQ(run("yes 2>&1 | head -1").reason, "y") << "pipes end as in any shell";
  EXPECT_EQ(run("cat", std::string(1'000'000, 'x')).pass, true);
  EXPECT_THROW(run("/no/such/program"), Error);
  auto start = std::chrono::steady_clock::now();
  EXPECT_THROW(run("sleep 100", "", [] { return true; }), Error);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

}  // namespace
}  // namespace regesta::cli
