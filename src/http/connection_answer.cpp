// From a request's head to its answer: routing, the two handler shapes, and what is said when something fails.
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "http/connection.h"
#include "http/hop.h"
#include "http/stream_exchange.h"

namespace regesta::http {
namespace {

constexpr std::size_t copyBelow = 32 * 1024;  // smaller bodies are copied behind their head, larger ones sent in place
constexpr std::size_t longestRequestId = 100;
constexpr std::size_t longestGuess = 2048;  // of a refused head, for the dialect and the log

bool isRequestId(std::string_view id) {
  return !id.empty() && id.size() <= longestRequestId && std::all_of(id.begin(), id.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
  });
}

Code codeFor(int status) {
  switch (status) {
    case 413:
    case 414:
    case 431:
      return Code::tooLarge;
    case 501:
    case 505:
      return Code::unsupported;
    default:
      return Code::invalid;
  }
}

using Clock = std::chrono::steady_clock;

/// Runs the handler; `took` is set also when it throws, and stays zero where nobody asks for it.
Response call(const Action& action, const Request& request, Clock::duration& took) {
  if (action.runs != Runs::measured) return action.whole(request);
  struct Stopwatch {
    Clock::duration& took;
    Clock::time_point began = Clock::now();
    ~Stopwatch() { took = Clock::now() - began; }
  } stopwatch{took};
  return action.whole(request);
}

}  // namespace

void Connection::beginRequest() {
  started_ = Clock::now();
  answering_ = true;
  bodyLeft_ = framing_.chunked ? 0 : framing_.length.value_or(0);
  bodyRead_ = 0;
  bodyLimit_ = limits::wholeBody;
  chunks_ = {};
  continueDue_ = framing_.expectsContinue && framing_.hasBody();
  statusOverride_ = 0;
  auto given = request_.headers.get("X-Request-Id");
  if (given && isRequestId(*given))
    request_.id = *given;
  else
    request_.id = worker_.nextRequestId();
}

const Action* Connection::route() {
  try {
    Router::Found found = site_.router.find(request_);
    if (found.action) {
      action_ = found.action;
      bodyLimit_ = action_->bodyLimit > 0 ? action_->bodyLimit : limits::wholeBody;
      if (framing_.length.value_or(0) > bodyLimit_)
        throw error(Code::tooLarge, "the request body is larger than {} bytes", bodyLimit_);
      return action_;
    }
    if (found.allowed.empty()) throw error(Code::notFound, "there is nothing at {}", request_.rawPath);
    Response response{204, {}, {}, {}};
    if (request_.method != "OPTIONS") {
      statusOverride_ = 405;
      response = render(error(Code::unsupported, "{} is not possible at {}; possible are {}", request_.method,
                              request_.rawPath, join(found.allowed, ", ")));
    }
    response.headers.set("Allow", join(found.allowed, ", "));
    respond(std::move(response));
  } catch (...) {
    respond(renderCurrent());
  }
  return nullptr;
}

bool Connection::runsHere(const Action& action) {
  if (action.runs == Runs::waiting || (action.waits && action.waits(request_))) return false;
  if (action.runs == Runs::inline_) return true;
  return worker_.now() >= worker_.metrics(&action, request_.method).slowUntil;
}

void Connection::learn(const Action& action, Clock::duration took) {
  if (took > std::chrono::microseconds(limits::inlineMicros))
    worker_.metrics(&action, request_.method).slowUntil = worker_.now() + limits::slowRouteMillis;
}

void Connection::runInline(const Action& action) {
  Clock::duration took{};
  try {
    respond(call(action, request_, took));
  } catch (...) {
    respond(renderCurrent());
  }
  learn(action, took);
}

asio::awaitable<void> Connection::answerWhole(const Action& action) {
  Response response;
  Clock::duration took{};
  try {
    if (framing_.hasBody()) co_await readWholeBody();
    if (runsHere(action)) {
      response = call(action, request_, took);
    } else {
      if (!out_.empty()) co_await send();  // earlier answers do not wait for this one
      std::function<void()> work = [&] { response = call(action, request_, took); };
      co_await runOn(site_.waiting, std::move(work));
    }
  } catch (const PeerGone&) {
    throw;
  } catch (...) {
    response = renderCurrent();
  }
  learn(action, took);
  bodyDeadline_ = never;
  respond(std::move(response));
}

asio::awaitable<void> Connection::answerStream(const Action& action) {
  StreamExchange exchange(*this);
  try {
    co_await action.stream->handle(exchange);
    if (!exchange.begun()) throw Error(Code::internal, "the handler gave no answer");
    if (!exchange.complete()) throw Error(Code::internal, "the handler did not finish its answer");
  } catch (const PeerGone&) {
    throw;
  } catch (...) {
    Response response = renderCurrent();
    if (!exchange.begun())
      respond(std::move(response));
    else
      closing_ = true;  // too late to say it: the answer stays visibly incomplete
  }
}

Response Connection::renderCurrent() {
  try {
    throw;
  } catch (const Error& failure) {
    bool ours = failure.code == Code::internal || failure.code == Code::corrupt;
    if (ours)
      log(LogLevel::error, failure.message,
          {{"id", request_.id}, {"path", request_.rawPath}, {"code", codeName(failure.code)}});
    return render(failure);
  } catch (const std::exception& failure) {
    log(LogLevel::error, "a handler failed",
        {{"id", request_.id}, {"path", request_.rawPath}, {"reason", failure.what()}});
  } catch (...) {
    log(LogLevel::error, "a handler failed", {{"id", request_.id}, {"path", request_.rawPath}});
  }
  return render(
      error(Code::internal, "internal error; the server's log has the reason under request id {}", request_.id));
}

Response Connection::render(const Error& failure) {
  Response response;
  try {
    response = site_.renderError(request_, failure);
  } catch (const std::exception& second) {
    log(LogLevel::error, "an error could not be rendered", {{"id", request_.id}, {"reason", second.what()}});
    response = {httpStatus(failure.code),
                "application/json",
                {},
                R"({"error":{"code":"internal","message":"internal error"}})"};
  }
  if (statusOverride_ != 0) response.status = statusOverride_;
  return response;
}

void Connection::respondMalformed(const Malformed& fault) {
  if (request_.rawPath.empty()) RequestParser::guess(in_.view().substr(0, longestGuess), request_);
  if (request_.rawPath.empty()) request_.rawPath = "/";
  beginRequest();
  site_.malformed.add();
  closing_ = refused_ = true;
  statusOverride_ = fault.status;
  respond(render(Error(codeFor(fault.status), fault.message)));
  endRequest();
}

void Connection::respond(Response&& response) {
  bool none = bodyless(response.status);
  beginAnswer(response, none ? BodyFraming::none : BodyFraming::length, response.body.size());
  if (none || request_.method == "HEAD") return;
  countBody(response.body.size());
  if (response.body.size() < copyBelow)
    out_ += response.body;
  else
    large_ = std::move(response.body);
}

void Connection::beginAnswer(const Response& response, BodyFraming framing, std::uint64_t length) {
  REGESTA_INVARIANT(answer_.status == 0);
  answer_.status = response.status;
  // A body that nobody read stands between this answer and the next request. When it is large, or the client has not
  // begun to send it, the connection is worth less than the bytes.
  if (bodyPending() && (continueDue_ || bodyLeft_ > droppedBody)) closing_ = true;
  if (!framing_.keepAlive || framing == BodyFraming::close || site_.draining.load(std::memory_order_relaxed))
    closing_ = true;
  appendHead(out_, response, {worker_.date(), request_.id, framing, length, !closing_, framing_.http11});
}

}  // namespace regesta::http
