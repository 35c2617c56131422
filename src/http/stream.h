#pragma once
#include <array>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/poller.h"

namespace regesta::http {

/// The peer has closed the connection, or a time limit ended it. Ends the connection without a response.
class ConnectionClosed : public std::exception {
 public:
  const char* what() const noexcept override { return "the peer is gone"; }
};

/// Bytes to send, in order; empty pieces are allowed. Three are enough for a chunk and for a head with its body.
using Pieces = std::array<std::string_view, 3>;

/// One connection's bytes in both directions, over TCP or TLS. Used on one thread. Everything may throw
/// ConnectionClosed.
class Stream {
 public:
  virtual ~Stream() = default;
  /// What comes before the first byte (the TLS handshake).
  virtual asio::awaitable<void> open() = 0;
  /// Bytes that are here now; 0 when the peer has ended its side; empty optional when there are none yet.
  virtual std::optional<std::size_t> tryRead(std::span<char> into) = 0;
  /// Returns when tryRead is worth another call.
  virtual asio::awaitable<void> readable() = 0;
  /// Gives the kernel what it takes without waiting; 0 when it takes nothing now. Unsent pieces must come again
  /// unchanged.
  virtual std::size_t tryWrite(const Pieces& pieces) = 0;
  /// Returns when tryWrite is worth another call.
  virtual asio::awaitable<void> writable() = 0;
  /// Tells the peer that no more bytes come (TLS close_notify, FIN). Does not wait.
  virtual void endSending() noexcept = 0;
  virtual PolledSocket& socket() noexcept = 0;
};

std::unique_ptr<Stream> makeTcpStream(Poller& poller, Descriptor descriptor);

/// Certificate and key, loaded once. Throws Error{invalid} that names the file and the fault.
class TlsContext {
 public:
  TlsContext(const std::string& certificateFile, const std::string& keyFile);
  ~TlsContext();
  std::unique_ptr<Stream> makeStream(Poller& poller, Descriptor descriptor) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::http
