#pragma once
#include "api/hf/repo.h"
#include "api/streaming.h"

namespace regesta::api::hf {

/// Answers a request about a repository. `body` is null when there is none. Runs on a waiting thread.
using RepoAnswer = http::Response (*)(Call& call, const Repo& repo, const json::value& body);
/// Answers any other request of a caller who signed in; it checks the rest itself.
using PlainAnswer = http::Response (*)(Call& call, const json::value& body);

/// A request with a body in JSON, or none, to a repository; the caller needs `verb` on its name.
class RepoRoute final : public http::StreamHandler {
 public:
  RepoRoute(Core& core, access::Verb verb, RepoAnswer answer) : core_(core), verb_(verb), answer_(answer) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
  access::Verb verb_;
  RepoAnswer answer_;
};

/// The same for what is not about one repository.
class PlainRoute final : public http::StreamHandler {
 public:
  PlainRoute(Core& core, PlainAnswer answer) : core_(core), answer_(answer) {}
  http::asio::awaitable<void> handle(http::Exchange& exchange) override;

 private:
  Core& core_;
  PlainAnswer answer_;
};

inline constexpr std::size_t jsonLimit = 8 * 1024 * 1024;

http::Response jsonResponse(std::string body);
/// The value as an object. Throws Error{invalid}.
const json::object& objectOf(const json::value& body);
/// A query parameter; empty: absent. The last one counts.
std::string queryValue(const http::Request& request, std::string_view name);
bool queryFlag(const http::Request& request, std::string_view name);
/// Link: <the same URL with `cursor`>; rel="next".
void linkNext(const Call& call, http::Response& response, std::string_view cursor);
/// 'limit' of the query, from 1 to `most`; `usual` when absent. Throws Invalid.
std::size_t pageLimit(const http::Request& request, std::size_t usual, std::size_t most);

}  // namespace regesta::api::hf
