// From a request's head to its answer: routing, the two handler shapes, and what is said when something fails.
#include "base/cancel.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/limits_edge.h"
#include "base/limits_work.h"
#include "base/log.h"
#include "base/text.h"
#include "http/caller.h"
#include "http/connection.h"
#include "http/hop.h"
#include "http/network.h"
#include "http/stream_exchange.h"

namespace regesta::http {
namespace {

constexpr std::size_t copyBelow = 32 * 1024;  // smaller bodies are copied after their head, larger ones sent in place
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

/// Until when work that begins now may use a thread of the pool.
/// Of work that may stop. On the ordinary lane that is what a stream reads.
Clock::time_point deadlineOf(Lane lane, int streamReadMillis) {
  std::int64_t millis = lane == Lane::trial  ? limits::trialMillis
                        : lane == Lane::scan ? limits::scanMillis
                                             : streamReadMillis;
  return Clock::now() + std::chrono::milliseconds(millis);
}

}  // namespace

void Connection::beginRequest() {
  started_ = Clock::now();
  answering_ = true;
  bodyLeft_ = framing_.chunked ? 0 : framing_.length.value_or(0);
  bodyRead_ = uncounted_ = 0;
  bodyLimit_ = limits::wholeBody;
  chunks_ = {};
  continueDue_ = framing_.expectsContinue && framing_.hasBody();
  statusOverride_ = 0;
  bodyWaited_ = 0;
  if (site_.options.guard) {  // which may have changed these for the previous request
    request_.secure = site_.tls != nullptr;
    request_.remote = remote_;
  }
  auto given = request_.headers.get("X-Request-Id");
  if (given && isRequestId(*given))
    request_.id = *given;
  else
    request_.id = worker_.nextRequestId();
}

const Action* Connection::route() {
  try {
    if (site_.options.guard) site_.options.guard(request_);
    Router::Found found = site_.router.find(request_);
    if (found.action) {
      action_ = found.action;
      bodyLimit_ = action_->bodyLimit > 0 ? action_->bodyLimit : action_->open ? limits::openBody : limits::wholeBody;
      if (framing_.length.value_or(0) > bodyLimit_)
        throw error(Code::tooLarge, "the request body is larger than {} bytes", bodyLimit_);
      return action_;
    }
    if (found.allowed.empty()) throw error(Code::notFound, "{} does not exist", request_.rawPath);
    Response response{204, {}, {}, {}};
    if (request_.method != "OPTIONS") {
      statusOverride_ = 405;
      response = render(error(Code::unsupported, "{} is not allowed on {}; allowed: {}", request_.method,
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
  if (action.runs == Runs::waiting || request_.body.size() > limits::inlineBody) return false;
  if (action.waits && action.waits(request_)) return false;
  if (action.runs == Runs::inline_ && !worker_.overrun) return true;
  return worker_.now() >= worker_.metrics(&action, request_.method).slowUntil;
}

void Connection::learn(const Action& action, Clock::duration took) {
  if (took > std::chrono::microseconds(limits::inlineMicros))
    worker_.metrics(&action, request_.method).slowUntil = worker_.now() + limits::slowRouteMillis;
}

std::string Connection::callerName() const {
  if (request_.caller && !request_.caller->account().empty()) return std::string(request_.caller->account());
  return action_->callerName ? action_->callerName(request_) : "address:" + request_.remote;
}

bool Connection::handleHere(const Action& action, Response& response) {
  Clock::time_point began = Clock::now();
  Cancellation budget(began + std::chrono::milliseconds(limits::inlineBudgetMillis));
  WorkScope scope({.cancellation = &budget});
  try {
    response = action.whole(request_);
  } catch (...) {
    response = renderCurrent();
  }
  bool stopped = budget.observed();
  if (stopped && action.runs == Runs::inline_) worker_.overrun = true;  // a distant database, above all
  if (stopped || action.runs == Runs::measured) learn(action, Clock::now() - began);
  return !stopped;
}

bool Connection::runInline(const Action& action) {
  Response response;
  if (!handleHere(action, response)) return false;
  respond(std::move(response));
  return true;
}

asio::awaitable<void> Connection::handleOnPool(const Action& action, Response& response) {
  if (!out_.empty()) co_await send();  // earlier answers do not wait for this one
  Clock::duration took{};
  std::function<void()> work = [&] {
    Clock::time_point began = Clock::now();
    response = action.whole(request_);
    took = Clock::now() - began;
  };
  co_await runWaiting(std::move(work), action.lane, action.lane != Lane::ordinary);
  if (action.runs == Runs::measured) learn(action, took);
}

asio::awaitable<void> Connection::answerWhole(const Action& action, bool mayBeHere) {
  Response response;
  try {
    if (framing_.hasBody()) {
      if (!co_await passAdmission(action)) co_return;
      co_await readWholeBody();
    }
    bool done = mayBeHere && runsHere(action) && handleHere(action, response);
    if (!done) co_await handleOnPool(action, response);
  } catch (const ConnectionClosed&) {
    throw;
  } catch (...) {
    response = renderCurrent();
  }
  bodyDeadline_ = never;
  respond(std::move(response));
}

asio::awaitable<bool> Connection::passAdmission(const Action& action) {
  if (!action.door) co_return true;
  std::optional<Response> refusal;
  if (action.waits && action.waits(request_)) {
    if (!out_.empty()) co_await send();
    std::function<void()> ask = [&] { refusal = action.door(request_); };
    co_await runWaiting(std::move(ask), Lane::ordinary, false);
  } else {
    refusal = action.door(request_);
  }
  if (!refusal) co_return true;
  respond(*std::move(refusal));
  co_return false;
}

asio::awaitable<void> Connection::runWaiting(std::function<void()> work, Lane lane, bool mayStop) {
  std::string who = callerName();
  if (!mayStop) co_return co_await runOn(site_.waiting, std::move(work), {.lane = lane, .caller = who});
  working_ = std::make_shared<Cancellation>();
  std::function<void()> limited = [&work, lane, millis = site_.options.streamReadMillis, working = working_.get()] {
    working->setDeadline(deadlineOf(lane, millis));
    checkCancelled();
    work();
  };
  struct Done {
    std::shared_ptr<Cancellation>& working;
    ~Done() { working.reset(); }
  } done{working_};
  co_await runOn(site_.waiting, std::move(limited), {lane, who, working_.get()});
}

asio::awaitable<void> Connection::requireStillAdmitted() {
  if (!request_.caller || request_.caller->current()) co_return;
  bool holds = false;
  std::function<void()> ask = [&] { holds = request_.caller->holds(); };
  co_await runWaiting(std::move(ask), Lane::ordinary, false);
  if (!holds) throw Error(Code::unauthenticated, "the credentials of this request are no longer valid");
}

asio::awaitable<void> Connection::answerStream(const Action& action) {
  StreamExchange exchange(*this);
  Quota::Share share;
  try {
    if (!co_await passAdmission(action)) co_return;
    std::string_view account = request_.caller ? request_.caller->account() : std::string_view();
    if (action.lasting)
      site_.streams.take(share, account, 1);
    else if (framing_.hasBody())
      site_.transfers.take(share, account, 1);
    co_await action.stream->handle(exchange);
    if (!exchange.begun()) throw Error(Code::internal, "the handler sent no response");
    if (!exchange.complete()) throw Error(Code::internal, "the handler did not finish its answer");
  } catch (const ConnectionClosed&) {
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
    // What the client does not hear of (api/client_error.h).
    bool ours = failure.code == Code::internal || failure.code == Code::corrupt || failure.code == Code::unavailable;
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
  request_.account.problem = codeName(failure.code);
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

bool Connection::isPinned() const {
  // Other servers that people run on "localhost" use plain HTTP.
  return !lower(hostWithoutPort(request_.headers.get("Host").value_or(""))).ends_with("localhost");
}

void Connection::beginAnswer(const Response& response, BodyFraming framing, std::uint64_t length) {
  REGESTA_INVARIANT(answer_.status == 0);
  answer_.status = response.status;
  // An unread body precedes the next request. When it is large, or the client has not
  // begun to send it, the connection is worth less than the bytes.
  if (bodyPending() && (continueDue_ || bodyLeft_ > droppedBody)) closing_ = true;
  if (!framing_.keepAlive || framing == BodyFraming::close || site_.draining.load(std::memory_order_relaxed))
    closing_ = true;
  appendHead(out_, response,
             {worker_.date(), request_.id, framing, length, !closing_, framing_.http11, request_.secure && isPinned()});
}

}  // namespace regesta::http
