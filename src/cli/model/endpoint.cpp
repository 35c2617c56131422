#include "cli/model/endpoint.h"

#include <time.h>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"

namespace regesta::cli {
namespace {

constexpr double firstPause = 0.5, longestPause = 8, longestAsked = 60;  // seconds
constexpr std::size_t answerLimit = 16 * 1024 * 1024;

/// What is worth another try, and when.
struct Busy {
  std::string why;
  std::optional<double> after;
};

bool isWorthAnother(int status) { return status == 408 || status == 429 || status >= 500; }

std::string faultIn(const http::Response& response) {
  boost::system::error_code broken;
  json::value root = json::parse(response.body, broken);
  if (!broken && root.is_object())
    if (const json::value* fault = root.get_object().if_contains("error")) {
      if (fault->is_string()) return std::string(fault->get_string());
      if (const json::value* message = fault->is_object() ? fault->get_object().if_contains("message") : nullptr;
          message && message->is_string())
        return std::string(message->get_string());
    }
  return shorten(trim(response.body), 200);
}

/// Returns for a 2xx; throws Busy for what may pass, Error{invalid} for what will not.
void checkStatus(const http::Response& response) {
  if (response.status / 100 == 2) return;
  std::string why = fmt::format("the model's server answers {}: {}", response.status, faultIn(response));
  if (isWorthAnother(response.status)) throw Busy{why, retryAfter(response.headers, nowMillis())};
  throw Error(Code::invalid, why);
}

}  // namespace

std::optional<double> retryAfter(const http::Headers& headers, std::int64_t nowMillis) {
  if (auto text = headers.get("retry-after-ms"))
    if (auto millis = parseDouble(*text); millis && *millis >= 0) return *millis / 1000;
  auto text = headers.get("Retry-After");
  if (!text) return std::nullopt;
  if (auto seconds = parseDouble(*text)) return *seconds >= 0 ? seconds : std::nullopt;
  tm parts{};
  const char* end = ::strptime(std::string(*text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (!end) return std::nullopt;
  return std::max(0.0, static_cast<double>(::timegm(&parts)) - static_cast<double>(nowMillis) / 1000);
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size() || a.empty())
    throw error(Code::unavailable, "two embeddings of {} and {} numbers cannot be compared", a.size(), b.size());
  double product = 0, lengthA = 0, lengthB = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += a[i] * b[i];
    lengthA += a[i] * a[i];
    lengthB += b[i] * b[i];
  }
  double lengths = std::sqrt(lengthA) * std::sqrt(lengthB);
  return lengths > 0 && std::isfinite(product / lengths) ? product / lengths : 0;
}

http::ClientRequest ModelEndpoint::request(std::string_view path, const json::object& body) const {
  http::ClientRequest call;
  call.method = "POST";
  std::string_view root = options_.url;
  while (root.ends_with('/')) root.remove_suffix(1);
  call.url = fmt::format("{}{}", root, path);
  call.headers.add("Content-Type", "application/json");
  if (!options_.key.empty()) call.headers.add("Authorization", "Bearer " + options_.key);
  call.timeoutSeconds = options_.timeoutSeconds;
  call.answerLimit = answerLimit;
  call.stopped = options_.stopped;
  call.body = writeJson(body);
  return call;
}

void ModelEndpoint::pause(double seconds) {
  auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < until) {
    if (options_.stopped && options_.stopped()) throw Error(Code::unavailable, "stopped");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

template <class Try>
auto ModelEndpoint::repeated(Try attempt) {
  for (int tried = 1;; ++tried) {
    Busy busy;
    try {
      return attempt();
    } catch (const Busy& again) {
      busy = again;
    } catch (const Error& fault) {
      if (fault.code != Code::unavailable) throw;
      busy.why = fault.message;
    }
    if (options_.stopped && options_.stopped()) throw Error(Code::unavailable, "stopped");
    if (tried >= options_.tries) throw error(Code::unavailable, "{} (after {} tries)", busy.why, tried);
    pause(std::min(busy.after.value_or(std::min(longestPause, firstPause * (1 << (tried - 1)))), longestAsked));
  }
}

ModelAnswer ModelEndpoint::ask(const http::ClientRequest& call, bool stream) {
  if (!stream) {
    http::Response response = client_.send(call);
    checkStatus(response);
    return readCompletion(response.body);
  }
  http::ClientRequest streaming = call;
  CompletionStream events;
  std::string whole;  // of a server that does not stream: it says so in the type, which comes with the end
  streaming.sink = [&](std::string_view bytes) {
    if (whole.empty() && (bytes.starts_with('{') || bytes.starts_with(' ')))
      whole = bytes;
    else if (!whole.empty())
      whole += bytes;
    else
      events.take(bytes);
    return whole.size() <= answerLimit;
  };
  http::Response response = client_.send(streaming);
  checkStatus(response);
  return whole.empty() ? events.finish() : readCompletion(whole);
}

ModelAnswer ModelEndpoint::complete(const json::object& request) {
  json::object body = request;
  if (options_.stream) {
    body["stream"] = true;
    body["stream_options"] = json::object{{"include_usage", true}};
  }
  http::ClientRequest call = this->request("/chat/completions", body);
  return repeated([&] { return ask(call, options_.stream); });
}

std::vector<double> ModelEndpoint::embed(const std::string& text, const std::string& model) {
  http::ClientRequest call = request("/embeddings", json::object{{"model", model}, {"input", text}});
  return repeated([&] {
    http::Response response = client_.send(call);
    checkStatus(response);
    std::vector<double> numbers;
    try {
      json::value root = parseJson(response.body);
      for (const json::value& number : root.at("data").at(0).at("embedding").as_array())
        numbers.push_back(number.to_number<double>());
    } catch (const std::exception&) {
      throw error(Code::unavailable, "the model's server answered no embedding: {}", shorten(response.body, 200));
    }
    return numbers;
  });
}

std::optional<double> ModelEndpoint::costOf(const ModelAnswer& answer) const {
  if (options_.inputPrice >= 0 && options_.outputPrice >= 0)
    return (static_cast<double>(answer.inputTokens) * options_.inputPrice +
            static_cast<double>(answer.outputTokens) * options_.outputPrice) /
           1e6;
  return answer.cost;
}

}  // namespace regesta::cli
