#include "http/poller.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include <boost/asio/post.hpp>

#include "base/error.h"
#include "http/stream.h"

namespace regesta::http {
namespace {

constexpr int eventsAtOnce = 128;

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Poller::Poller(asio::io_context& io) : io_(io), events_(io) {
  int number = ::epoll_create1(EPOLL_CLOEXEC);
  if (number < 0) throw error(Code::unavailable, "no event queue from the system: {}", std::strerror(errno));
  events_.assign(number);
  watch();
}

void Poller::watch() {
  events_.async_wait(asio::posix::descriptor_base::wait_read, [this](const boost::system::error_code& failure) {
    if (failure) return;
    dispatch();
    watch();  // fires at once if not all events fit
  });
}

void Poller::dispatch() {
  epoll_event events[eventsAtOnce];
  int count = ::epoll_wait(events_.native_handle(), events, eventsAtOnce, 0);
  for (int i = 0; i < count; ++i) static_cast<PolledSocket*>(events[i].data.ptr)->onEvents(events[i].events);
}

PolledSocket::PolledSocket(Poller& poller, Descriptor descriptor)
    : poller_(poller), descriptor_(std::move(descriptor)) {
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = this}};
  if (::epoll_ctl(poller_.events_.native_handle(), EPOLL_CTL_ADD, number(), &event) != 0) throw ConnectionClosed();
}

PolledSocket::~PolledSocket() {
  epoll_event none{};
  ::epoll_ctl(poller_.events_.native_handle(), EPOLL_CTL_DEL, number(), &none);
}

ssize_t PolledSocket::receive(void* into, std::size_t size) {
  if (!readable_) return errno = EAGAIN, -1;
  ssize_t got;
  do got = ::recv(number(), into, size, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  // Short means empty, and the next byte raises a new edge. After the peer's end no edge comes: then only 0 is the end.
  bool emptied = got < 0 ? errno == EAGAIN : static_cast<std::size_t>(got) < size;
  if (emptied && !peerEnded_) readable_ = false;
  return got;
}

ssize_t PolledSocket::send(const msghdr& message) {
  if (!writable_) return errno = EAGAIN, -1;
  ssize_t sent;
  do sent = ::sendmsg(number(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  if (sent < 0 && errno == EAGAIN) writable_ = false;
  return sent;
}

asio::awaitable<void> PolledSocket::until(const bool& ready) {
  auto initiate = [this](auto handler) { waiter_.emplace(std::move(handler)); };
  awaited_ = &ready;
  while (!ready && !interrupted_)
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(initiate, asio::use_awaitable);
  if (std::exchange(interrupted_, false)) throw ConnectionClosed();
}

void PolledSocket::onEvents(unsigned events) {
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) peerEnded_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) writable_ = true;
  if (!waiter_ || !*awaited_) return;
  Waiter waiter = std::move(*waiter_);
  waiter_.reset();
  std::move(waiter)();  // may end the connection, and with it this socket
}

void PolledSocket::interrupt() {
  if (!waiter_) return;
  interrupted_ = true;
  // Not here and now: the caller is in the middle of a list of connections.
  asio::post(poller_.io_, [waiter = std::move(*waiter_)]() mutable { std::move(waiter)(); });
  waiter_.reset();
}

void PolledSocket::release(std::vector<Waiter>& into) {
  if (waiter_) into.push_back(std::move(*waiter_));
  waiter_.reset();
}

}  // namespace regesta::http
