#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>

#include "base/error.h"
#include "http/stream.h"

namespace regesta::http {
namespace {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

std::string lastReason() {
  char text[256] = "unknown";
  ERR_error_string_n(ERR_get_error(), text, sizeof text);
  ERR_clear_error();
  return text;
}

// OpenSSL's own socket BIO would raise SIGPIPE and ask the kernel for bytes that are known not to be there.

PolledSocket& socketOf(BIO* bio) { return *static_cast<PolledSocket*>(BIO_get_data(bio)); }

int bioRead(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  ssize_t got = socketOf(bio).receive(into, static_cast<std::size_t>(size));
  if (got < 0 && errno == EAGAIN) BIO_set_retry_read(bio);
  return static_cast<int>(got);
}

int bioWrite(BIO* bio, const char* from, int size) {
  BIO_clear_retry_flags(bio);
  iovec part{const_cast<char*>(from), static_cast<std::size_t>(size)};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t sent = socketOf(bio).send(message);
  if (sent < 0 && errno == EAGAIN) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

long bioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH; }

const BIO_METHOD* bioMethod() {
  static const BIO_METHOD* made = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "regesta socket");
    BIO_meth_set_read(method, bioRead);
    BIO_meth_set_write(method, bioWrite);
    BIO_meth_set_ctrl(method, bioControl);
    return method;
  }();
  return made;
}

class TlsStream final : public Stream {
 public:
  TlsStream(Poller& poller, Descriptor descriptor, SSL_CTX* context)
      : socket_(poller, std::move(descriptor)), ssl_(SSL_new(context)) {
    BIO* bio = ssl_ ? BIO_new(bioMethod()) : nullptr;
    if (!bio) throw ConnectionClosed();
    BIO_set_data(bio, &socket_);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_accept_state(ssl_.get());
  }

  asio::awaitable<void> open() override {
    for (;;) {
      ERR_clear_error();
      int result = SSL_do_handshake(ssl_.get());
      if (result == 1) co_return;
      if (wantsRead(result))
        co_await socket_.untilReadable();
      else
        co_await socket_.untilWritable();
    }
  }

  std::optional<std::size_t> tryRead(std::span<char> into) override {
    ERR_clear_error();
    std::size_t size = 0;
    int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    if (result == 1) return size;
    // An end without close_notify may be a truncation attack: it is an error, not the end.
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) return 0;
    readWantsRead_ = wantsRead(result);
    return std::nullopt;
  }

  std::size_t tryWrite(const Pieces& pieces) override {
    std::size_t total = 0;
    for (std::string_view piece : pieces) {
      while (!piece.empty()) {
        ERR_clear_error();
        std::size_t size = 0;
        int result = SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &size);
        if (result != 1) {
          writeWantsRead_ = wantsRead(result);
          return total;
        }
        total += size;
        piece.remove_prefix(size);
      }
    }
    return total;
  }

  asio::awaitable<void> readable() override {
    return readWantsRead_ ? socket_.untilReadable() : socket_.untilWritable();
  }
  asio::awaitable<void> writable() override {
    return writeWantsRead_ ? socket_.untilReadable() : socket_.untilWritable();
  }

  void endSending() noexcept override {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_.get())) SSL_shutdown(ssl_.get());
    ERR_clear_error();
    ::shutdown(socket_.number(), SHUT_WR);
  }

  PolledSocket& socket() noexcept override { return socket_; }

 private:
  /// Which direction OpenSSL waits for; ConnectionClosed for every other outcome.
  bool wantsRead(int result) {
    int reason = SSL_get_error(ssl_.get(), result);
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE) throw ConnectionClosed();
    return reason == SSL_ERROR_WANT_READ;
  }

  PolledSocket socket_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool readWantsRead_ = true;
  bool writeWantsRead_ = false;
};

/// Only HTTP/1.1 is supported; the handshake fails for a client that offers only other protocols.
int chooseProtocol(SSL*, const unsigned char** out, unsigned char* outLength, const unsigned char* in,
                   unsigned int length, void*) {
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

TlsContext::TlsContext(const std::string& certificateFile, const std::string& keyFile)
    : state_(std::make_unique<State>()) {
  SSL_CTX* context = state_->context;
  if (!context) throw error(Code::internal, "TLS cannot start: {}", lastReason());
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // Forward secrecy and authenticated encryption only, as RFC 9325 recommends; TLS 1.3 has no others.
  if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
    throw error(Code::internal, "TLS cannot start: {}", lastReason());
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);  // a record's header and body in one recv
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

std::unique_ptr<Stream> TlsContext::makeStream(Poller& poller, Descriptor descriptor) const {
  return std::make_unique<TlsStream>(poller, std::move(descriptor), state_->context);
}

}  // namespace regesta::http
