#include <openssl/err.h>
#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "http/stream.h"

namespace regesta::http {
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

std::string lastReason() {
  char text[256] = "unknown";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return text;
}

/// OpenSSL works on the socket itself, Asio only waits for it: no copies through memory BIOs, and a parked connection
/// holds no record buffers.
class TlsStream final : public Stream {
 public:
  TlsStream(asio::ip::tcp::socket socket, SSL_CTX* context) : socket_(std::move(socket)), ssl_(SSL_new(context)) {
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.native_handle()) != 1) throw PeerGone();
    boost::system::error_code failure;
    socket_.native_non_blocking(true, failure);
    if (failure) throw PeerGone();
    SSL_set_accept_state(ssl_.get());
  }

  asio::awaitable<void> open() override {
    for (;;) {
      ERR_clear_error();
      int result = SSL_do_handshake(ssl_.get());
      if (result == 1) co_return;
      co_await waitFor(wanted(result));
    }
  }

  asio::awaitable<std::size_t> read(std::span<char> into) override {
    for (;;) {
      ERR_clear_error();
      std::size_t size = 0;
      int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
      if (result == 1) co_return size;
      // An end without close_notify may be a cut by somebody in between: it counts as broken, not as the end.
      if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) co_return 0;
      co_await waitFor(wanted(result));
    }
  }

  std::size_t tryWrite(const Pieces& pieces) override {
    std::size_t total = 0;
    for (std::string_view piece : pieces) {
      while (!piece.empty()) {
        ERR_clear_error();
        std::size_t size = 0;
        int result = SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &size);
        if (result != 1) {
          writeWaits_ = wanted(result);
          return total;
        }
        total += size;
        piece.remove_prefix(size);
      }
    }
    return total;
  }

  asio::awaitable<void> writable() override { return waitFor(writeWaits_); }

  void endSending() noexcept override {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::shutdown(socket_.native_handle(), SHUT_WR);
  }

  void interrupt() noexcept override {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  }

  int handle() noexcept override { return socket_.native_handle(); }

 private:
  using Direction = asio::socket_base::wait_type;

  /// Which direction OpenSSL waits for; PeerGone for every other outcome.
  Direction wanted(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_WANT_READ: return asio::socket_base::wait_read;
      case SSL_ERROR_WANT_WRITE: return asio::socket_base::wait_write;
      default: throw PeerGone();
    }
  }

  asio::awaitable<void> waitFor(Direction direction) {
    auto [failure] = co_await socket_.async_wait(direction, awaiting);
    if (failure) throw PeerGone();
  }

  asio::ip::tcp::socket socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  Direction writeWaits_ = asio::socket_base::wait_write;
};

/// HTTP/1.1 is what we speak; a client that offers only others is told so in the handshake.
int chooseProtocol(SSL*, const unsigned char** out, unsigned char* outLength, const unsigned char* in, unsigned int length,
                   void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  int found = SSL_select_next_proto(&chosen, outLength, ours, sizeof ours - 1, in, length);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

struct TlsContext::State {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  ~State() { SSL_CTX_free(context); }
};

TlsContext::TlsContext(const std::string& certificateFile, const std::string& keyFile) : state_(std::make_unique<State>()) {
  SSL_CTX* context = state_->context;
  if (!context) throw error(Code::internal, "TLS cannot start: {}", lastReason());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("regesta"), 7);
  SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nullptr);
  ERR_clear_error();
  if (SSL_CTX_use_certificate_chain_file(context, certificateFile.c_str()) != 1)
    throw error(Code::invalid, "the certificate file {} cannot be used: {}", certificateFile, lastReason());
  if (SSL_CTX_use_PrivateKey_file(context, keyFile.c_str(), SSL_FILETYPE_PEM) != 1)
    throw error(Code::invalid, "the key file {} cannot be used: {}", keyFile, lastReason());
  if (SSL_CTX_check_private_key(context) != 1)
    throw error(Code::invalid, "the key file {} does not belong to the certificate {}", keyFile, certificateFile);
}
TlsContext::~TlsContext() = default;

std::unique_ptr<Stream> TlsContext::makeStream(asio::ip::tcp::socket socket) const {
  return std::make_unique<TlsStream>(std::move(socket), state_->context);
}

}  // namespace regesta::http
