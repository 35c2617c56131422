#include "api/hf/call.h"

#include "base/encoding.h"
#include "base/text.h"

namespace regesta::api::hf {
namespace {

/// JavaScript's client sends some parameters as a form.
json::value bodyOf(const http::Request& request, const std::string& text) {
  auto type = request.headers.get("Content-Type");
  if (type && type->starts_with("application/x-www-form-urlencoded")) {
    json::object form;
    for (const auto& [name, value] : http::parseQuery(text)) {
      json::value& member = form[name];
      if (member.is_null())
        member = value;
      else if (member.is_array())
        member.get_array().emplace_back(value);
      else
        member = json::array{member, json::value(value)};
    }
    return form;
  }
  return text.empty() ? json::value() : parseJson(text);
}

}  // namespace

Task RepoRoute::handle(http::Exchange& exchange) {
  Collected body = co_await collect(exchange);
  auto answer = [&] {
    Call call = enterRepo(core_, exchange.request(), verb_);
    return answer_(call, repoOf(exchange.request()), bodyOf(exchange.request(), body.text));
  };
  // Reading ends when the caller hangs up; what changes state does not.
  http::Response response =
      verb_ == access::Verb::read ? co_await exchange.reading(answer) : co_await exchange.waiting(answer);
  co_await exchange.respond(std::move(response));
}

Task PlainRoute::handle(http::Exchange& exchange) {
  Collected body = co_await collect(exchange);
  auto answer = [&] {
    Call call = admit(core_, exchange.request(), signedIn(), dialect());
    return answer_(call, bodyOf(exchange.request(), body.text));
  };
  bool reads = exchange.request().method == "GET";
  http::Response response = reads ? co_await exchange.reading(answer) : co_await exchange.waiting(answer);
  co_await exchange.respond(std::move(response));
}

http::Response jsonResponse(std::string body) {
  http::Response response;
  response.body = std::move(body);
  return response;
}

const json::object& objectOf(const json::value& body) {
  if (!body.is_object()) throw Error(Code::invalid, "the request body must be a JSON object");
  return body.get_object();
}

std::string queryValue(const http::Request& request, std::string_view name) {
  std::string found;
  for (auto& [key, value] : http::parseQuery(request.query))
    if (key == name) found = std::move(value);
  return found;
}

bool queryFlag(const http::Request& request, std::string_view name) {
  std::string value = lower(queryValue(request, name));
  return value == "true" || value == "1";
}

void linkNext(const Call& call, http::Response& response, std::string_view cursor) {
  std::string query;
  for (const auto& [name, value] : http::parseQuery(call.http.query))
    if (name != "cursor") query += fmt::format("{}={}&", percentEncode(name), percentEncode(value));
  std::string_view below = std::string_view(call.http.rawPath).substr(std::string_view("/hf").size());
  response.headers.set("Link", fmt::format("<{}{}?{}cursor={}>; rel=\"next\"", hubUrl(call.core, call.http), below,
                                           query, percentEncode(cursor)));
}

std::size_t pageLimit(const http::Request& request, std::size_t usual, std::size_t most) {
  std::string text = queryValue(request, "limit");
  if (text.empty()) return usual;
  std::optional<std::int64_t> limit = parseInteger(text);
  if (!limit || *limit < 1) throw Invalid("limit", "must be a number of at least 1");
  return std::min<std::size_t>(most, static_cast<std::size_t>(*limit));
}

}  // namespace regesta::api::hf
