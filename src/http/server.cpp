#include "http/server.h"

#include <arpa/inet.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error.h"
#include "base/log.h"
#include "http/connection.h"
#include "http/network.h"

namespace regesta::http {
namespace {

constexpr auto awaiting = asio::as_tuple(asio::use_awaitable);
constexpr auto acceptBackOff = std::chrono::milliseconds(100);
constexpr int backlog = 4096;
constexpr int acceptAtOnce = 64;
constexpr std::size_t descriptorsBeside = 512;  // files, databases and clients of the rest of the program
constexpr auto complainEvery = std::chrono::seconds(10);

/// Counts a connection from accept until its coroutine is gone.
class Ticket {
 public:
  Ticket(Site& site, Worker& worker, Quota::Share share) : site_(&site), worker_(&worker), share_(std::move(share)) {
    count(1);
  }
  Ticket(Ticket&& other) noexcept
      : site_(std::exchange(other.site_, nullptr)), worker_(other.worker_), share_(std::move(other.share_)) {}
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket() {
    if (site_) count(-1);
  }

 private:
  void count(int by) {
    site_->connections += static_cast<std::size_t>(by);
    worker_->load += static_cast<std::size_t>(by);
    site_->openConnections.add(by);
  }
  Site* site_;
  Worker* worker_;
  Quota::Share share_;
};

asio::awaitable<void> converse(Site& site, Worker& worker, Descriptor descriptor, std::string remote, Ticket) {
  try {
    Connection connection(site, worker, std::move(descriptor), std::move(remote));
    co_await connection.run();
  } catch (const ConnectionClosed&) {
    // The ordinary end of most connections.
  } catch (const std::exception& failure) {
    log(LogLevel::error, "a connection failed", {{"reason", failure.what()}});
  }
}

std::string addressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    const in6_addr& six = reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&six))
      ::inet_ntop(AF_INET, six.s6_addr + 12, text, sizeof text);
    else
      ::inet_ntop(AF_INET6, &six, text, sizeof text);
  }
  return text;
}

/// What connections are counted by: an IPv4 address, an IPv6 network of 64 bits (which one machine may have to itself).
/// Empty for this machine: its proxies and its own clients send requests of many.
std::string neighbourhood(const std::string& remote) {
  auto address = parseIp(remote);
  if (!address || isLoopback(*address)) return {};
  if (remote.find(':') == std::string::npos) return remote;
  return std::string(reinterpret_cast<const char*>(address->data()), 8);
}

/// The usual soft limit of 1024 files would make `maxConnections` an empty promise.
void allowDescriptors(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min<rlim_t>(wanted, limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void rejectConnection(Site& site, const Descriptor& descriptor) {
  constexpr std::string_view answer =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  site.turnedAway.add();
  if (!site.tls) ::send(descriptor.number(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

}  // namespace

struct Server::State {
  State(ServerOptions options, const Router& router, RenderError render)
      : site(std::move(options), router, std::move(render)) {}

  Site site;
  std::vector<std::unique_ptr<Worker>> workers;
  std::optional<asio::ip::tcp::acceptor> acceptor;
  std::mutex draining;
  bool running = false;
  std::uint16_t port = 0;
  std::chrono::steady_clock::time_point nextComplaint;

  void listen();
  Worker& leastBusy();
  asio::awaitable<void> accept();
  int acceptSome();
  void admit(Descriptor descriptor, std::string remote);
  bool waitUntilEmpty(std::chrono::milliseconds limit);
};

void Server::State::listen() {
  const ServerOptions& options = site.options;
  auto address = fmt::format("{}:{}", options.host, options.port);
  boost::system::error_code failure;
  asio::ip::tcp::resolver resolver(workers.front()->io);
  auto found = resolver.resolve(options.host, std::to_string(options.port), asio::ip::tcp::resolver::passive, failure);
  if (failure) throw error(Code::unavailable, "cannot listen on {}: {}", address, failure.message());
  asio::ip::tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.emplace(workers.front()->io);
  acceptor->open(endpoint.protocol(), failure);
  if (!failure) acceptor->set_option(asio::socket_base::reuse_address(true), failure);
  if (!failure) acceptor->bind(endpoint, failure);
  if (!failure) acceptor->set_option(asio::ip::tcp::no_delay(true), failure);  // accepted sockets inherit it
  if (!failure) acceptor->native_non_blocking(true, failure);
  if (!failure) acceptor->listen(backlog, failure);
  if (!failure) port = acceptor->local_endpoint(failure).port();
  if (failure) throw error(Code::unavailable, "cannot listen on {}: {}", address, failure.message());
}

Worker& Server::State::leastBusy() {
  auto load = [](const auto& worker) { return worker->load.load(std::memory_order_relaxed); };
  return **std::min_element(workers.begin(), workers.end(),
                            [&](const auto& a, const auto& b) { return load(a) < load(b); });
}

asio::awaitable<void> Server::State::accept() {
  asio::steady_timer pause(workers.front()->io);
  while (acceptor->is_open()) {
    auto [failure] = co_await acceptor->async_wait(asio::socket_base::wait_read, awaiting);
    if (failure) continue;
    int fault = acceptSome();
    if (fault == 0 || !acceptor->is_open()) continue;
    // Out of descriptors or memory: peers stay in the backlog until some are free again.
    auto now = std::chrono::steady_clock::now();
    if (now >= nextComplaint) {
      log(LogLevel::warn, "connections cannot be accepted now", {{"reason", std::strerror(fault)}});
      nextComplaint = now + complainEvery;
    }
    pause.expires_after(acceptBackOff);
    co_await pause.async_wait(awaiting);
  }
}

/// Returns 0, or the errno of a fault that only time can resolve.
int Server::State::acceptSome() {
  for (int i = 0; i < acceptAtOnce; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    int number = ::accept4(acceptor->native_handle(), reinterpret_cast<sockaddr*>(&address), &size,
                           SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number >= 0) {
      admit(Descriptor(number), addressText(address));
      continue;
    }
    if (errno == EAGAIN) return 0;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return errno;
  }
  return 0;
}

void Server::State::admit(Descriptor descriptor, std::string remote) {
  site.accepted.add();
  if (site.connections.load() >= site.options.maxConnections) return rejectConnection(site, descriptor);
  Quota::Share share;
  try {
    site.addresses.take(share, neighbourhood(remote), 1);
  } catch (const Error&) {
    return rejectConnection(site, descriptor);
  }
  Worker& worker = leastBusy();
  asio::co_spawn(
      worker.io,
      converse(site, worker, std::move(descriptor), std::move(remote), Ticket(site, worker, std::move(share))),
      asio::detached);
}

bool Server::State::waitUntilEmpty(std::chrono::milliseconds limit) {
  auto until = std::chrono::steady_clock::now() + limit;
  while (site.connections.load() > 0) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

Server::Server(ServerOptions options, const Router& router, RenderError renderError)
    : state_(std::make_unique<State>(std::move(options), router, std::move(renderError))) {}

Server::~Server() { drain(0); }

void Server::start() {
  Site& site = state_->site;
  allowDescriptors(site.options.maxConnections + descriptorsBeside);
  std::size_t count =
      site.options.ioThreads > 0 ? site.options.ioThreads : std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < count; ++i) state_->workers.push_back(std::make_unique<Worker>(site));
  state_->listen();
  asio::co_spawn(state_->workers.front()->io, state_->accept(), asio::detached);
  for (auto& worker : state_->workers) worker->start();
  state_->running = true;
}

std::uint16_t Server::port() const { return state_->port; }

void Server::reopenAccessLog() { state_->site.accessLog.reopen(); }

void Server::drain(int seconds) {
  std::lock_guard lock(state_->draining);
  if (!std::exchange(state_->running, false)) return;
  Site& site = state_->site;
  site.draining = true;
  asio::post(state_->workers.front()->io, [this] {
    boost::system::error_code ignored;
    state_->acceptor->close(ignored);
  });
  for (auto& worker : state_->workers) worker->forEach(&Swept::drain);
  if (!state_->waitUntilEmpty(std::chrono::seconds(seconds)))
    for (auto& worker : state_->workers) worker->forEach(&Swept::abort);
  site.waiting.close();  // handlers that wait are never cut in the middle
  state_->waitUntilEmpty(std::chrono::seconds(1));
  for (auto& worker : state_->workers) worker->stop();
}

}  // namespace regesta::http
