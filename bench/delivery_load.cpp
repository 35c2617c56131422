// Drives bench/delivery_bench.py: a client that sends at a fixed rate, and one that watches with many connections.
//   delivery_load pace PORT RATE SECONDS CONNECTIONS < paths     prints JSON: sent, errors, p50, p99, max in ms
//   delivery_load watch PORT COUNT MOVES NAME                    prints JSON: first, median, last in ms of each move
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace {

using Clock = std::chrono::steady_clock;

double millis(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connectTo(int port) {
  int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  int yes = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return fd;
}

void sendAll(int fd, std::string_view text) {
  while (!text.empty()) {
    ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) fail("send");
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// The length of a whole answer at the front of `bytes`, 0 when it is not all there.
std::size_t fullPromptAnswer(std::string_view bytes) {
  std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  std::size_t at = bytes.find("Content-Length: ");
  std::size_t length = at < head ? std::strtoul(bytes.data() + at + 16, nullptr, 10) : 0;
  return bytes.size() >= head + 4 + length ? head + 4 + length : 0;
}

struct Line {
  int fd = -1;
  std::string in;
  Clock::time_point due{};  ///< when the request should have left: waiting in our own queue counts
  bool busy = false;
};

int pace(int port, double rate, double seconds, int connections) {
  std::vector<std::string> requests;
  for (std::string path; std::getline(std::cin, path);)
    requests.push_back(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
  int poller = ::epoll_create1(0);
  std::vector<Line> lines(static_cast<std::size_t>(connections));
  std::vector<std::size_t> idle;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    lines[i].fd = connectTo(port);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    ::epoll_ctl(poller, EPOLL_CTL_ADD, lines[i].fd, &event);
    idle.push_back(i);
  }
  auto gap = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate));
  auto began = Clock::now(), next = began,
       end = began + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::deque<Clock::time_point> waiting;
  std::vector<double> times;
  std::size_t sent = 0, errors = 0;
  char buffer[64 * 1024];
  std::vector<epoll_event> events(256);
  while (next < end || times.size() < sent) {
    auto now = Clock::now();
    if (now > end + std::chrono::seconds(5)) break;
    for (; next <= now && next < end; next += gap) waiting.push_back(next);
    while (!waiting.empty() && !idle.empty()) {
      Line& line = lines[idle.back()];
      idle.pop_back();
      line.due = waiting.front();
      waiting.pop_front();
      line.busy = true;
      sendAll(line.fd, requests[sent++ % requests.size()]);
    }
    int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < ready; ++i) {
      std::size_t which = events[static_cast<std::size_t>(i)].data.u64;
      Line& line = lines[which];
      ssize_t got = ::recv(line.fd, buffer, sizeof buffer, 0);
      if (got <= 0) fail("recv");
      line.in.append(buffer, static_cast<std::size_t>(got));
      if (std::size_t size = fullPromptAnswer(line.in)) {
        if (!line.in.starts_with("HTTP/1.1 200")) ++errors;
        line.in.erase(0, size);
        times.push_back(millis(Clock::now() - line.due));
        line.busy = false;
        idle.push_back(which);
      }
    }
  }
  std::sort(times.begin(), times.end());
  auto at = [&](double share) {
    return times.empty() ? 0 : times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  fmt::print("{{\"sent\":{},\"answered\":{},\"errors\":{},\"p50\":{:.3f},\"p99\":{:.3f},\"max\":{:.3f}}}\n", sent,
             times.size(), errors, at(0.5), at(0.99), at(1));
  return 0;
}

void request(int fd, const std::string& text) {
  sendAll(fd, text);
  std::string in;
  char buffer[16 * 1024];
  while (fullPromptAnswer(in) == 0) {
    ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0) fail("recv");
    in.append(buffer, static_cast<std::size_t>(got));
  }
  if (!in.starts_with("HTTP/1.1 2")) {
    std::fprintf(stderr, "%s\n", in.c_str());
    std::exit(1);
  }
}

int watch(int port, int count, int moves, const std::string& name) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  int poller = ::epoll_create1(0);
  std::vector<int> told(static_cast<std::size_t>(count));
  std::vector<int> sockets;
  char buffer[16 * 1024];
  for (int i = 0; i < count; ++i) {
    int fd = connectTo(port);
    sockets.push_back(fd);
    sendAll(fd, fmt::format("GET /api/v1/changes?prompt={} HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n",
                            name));
    epoll_event event{.events = EPOLLIN, .data = {.u64 = static_cast<std::uint64_t>(i)}};
    ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
  }
  for (int fd : sockets) {  // the head and the first comment: it watches
    std::string in;
    while (in.find(":\n\n") == std::string::npos) {
      ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) fail("recv");
      in.append(buffer, static_cast<std::size_t>(got));
    }
  }
  int mover = connectTo(port);
  std::vector<epoll_event> events(1024);
  fmt::print("[");
  for (int move = 1; move <= moves; ++move) {
    ::usleep(300'000);
    std::string body = fmt::format("{{\"version\":{}}}", 1 + move % 2);
    std::string text = fmt::format(
        "PUT /api/v1/assets/prompt/{}/aliases/production HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Content-Length: {}\r\n\r\n{}",
        name, body.size(), body);
    auto began = Clock::now();
    request(mover, text);
    double acknowledged = millis(Clock::now() - began);
    std::vector<double> times;
    while (times.size() < told.size()) {
      int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 10'000);
      if (ready <= 0) {
        std::fprintf(stderr, "%zu of %zu were told\n", times.size(), told.size());
        return 1;
      }
      for (int i = 0; i < ready; ++i) {
        std::size_t which = events[static_cast<std::size_t>(i)].data.u64;
        ssize_t got = ::recv(sockets[which], buffer, sizeof buffer, 0);
        if (got <= 0) fail("recv");
        bool news =
            std::string_view(buffer, static_cast<std::size_t>(got)).find("alias.moved") != std::string_view::npos;
        if (!news || told[which] == move) continue;
        told[which] = move;
        times.push_back(millis(Clock::now() - began));
      }
    }
    std::sort(times.begin(), times.end());
    fmt::print("{}{{\"acknowledged\":{:.2f},\"first\":{:.2f},\"median\":{:.2f},\"last\":{:.2f}}}", move > 1 ? "," : "",
               acknowledged, times.front(), times[times.size() / 2], times.back());
  }
  fmt::print("]\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::string mode = argc > 1 ? argv[1] : "";
  if (mode == "pace" && argc == 6)
    return pace(std::atoi(argv[2]), std::atof(argv[3]), std::atof(argv[4]), std::atoi(argv[5]));
  if (mode == "watch" && argc == 6) return watch(std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]), argv[5]);
  std::fprintf(stderr, "delivery_load pace PORT RATE SECONDS CONNECTIONS | watch PORT COUNT MOVES NAME\n");
  return 2;
}
