// How a connection receives request bodies.
#include "base/error.h"
#include "base/limits.h"
#include "base/limits_edge.h"
#include "http/caller.h"
#include "http/connection.h"

namespace regesta::http {
namespace {

constexpr std::size_t chunkBuffer = 64 * 1024;
constexpr std::size_t firstChunkedBody = 16 * 1024;
constexpr std::size_t countEvery = 1024 * 1024;

/// Larger without touching the new bytes: memory that never arrives is never used.
void enlarge(std::string& text, std::size_t size) {
  text.resize_and_overwrite(size, [](char*, std::size_t n) { return n; });
}

}  // namespace

asio::awaitable<std::size_t> Connection::readBody(std::span<char> into) {
  if (into.empty() || !bodyPending()) co_return 0;
  if (std::exchange(continueDue_, false) && in_.empty()) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    co_await send();
  }
  std::size_t size = 0;
  try {
    while (size == 0 && bodyPending()) {
      if (framing_.chunked && !in_.empty()) {
        ChunkDecoder::Step step = chunks_.decode(in_.view(), into);
        in_.consume(step.consumed);
        size = step.produced;
        continue;
      }
      bool direct = !framing_.chunked;
      if (direct && bodyLeft_ < into.size()) into = into.first(bodyLeft_);
      if (direct && !in_.empty()) {
        size = std::min(into.size(), in_.view().size());
        std::memcpy(into.data(), in_.view().data(), size);
        in_.consume(size);
      } else {
        if (!direct) in_.reserve(chunkBuffer);
        armForBody();
        std::int64_t began = worker_.now();
        std::size_t received = co_await receive(direct ? into : in_.room(chunkBuffer));
        bodyWaited_ += worker_.now() - began;
        disarm();
        if (received == 0) {
          closing_ = true;
          throw Error(Code::invalid, "the request body ended before its declared end");
        }
        if (direct)
          size = received;
        else
          in_.received(received);
      }
      if (direct) bodyLeft_ -= size;
    }
  } catch (const Malformed& fault) {
    closing_ = refused_ = true;
    site_.malformed.add();
    throw Error(Code::invalid, fault.message);
  } catch (const ConnectionClosed&) {
    if (!timedOut_) throw;
    closing_ = true;
    statusOverride_ = 408;
    throw Error(Code::invalid, "the request body did not arrive in time");
  }
  bodyRead_ += size;
  if (bodyRead_ > bodyLimit_) {
    closing_ = true;
    throw error(Code::tooLarge, "the request body is larger than {} bytes", bodyLimit_);
  }
  countReceived(size, !bodyPending());
  co_return size;
}

void Connection::countReceived(std::size_t size, bool atEnd) {
  if (!request_.caller) return;
  uncounted_ += size;
  if (!atEnd && uncounted_ < countEvery) return;
  site_.received.take(request_.caller->account(), std::exchange(uncounted_, 0));
}

/// A streamed body must keep to a rate; only the time that we waited for it counts, not what our disk took.
void Connection::armForBody() {
  arm(site_.options.bodyTimeoutSeconds);
  if (bodyDeadline_ != never) return;  // a whole body has one time for all of it
  auto allowed =
      limits::uploadPatienceSeconds * 1000LL + static_cast<std::int64_t>(bodyRead_ * 1000 / limits::slowestUpload);
  deadline_ = std::min(deadline_, worker_.now() + std::max<std::int64_t>(allowed - bodyWaited_, 0));
}

asio::awaitable<void> Connection::readWholeBody() {
  std::string& body = request_.body;
  std::size_t filled = 0;
  std::uint64_t expected = framing_.length.value_or(bodyLimit_);
  bodyDeadline_ =
      worker_.now() + (action_->open ? limits::openBodySeconds * 1000LL
                                     : site_.options.bodyTimeoutSeconds * 1000LL +
                                           static_cast<std::int64_t>(expected * 1000 / limits::slowestBody));
  enlarge(body, framing_.length.value_or(firstChunkedBody));
  for (;;) {
    if (filled == body.size() && framing_.chunked) enlarge(body, body.size() * 2);
    std::span<char> room(body.data() + filled, body.size() - filled);
    std::size_t size = co_await readBody(room);
    if (size == 0) break;
    filled += size;
    keepBytes(size);
  }
  bodyDeadline_ = never;
  body.resize(filled);
  if (filled > limits::weighedBody) weighBody();
}

/// A body counts as what it takes once it is parsed, for its caller and for all together.
void Connection::weighBody() {
  std::size_t size = parsedSize(request_.body);
  if (size == 0) return;
  if (request_.caller) site_.bodies.take(bodyShare_, request_.caller->account(), size);
  parsed_.add(size);
}

void Connection::keepBytes(std::size_t size) {
  // What take() refuses was never counted, and must not be subtracted.
  if (kept_ + size > limits::countedBody && request_.caller)
    site_.bodies.take(bodyShare_, request_.caller->account(), size);
  kept_ += size;
  std::size_t total = site_.bufferedBodies.fetch_add(size, std::memory_order_relaxed) + size;
  if (total <= limits::bufferedBodies) return;
  closing_ = true;
  throw Error(Code::exhausted, "too many large request bodies at once; try again");
}

asio::awaitable<void> Connection::dropRestOfBody() {
  if (closing_) co_return;  // run() lingers instead
  bodyLimit_ = bodyRead_ + droppedBody;
  bodyDeadline_ = worker_.now() + limits::droppedBodySeconds * 1000LL;
  if (!out_.empty()) co_await send();
  char scratch[4096];
  try {
    while (co_await readBody(scratch) > 0) {
    }
  } catch (const Error&) {
    closing_ = true;
  }
  bodyDeadline_ = never;
}

}  // namespace regesta::http
