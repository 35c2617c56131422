#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/memory_share.h"
#include "http/head.h"
#include "http/input_buffer.h"
#include "http/parser.h"
#include "http/site.h"
#include "http/stream.h"
#include "http/worker.h"

namespace regesta {
class Cancellation;
class Error;
}  // namespace regesta

namespace regesta::http {

/// An unread rest of a body up to this size is read and dropped to keep the connection; above, it closes.
inline constexpr std::size_t droppedBody = 256 * 1024;

/// One connection from accept to close: reads requests, has them answered, in order. Lives in its coroutine on one
/// worker. Answers collect in `out_` and leave when no further whole request is at hand, so pipelined answers share a
/// packet.
class Connection final : public Swept {
 public:
  Connection(Site& site, Worker& worker, Descriptor descriptor, std::string remote);
  ~Connection() override;
  /// Returns when the connection is over. Throws nothing but ConnectionClosed.
  asio::awaitable<void> run();

  void sweep(std::int64_t nowMillis) override;
  void drain() override;
  void abort() override;
  void release(std::vector<Waiter>& into) override { stream_->socket().release(into); }

  // What an exchange needs (stream_exchange.cpp):
  Site& site() { return site_; }
  Stream& stream() { return *stream_; }
  const Request& request() const { return request_; }
  /// Who calls, as far as turns on the waiting threads go.
  std::string callerName() const;
  const Framing& framing() const { return framing_; }
  std::string& out() { return out_; }
  /// Next bytes of the body, 0 at its end. Throws Error when it is too large, malformed or cut off.
  asio::awaitable<std::size_t> readBody(std::span<char> into);
  /// Lets the worker's other connections have their turn, after a number of bytes or requests.
  asio::awaitable<void> takeTurns();
  bool turnIsOver(std::size_t work) { return (worked_ += work) >= turn; }
  /// Sends what has collected in out() and then `second` and `third`.
  asio::awaitable<void> send(std::string_view second = {}, std::string_view third = {});
  /// Appends the head of an answer to out() and counts the answer.
  void beginAnswer(const Response& response, BodyFraming framing, std::uint64_t length);
  /// Whether to tell browsers to use TLS only for this host (HSTS).
  bool isPinned() const;
  void countBody(std::size_t bytes) { answer_.bytes += bytes; }
  bool closing() const { return closing_; }
  /// While set, the worker's sweep looks whether the peer has left. `wake` hears that (true) or that the server drains.
  void park(std::function<void(bool gone)> wake) { parked_ = std::move(wake); }
  /// Runs `work` on a waiting thread of the lane, whose time limit it has. `mayStop`: it is cancelled when the peer
  /// hangs up meanwhile (base/cancel.h), as what changes something must not be.
  asio::awaitable<void> runWaiting(std::function<void()> work, Lane lane, bool mayStop);
  /// Throws Error{unauthenticated} when what let the caller in was taken away since. For requests that last.
  asio::awaitable<void> requireStillAdmitted();

 private:
  enum class Parsed { more, request, refused };
  struct Answer {
    int status = 0;  ///< 0: not begun
    std::uint64_t bytes = 0;
  };

  asio::awaitable<void> serve();
  /// `mayBeHere`: whether the handler may be tried on this thread.
  asio::awaitable<void> answerWhole(const Action& action, bool mayBeHere);
  asio::awaitable<void> answerStream(const Action& action);
  asio::awaitable<bool> passAdmission(const Action& action);
  asio::awaitable<void> readWholeBody();
  asio::awaitable<void> dropRestOfBody();
  asio::awaitable<void> linger();
  asio::awaitable<std::size_t> receive(std::span<char> into);
  Parsed parse();
  void beginRequest();
  void endRequest();
  const Action* route();
  /// False: it took too long for this thread, and nothing was answered.
  bool runInline(const Action& action);
  bool handleHere(const Action& action, Response& response);
  asio::awaitable<void> handleOnPool(const Action& action, Response& response);
  /// Whether the handler runs on this thread now.
  bool runsHere(const Action& action);
  /// Learns from how long a Runs::measured handler took.
  void learn(const Action& action, std::chrono::steady_clock::duration took);
  bool sendNow();
  void keepBytes(std::size_t size);
  void weighBody();
  void countReceived(std::size_t size, bool atEnd);
  void armForBody();
  void respond(Response&& response);
  /// Renders the exception that is being handled, in a catch block.
  Response renderCurrent();
  Response render(const Error& failure);
  void respondMalformed(const Malformed& fault);
  void arm(int seconds) {
    timedOut_ = false;
    deadline_ = std::min<std::int64_t>(worker_.now() + seconds * 1000LL, bodyDeadline_);
  }
  void disarm() { deadline_ = never; }
  bool bodyPending() const { return framing_.chunked ? !chunks_.ended() : bodyLeft_ > 0; }

  static constexpr std::int64_t never = INT64_MAX;
  static constexpr std::size_t turn = 512 * 1024;      ///< bytes moved without waiting before others have their turn
  static constexpr std::size_t perRequest = 8 * 1024;  ///< what a request counts as

  Site& site_;
  Worker& worker_;
  std::unique_ptr<Stream> stream_;
  Worker::Place place_;
  std::string remote_;

  InputBuffer in_;
  std::string out_;
  std::string large_;  ///< a body that is sent from its own memory, after out_
  RequestParser parser_;
  Request request_;
  Framing framing_;
  ChunkDecoder chunks_;
  std::uint64_t bodyLeft_ = 0;
  std::uint64_t bodyRead_ = 0;
  std::uint64_t bodyLimit_ = 0;
  std::uint64_t uncounted_ = 0;  ///< bytes of the body not yet reported to Site::received
  std::size_t worked_ = 0;
  std::size_t kept_ = 0;    ///< our part of Site::bufferedBodies
  MemoryShare parsed_;      ///< what our body takes once it is parsed
  Quota::Share bodyShare_;  ///< the caller's part of Site::bodies
  Answer answer_;
  const Action* action_ = nullptr;
  std::chrono::steady_clock::time_point started_;
  int statusOverride_ = 0;

  std::int64_t deadline_ = never;      ///< of what is being waited for
  std::int64_t bodyDeadline_ = never;  ///< of a whole body: a trickle of bytes does not extend it
  std::int64_t bodyWaited_ = 0;        ///< milliseconds that a streamed body was waited for
  std::int64_t nextDoubt_ = 0;         ///< when to ask next whether a parked caller is still admitted
  std::function<void(bool)> parked_;
  std::shared_ptr<Cancellation> working_;  ///< of what runs on a waiting thread for this request
  bool continueDue_ = false;               ///< the client waits for 100 Continue
  bool closing_ = false;
  bool idle_ = true;        ///< between requests, with nothing received
  bool answering_ = false;  ///< between a request's head and the end of its answer
  bool refused_ = false;    ///< the peer's bytes made no sense; what follows them is thrown away
  bool timedOut_ = false;
};

}  // namespace regesta::http
