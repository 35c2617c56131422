// How a connection receives request bodies.
#include "base/error.h"
#include "base/limits.h"
#include "http/connection.h"

namespace regesta::http {
namespace {

constexpr std::size_t chunkBuffer = 64 * 1024;
constexpr std::size_t firstChunkedBody = 16 * 1024;
constexpr std::size_t slowestBodyPerSecond = 16 * 1024;  // a whole body that comes slower is cut off

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
        arm(site_.options.bodyTimeoutSeconds);
        std::size_t received = co_await receive(direct ? into : in_.room(chunkBuffer));
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
  } catch (const PeerGone&) {
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
  co_return size;
}

asio::awaitable<void> Connection::readWholeBody() {
  std::string& body = request_.body;
  std::size_t filled = 0;
  std::uint64_t expected = framing_.length.value_or(bodyLimit_);
  bodyDeadline_ = worker_.now() + site_.options.bodyTimeoutSeconds * 1000LL +
                  static_cast<std::int64_t>(expected * 1000 / slowestBodyPerSecond);
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
}

void Connection::keepBytes(std::size_t size) {
  kept_ += size;
  std::size_t total = site_.bufferedBodies.fetch_add(size, std::memory_order_relaxed) + size;
  if (total <= limits::bufferedBodies) return;
  closing_ = true;
  throw Error(Code::exhausted, "too many large request bodies at once; try again");
}

asio::awaitable<void> Connection::dropRestOfBody() {
  if (closing_) co_return;  // run() lingers instead
  bodyLimit_ = bodyRead_ + droppedBody;
  if (!out_.empty()) co_await send();
  char scratch[4096];
  try {
    while (co_await readBody(scratch) > 0) {
    }
  } catch (const Error&) {
    closing_ = true;
  }
}

}  // namespace regesta::http
