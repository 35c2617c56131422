#include "connect/web_call.h"

#include <algorithm>
#include <ctime>

#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "base/time.h"
#include "connect/connector.h"
#include "jobs/receiver.h"

namespace regesta::connect {
namespace {

using Kind = ConnectorError::Kind;

constexpr int timeoutSeconds = 20;
constexpr std::size_t answerLimit = 8 * 1024 * 1024;
constexpr std::int64_t longestPause = 86'400'000;

/// What the other program says, from the forms of JIRA ({"errorMessages":[…],"errors":{…}}), ServiceNow
/// ({"error":{"message"}}) and others.
std::string reasonOf(const json::value& body) {
  if (!body.is_object()) return {};
  std::string text;
  auto add = [&](std::string_view part) { text += text.empty() ? std::string(part) : fmt::format("; {}", part); };
  if (const json::value* list = body.get_object().if_contains("errorMessages"); list && list->is_array())
    for (const json::value& one : list->get_array())
      if (one.is_string()) add(one.get_string());
  if (const json::value* errors = body.get_object().if_contains("errors"); errors && errors->is_object())
    for (const auto& one : errors->get_object())
      if (one.value().is_string())
        add(fmt::format("{}: {}", std::string_view(one.key()), std::string_view(one.value().get_string())));
  if (text.empty()) text = memberText(body.get_object(), "message");
  if (text.empty()) text = memberText(memberObject(body.get_object(), "error"), "message");
  return shorten(text, 300);
}

json::value bodyOf(const http::Response& response) {
  if (response.body.empty()) return nullptr;
  try {
    return parseJson(response.body);
  } catch (const Error&) {
    return nullptr;
  }
}

Counter& callsWith(std::string_view outcome) {
  return counter("regesta_connection_requests_total", "Requests to programs that are connected.",
                 fmt::format("outcome=\"{}\"", outcome));
}
void count(std::string_view outcome) { callsWith(outcome).add(); }

}  // namespace

std::int64_t retryAfterMillis(std::string_view header, std::int64_t now) {
  if (auto seconds = parseInteger(trim(header)))
    return std::clamp<std::int64_t>(*seconds, 0, longestPause / 1000) * 1000;
  std::tm parts{};
  const char* end = strptime(std::string(header).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end) return 0;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(timegm(&parts)) * 1000 - now, 0, longestPause);
}

WebCall::WebCall(const http::Egress& egress, std::string program, std::string base, std::string authorization)
    : egress_(egress), program_(std::move(program)), base_(std::move(base)), authorization_(std::move(authorization)) {
  // A counter that appears at 1 has not increased.
  for (std::string_view outcome : {"answered", "limited", "refused", "unauthorized", "unreachable"}) callsWith(outcome);
}

WebCall::Answer WebCall::send(std::string_view method, const std::string& path, const json::value& body,
                              bool mayRefuse) {
  http::ClientRequest request;
  request.method = method;
  request.url = base_ + path;
  request.timeoutSeconds = timeoutSeconds;
  request.answerLimit = answerLimit;
  request.egress = &egress_;
  request.headers.set("Accept", "application/json");
  if (!authorization_.empty()) request.headers.set("Authorization", authorization_);
  request.headers.set("User-Agent", "regesta-connect/1");
  request.headers.set("X-Atlassian-Token", "no-check");
  if (!body.is_null()) {
    request.headers.set("Content-Type", "application/json");
    request.body = writeJson(body);
  }
  http::Response response;
  try {
    // A request on a kept connection that closes without an answer is sent once more by the client: what writes must
    // not be done twice, so it gets a connection of its own.
    response = method == "GET" ? client_.send(request) : http::Client().send(request);
  } catch (const Error& failure) {
    count("unreachable");
    log(LogLevel::info, "a connected program was not reached",
        {{"program", program_}, {"reason", shorten(failure.message, 500)}});
    throw ConnectorError(Kind::unreachable, std::string(jobs::receiverUnreached));
  }
  Answer answer{response.status, bodyOf(response)};
  if (answer.status / 100 == 2 || answer.status == 404) {
    count("answered");
    if (answer.status == 404 || response.body.empty() || !answer.body.is_null()) return answer;
    throw ConnectorError(Kind::unreachable,
                         fmt::format("{} answered with something that is not JSON: check the URL", program_));
  }
  std::int64_t pause = retryAfterMillis(response.headers.get("Retry-After").value_or(""), nowMillis());
  std::string said = reasonOf(answer.body);
  auto words = [&](std::string_view what) {
    return fmt::format("{} {} (HTTP {}){}{}", program_, what, answer.status, said.empty() ? "" : ": ", said);
  };
  if (answer.status == 429) {
    count("limited");
    throw ConnectorError(Kind::limited, words("limits requests"), pause);
  }
  if (answer.status / 100 == 5) {
    count("unreachable");
    throw ConnectorError(Kind::unreachable, words("is not available"), pause);
  }
  if (answer.status == 401 || (answer.status == 403 && !mayRefuse)) {
    count("unauthorized");
    throw ConnectorError(Kind::unauthorized,
                         words(answer.status == 401 ? "refuses the token" : "does not allow this to the token's user"));
  }
  count("refused");
  if (answer.status / 100 == 3)
    throw ConnectorError(Kind::refused, words("redirects; give the address that it leads to"));
  if (mayRefuse) return answer;
  throw ConnectorError(Kind::refused, words("refuses the request"));
}

}  // namespace regesta::connect
