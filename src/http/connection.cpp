// A connection's life: receive heads, have each request answered, close in a way that the peer can hear.
#include "http/connection.h"

#include <sys/socket.h>

#include <boost/asio/post.hpp>

#include "base/cancel.h"
#include "base/limits.h"
#include "http/caller.h"
#include "http/trace_context.h"

namespace regesta::http {
namespace {

constexpr std::size_t sendAbove = 64 * 1024;     // pipelined answers leave at the latest when they are this large
constexpr std::size_t keepCapacity = 64 * 1024;  // larger buffers are freed after the request
constexpr std::int64_t doubtEveryMillis = 1000;
constexpr int lingerSeconds = 5, lingerTotalSeconds = 30;  // as nginx: for a peer that still sends after a refusal

void clearOrFree(std::string& text) {
  if (text.capacity() > keepCapacity)
    text = std::string();
  else
    text.clear();
}

std::optional<TraceContext> traceParentOf(const Request& request) {
  auto header = request.headers.get("traceparent");
  return header ? parseTraceparent(*header) : std::nullopt;
}

/// True when nothing is left of the pieces.
bool drop(Pieces& pieces, std::size_t sent) {
  for (std::string_view& piece : pieces) {
    std::size_t gone = std::min(sent, piece.size());
    piece.remove_prefix(gone);
    sent -= gone;
  }
  return std::all_of(pieces.begin(), pieces.end(), [](std::string_view piece) { return piece.empty(); });
}

}  // namespace

Connection::Connection(Site& site, Worker& worker, Descriptor descriptor, std::string remote)
    : site_(site), worker_(worker), remote_(std::move(remote)) {
  stream_ = site.tls ? site.tls->makeStream(worker.poller, std::move(descriptor))
                     : makeTcpStream(worker.poller, std::move(descriptor));
  request_.secure = site.tls != nullptr;
  request_.remote = remote_;
  place_ = worker_.enter(*this);
}

Connection::~Connection() {
  if (answering_) {
    if (answer_.status == 0) answer_.status = 499;  // the peer left before its answer
    endRequest();
  }
  worker_.leave(place_);
}

void Connection::sweep(std::int64_t nowMillis) {
  if (nowMillis >= deadline_) {
    timedOut_ = true;
    disarm();
    site_.timedOut.add();
    stream_->socket().interrupt();
  }
  if (working_ && stream_->socket().peerEnded()) working_->cancel();
  if (!parked_) return;
  if (stream_->socket().peerEnded()) return parked_(true);
  if (!request_.caller || nowMillis < nextDoubt_) return;
  nextDoubt_ = nowMillis + doubtEveryMillis;
  if (!request_.caller->current()) parked_(false);  // it checks its caller itself
}

void Connection::drain() {
  if (parked_)
    parked_(false);
  else if (idle_)
    stream_->socket().interrupt();
}

void Connection::abort() {
  ::shutdown(stream_->socket().number(), SHUT_RDWR);  // whatever comes next fails, also what has not begun yet
  stream_->socket().interrupt();
  if (working_) working_->cancel();
  if (parked_) parked_(true);
}

asio::awaitable<void> Connection::run() {
  arm(site_.options.headTimeoutSeconds);
  co_await stream_->open();
  co_await serve();
  idle_ = false;
  if (!out_.empty()) co_await send();
  if (refused_ || bodyPending())
    co_await linger();
  else
    stream_->endSending();
}

asio::awaitable<void> Connection::serve() {
  bool first = true;
  for (;;) {
    Parsed parsed;
    while ((parsed = parse()) == Parsed::more) {
      if (!out_.empty() && !sendNow()) co_await send();
      idle_ = in_.empty();
      if (idle_) {
        if (site_.draining.load(std::memory_order_relaxed)) co_return;
        in_.shrink();
        arm(std::exchange(first, false) ? site_.options.headTimeoutSeconds : site_.options.idleTimeoutSeconds);
      }
      std::optional<std::size_t> size;
      bool late = false;
      try {
        while (!(size = stream_->tryRead(in_.room(limits::requestHead)))) co_await stream_->readable();
      } catch (const ConnectionClosed&) {
        late = timedOut_ && !idle_;
        if (!late) throw;
      }
      if (late) respondMalformed({408, "the request head did not arrive in time"});
      if (late || *size == 0) co_return;
      if (idle_) arm(site_.options.headTimeoutSeconds);
      idle_ = false;
      in_.received(*size);
    }
    disarm();
    if (parsed == Parsed::refused) co_return;
    beginRequest();
    if (const Action* action = route()) {
      if (!action->whole)
        co_await answerStream(*action);
      else if (framing_.hasBody() || !runsHere(*action))
        co_await answerWhole(*action, true);
      else if (!runInline(*action))
        co_await answerWhole(*action, false);
    }
    if (!large_.empty()) co_await send(large_);
    if (bodyPending()) co_await dropRestOfBody();
    endRequest();
    if (closing_) co_return;
    if (out_.size() > sendAbove) co_await send();
    if (turnIsOver(perRequest)) co_await takeTurns();
  }
}

Connection::Parsed Connection::parse() {
  std::string_view bytes = in_.view();
  if (bytes.empty()) return Parsed::more;
  try {
    std::size_t size = parser_.parse(bytes, request_, framing_);
    if (size > 0) {
      in_.consume(size);
      return Parsed::request;
    }
    if (bytes.size() < limits::requestHead) return Parsed::more;
    if (bytes.find('\n') == std::string_view::npos) throw Malformed{414, "the request line is too long"};
    throw Malformed{431, "the request head is too large"};
  } catch (const Malformed& fault) {
    disarm();
    respondMalformed(fault);
    return Parsed::refused;
  }
}

bool Connection::sendNow() {
  Pieces pieces{out_, {}, {}};
  std::size_t sent = stream_->tryWrite(pieces);
  if (sent < out_.size()) {
    out_.erase(0, sent);
    return false;
  }
  clearOrFree(out_);
  return true;
}

asio::awaitable<void> Connection::send(std::string_view second, std::string_view third) {
  Pieces pieces{out_, second, third};
  for (;;) {
    std::size_t sent = stream_->tryWrite(pieces);
    if (drop(pieces, sent)) {
      worked_ += sent;
      break;
    }
    if (turnIsOver(sent)) co_await takeTurns();
    if (sent > 0) continue;
    arm(site_.options.bodyTimeoutSeconds);
    co_await stream_->writable();
    disarm();
  }
  clearOrFree(out_);
}

asio::awaitable<std::size_t> Connection::receive(std::span<char> into) {
  std::optional<std::size_t> size;
  while (!(size = stream_->tryRead(into))) co_await stream_->readable();
  if (turnIsOver(*size)) co_await takeTurns();
  co_return *size;
}

asio::awaitable<void> Connection::takeTurns() {
  worked_ = 0;
  co_await asio::post(worker_.io, asio::use_awaitable);
}

asio::awaitable<void> Connection::linger() {
  stream_->endSending();
  bodyDeadline_ = worker_.now() + lingerTotalSeconds * 1000LL;
  idle_ = true;  // a drain need not wait for this
  in_.consume(in_.view().size());
  in_.reserve(InputBuffer::small);
  for (;;) {
    arm(lingerSeconds);
    if (co_await receive(in_.room(InputBuffer::small)) == 0) co_return;
  }
}

void Connection::endRequest() {
  std::chrono::duration<double> took = std::chrono::steady_clock::now() - started_;
  RouteMetrics& metrics = worker_.metrics(action_, request_.method);
  metrics.seconds->observe(took.count());
  metrics.status(answer_.status).add();
  AccessEntry entry{request_.id,
                    request_.remote,
                    request_.method,
                    request_.rawPath,
                    metrics.pattern,
                    request_.account.actor,
                    request_.account.claimed,
                    request_.account.problem,
                    answer_.status,
                    answer_.bytes,
                    took.count(),
                    traceParentOf(request_)};
  worker_.logAccess(entry);
  if (site_.options.answered) site_.options.answered(entry, request_);
  if (kept_ > 0) site_.bufferedBodies.fetch_sub(std::exchange(kept_, 0), std::memory_order_relaxed);
  bodyShare_ = {};
  parsed_ = {};
  for (std::string* text :
       {&request_.method, &request_.target, &request_.authority, &request_.rawPath, &request_.query, &request_.id})
    text->clear();
  request_.caller.reset();
  clearOrFree(request_.body);
  large_ = std::string();
  request_.headers.clear();
  request_.variables.clear();
  request_.account = {};
  answer_ = {};
  action_ = nullptr;
  answering_ = false;
}

}  // namespace regesta::http
