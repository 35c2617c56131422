#include "live.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <stdexcept>

#include "base/json.h"
#include "base/text.h"

namespace regesta::http::test {

Response renderPlain(const Request&, const Error& failure) {
  Response response{httpStatus(failure.code), "application/json", {}, {}};
  JsonWriter writer(response.body);
  writer.object()
      .key("error")
      .object()
      .key("code")
      .text(codeName(failure.code))
      .key("message")
      .text(failure.message)
      .end()
      .end();
  return response;
}

namespace {
class FunctionHandler final : public StreamHandler {
 public:
  explicit FunctionHandler(std::function<asio::awaitable<void>(Exchange&)> handle) : handle_(std::move(handle)) {}
  asio::awaitable<void> handle(Exchange& exchange) override { return handle_(exchange); }

 private:
  std::function<asio::awaitable<void>(Exchange&)> handle_;
};
}  // namespace

std::shared_ptr<StreamHandler> stream(std::function<asio::awaitable<void>(Exchange&)> handle) {
  return std::make_shared<FunctionHandler>(std::move(handle));
}

Action whole(std::function<Response(const Request&)> handle, Runs runs, std::size_t bodyLimit) {
  return {
      .whole = std::move(handle), .stream = nullptr, .runs = runs, .waits = {}, .bodyLimit = bodyLimit, .pattern = {}};
}

Action streaming(std::function<asio::awaitable<void>(Exchange&)> handle, std::size_t bodyLimit) {
  return streaming(stream(std::move(handle)), bodyLimit);
}

Response text(std::string body, int status) { return {status, "text/plain", {}, std::move(body)}; }

Live::Live(const std::function<void(Router&)>& fill, ServerOptions options) {
  if (options.ioThreads == 0) options.ioThreads = 2;
  fill(router);
  server = std::make_unique<Server>(std::move(options), router, renderPlain);
  server->start();
}
Live::~Live() { server->drain(0); }

std::string Live::url(std::string_view path) const { return fmt::format("http://127.0.0.1:{}{}", port(), path); }

Peer::Peer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}
Peer::~Peer() { close(); }

void Peer::close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void Peer::send(std::string_view bytes) {
  if (!trySend(bytes, std::chrono::seconds(5))) throw std::runtime_error("cannot send");
}

bool Peer::trySend(std::string_view bytes, std::chrono::milliseconds limit) {
  while (!bytes.empty()) {
    pollfd ready{socket_, POLLOUT, 0};
    if (::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) return false;
    ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool Peer::fill(std::chrono::steady_clock::time_point until) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  pollfd ready{socket_, POLLIN, 0};
  if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0) return false;
  char buffer[65536];
  ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
  if (size <= 0) return false;
  held_.append(buffer, static_cast<std::size_t>(size));
  return true;
}

std::string Peer::receiveUntil(std::string_view ending, std::chrono::milliseconds limit) {
  auto until = std::chrono::steady_clock::now() + limit;
  std::size_t at;
  while ((at = ending.empty() ? std::string::npos : held_.find(ending)) == std::string::npos)
    if (!fill(until)) return std::exchange(held_, {});
  std::string got = held_.substr(0, at + ending.size());
  held_.erase(0, got.size());
  return got;
}

std::string Peer::receiveResponse(bool head) {
  std::string response = receiveUntil("\r\n\r\n");
  auto length = parseInteger(headerOf(response, "Content-Length"));
  if (!length || head) return response;
  auto until = std::chrono::steady_clock::now() + patience;
  while (held_.size() < static_cast<std::size_t>(*length) && fill(until)) {
  }
  response += held_.substr(0, static_cast<std::size_t>(*length));
  held_.erase(0, static_cast<std::size_t>(*length));
  return response;
}

bool Peer::closesWithin(std::chrono::milliseconds limit) {
  pollfd ready{socket_, POLLIN, 0};
  if (!held_.empty() || ::poll(&ready, 1, static_cast<int>(limit.count())) <= 0) return false;
  char byte;
  return ::recv(socket_, &byte, 1, 0) <= 0;
}

std::size_t Peer::discard() {
  static thread_local std::vector<char> buffer(1 << 20);
  ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

void Peer::endSending() { ::shutdown(socket_, SHUT_WR); }

std::string bodyOf(std::string_view response) {
  std::size_t at = response.find("\r\n\r\n");
  return at == std::string_view::npos ? std::string() : std::string(response.substr(at + 4));
}

int statusOf(std::string_view response) {
  if (!response.starts_with("HTTP/1.1 ")) return 0;
  return static_cast<int>(parseInteger(response.substr(9, 3)).value_or(0));
}

std::string headerOf(std::string_view response, std::string_view name) {
  response = response.substr(0, response.find("\r\n\r\n"));
  for (std::string_view line : split(response, '\n')) {
    std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equalsIgnoreCase(line.substr(0, colon), name))
      return std::string(trim(line.substr(colon + 1)));
  }
  return {};
}

std::size_t residentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace regesta::http::test
