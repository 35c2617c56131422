#pragma once
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "http/connection.h"
#include "http/exchange.h"

namespace regesta::http {

/// The exchange of one request on its connection. Used on the connection's worker only, but for waker().
class StreamExchange final : public Exchange {
 public:
  explicit StreamExchange(Connection& connection);
  ~StreamExchange() override;

  const Request& request() const override;
  std::optional<std::uint64_t> bodyLength() const override;
  asio::awaitable<std::size_t> read(std::span<char> into) override;
  asio::awaitable<void> runWaiting(std::function<void()> work) override;
  asio::awaitable<void> runReading(std::function<void()> work) override;
  asio::awaitable<void> respond(Response response) override;
  asio::awaitable<void> begin(Response head, std::optional<std::uint64_t> length) override;
  asio::awaitable<void> write(std::string_view bytes) override;
  asio::awaitable<void> finish() override;
  asio::awaitable<bool> wait(std::chrono::milliseconds limit) override;
  std::function<void()> waker() override;
  bool draining() const override;

  bool begun() const { return begun_; }
  bool complete() const { return complete_; }

 private:
  struct Wake;
  asio::awaitable<void> run(std::function<void()> work, bool mayStop);
  void start(const Response& head, std::optional<std::uint64_t> length);

  Connection& connection_;
  bool begun_ = false;
  bool complete_ = false;
  bool silent_ = false;  ///< HEAD, or a status without a body: what is written is dropped
  bool chunked_ = false;
  std::optional<std::uint64_t> left_;  ///< of a declared length
  std::shared_ptr<Wake> wake_;
};

}  // namespace regesta::http
