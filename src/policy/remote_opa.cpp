#include "policy/remote_opa.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/sync.h"
#include "base/text.h"
#include "http/client.h"

namespace regesta::policy {
namespace {

constexpr std::size_t remoteAnswerLimit = 4 * 1024 * 1024;
constexpr std::size_t remoteTextLength = 500;

Verdict verdictOf(const json::value& result) {
  if (result.is_bool()) {
    Verdict verdict;
    if (!result.as_bool()) verdict.deny.push_back({.code = "opa-denied", .msg = "the external OPA does not allow it"});
    return verdict;
  }
  if (!result.is_object()) return {.error = "the external OPA's document is neither an object nor true or false"};
  const json::object& members = result.as_object();
  bool known = std::ranges::any_of(std::initializer_list<std::string_view>{"deny", "warn", "require"},
                                   [&](std::string_view name) { return members.contains(name); });
  if (!known) return {.error = "the external OPA's document has none of deny, warn and require"};
  return readVerdict(result);
}

/// What OPA says of its error.
std::string reasonOf(const http::Response& answer) {
  try {
    json::value body = parseJson(answer.body);
    if (body.is_object())
      if (std::string message = memberText(body.as_object(), "message"); !message.empty())
        return shorten(message, remoteTextLength);
  } catch (const Error&) {  // no JSON: the status alone
  }
  return "no reason given";
}

}  // namespace

struct RemoteOpa::State {
  Options options;
  Sync<std::vector<std::unique_ptr<http::Client>>> clients = {};

  std::unique_ptr<http::Client> takeClient() {
    auto list = clients.lock();
    if (list->empty()) return std::make_unique<http::Client>();
    auto client = std::move(list->back());
    list->pop_back();
    return client;
  }
};

RemoteOpa::RemoteOpa(Options options) : state_(new State{.options = std::move(options)}) {
  for (std::string& url : state_->options.urls) url = withoutSlash(std::move(url));
}
RemoteOpa::~RemoteOpa() = default;

bool RemoteOpa::isAllowed(std::string_view url) const {
  return std::ranges::find(state_->options.urls, url) != state_->options.urls.end();
}

RemoteAnswer RemoteOpa::decide(std::string_view url, std::string_view path, std::string_view inputJson) {
  if (!isAllowed(url)) throw error(Code::unavailable, "the OPA at {} is not in the setting policy.opa-urls", url);
  http::ClientRequest request{.method = "POST", .url = fmt::format("{}/v1/data/{}", url, path)};
  JsonWriter(request.body).object().key("input").raw(inputJson).end();
  request.timeoutSeconds = state_->options.timeoutSeconds;
  request.answerLimit = remoteAnswerLimit;
  request.caFile = state_->options.caFile;
  request.headers.set("Content-Type", "application/json");
  if (!state_->options.token.empty()) request.headers.set("Authorization", "Bearer " + state_->options.token);
  http::Response answer;
  try {
    auto client = state_->takeClient();
    answer = client->send(request);
    state_->clients.lock()->push_back(std::move(client));
  } catch (const Error& fault) {
    throw error(Code::unavailable, "the OPA at {} did not answer: {}", url, fault.message);
  }
  if (answer.status != 200)
    throw error(Code::unavailable, "the OPA at {} answered {}: {}", url, answer.status, reasonOf(answer));
  json::value parsed;
  try {
    parsed = parseJson(answer.body);
  } catch (const Error&) {
    throw error(Code::unavailable, "the OPA at {} answered what is not JSON", url);
  }
  if (!parsed.is_object()) throw error(Code::unavailable, "the OPA at {} answered no object", url);
  const json::object& body = parsed.as_object();
  RemoteAnswer decided;
  decided.decisionId = shorten(memberText(body, "decision_id"), remoteTextLength);
  const json::value* result = body.if_contains("result");
  if (result)
    decided.verdict = verdictOf(*result);
  else
    decided.verdict.error = fmt::format("the OPA at {} has no document {}", url, path);
  return decided;
}

}  // namespace regesta::policy
