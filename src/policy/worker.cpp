#include "policy/worker.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <ctime>

#include "base/error.h"
#include "policy/wire.h"

namespace regesta::policy {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t servedLimit = 50'000;

/// What posix_spawn needs, freed at the end of the scope.
struct SpawnPlan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;

  explicit SpawnPlan(int childSocket) {
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&files, 0, 1);
    // A sanitizer's report is worth seeing; anything else that a policy makes the engine print is not.
#ifndef REGESTA_SANITIZED
    posix_spawn_file_actions_adddup2(&files, 0, 2);
#endif
    posix_spawn_file_actions_adddup2(&files, childSocket, workerSocket);
    posix_spawn_file_actions_addclosefrom_np(&files, workerSocket + 1);
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // Its own process group: Ctrl-C in a terminal is the server's business, which drains first.
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

/// Waits until the socket is ready or `deadline` is over; false then.
bool waitFor(int socket, short events, Clock::time_point deadline) {
  for (;;) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd entry{socket, events, 0};
    int ready = ::poll(&entry, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

enum class Transfer { done, closed, late };

Transfer sendAll(int socket, std::string_view bytes, Clock::time_point deadline) {
  while (!bytes.empty()) {
    auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EINTR) {
      if (!waitFor(socket, POLLOUT, deadline)) return Transfer::late;
    } else {
      return Transfer::closed;
    }
  }
  return Transfer::done;
}

Transfer receiveAll(int socket, char* to, std::size_t size, Clock::time_point deadline) {
  while (size > 0) {
    if (!waitFor(socket, POLLIN, deadline)) return Transfer::late;
    auto got = ::recv(socket, to, size, MSG_DONTWAIT);
    if (got > 0) {
      to += got;
      size -= static_cast<std::size_t>(got);
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      return Transfer::closed;
    }
  }
  return Transfer::done;
}

template <class Frame>
std::string_view asBytes(const Frame& frame) {
  return {reinterpret_cast<const char*>(&frame), sizeof(frame)};
}

}  // namespace

bool canFilterSystemCalls() {
  // A missing filter is a bad address where filters are known, and an unknown mode where they are not: seccomp(2).
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) == -1 && errno == EFAULT;
}

Worker::Worker(const Options& options, int niceness) : options_(options) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    throw error(Code::unavailable, "no socket for a policy worker: {}", std::strerror(errno));
  socket_ = pair[0];
  SpawnPlan plan(pair[1]);
  std::string memory = std::to_string(options.memoryBytes);
  std::string cpu = std::to_string(options.cpuSeconds);
  const char* arguments[] = {"regesta", "policy-worker", memory.c_str(), cpu.c_str(), nullptr};
  // No variable of the server's environment: it may hold secrets.
#ifdef REGESTA_SANITIZED
  const char* environment[] = {"ASAN_OPTIONS=hard_rss_limit_mb=1500:detect_leaks=0:allocator_may_return_null=0",
                               "TSAN_OPTIONS=hard_rss_limit_mb=1500", nullptr};
#else
  const char* environment[] = {nullptr};
#endif
  int failed = ::posix_spawn(&pid_, options.program.c_str(), &plan.files, &plan.attributes,
                             const_cast<char* const*>(arguments), const_cast<char* const*>(environment));
  ::close(pair[1]);
  if (failed != 0) {
    ::close(socket_);
    throw error(Code::unavailable, "a policy worker cannot be started: {}", std::strerror(failed));
  }
  if (niceness != 0) ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid_), ::getpriority(PRIO_PROCESS, 0) + niceness);
}

Worker::~Worker() {
  ::close(socket_);
  if (reaped_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, &status_, 0);
}

/// Processor time since the process's start; -1 if it is not known.
std::int64_t Worker::cpuMillis() const {
  clockid_t clock;
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return -1;
  return used.tv_sec * 1000LL + used.tv_nsec / 1'000'000;
}

/// RLIMIT_CPU counts from the process's start, so each request moves it. Only the soft limit: the hard one cannot be
/// raised.
void Worker::renewCpuLimit() const {
  std::int64_t used = cpuMillis();
  if (used < 0) return;
  rlimit limit{static_cast<rlim_t>(used / 1000 + 1 + options_.cpuSeconds), RLIM_INFINITY};
  ::prlimit(pid_, RLIMIT_CPU, &limit, nullptr);
}

Reply Worker::ask(std::string_view head, std::string_view body, int wallMillis) {
  if (head.size() > largestFrame || body.size() > largestFrame)
    return {.status = 1, .bytes = R"({"message":"too large"})"};
  auto deadline = Clock::now() + std::chrono::milliseconds(wallMillis);
  ++served_;
  renewCpuLimit();
  std::int64_t cpuBefore = cpuMillis();
  RequestFrame frame{static_cast<std::uint32_t>(head.size()), static_cast<std::uint32_t>(body.size())};
  for (auto piece : {asBytes(frame), head, body}) {
    auto sent = sendAll(socket_, piece, deadline);
    if (sent == Transfer::late) return late(wallMillis, cpuBefore);
    if (sent == Transfer::closed) {
      auto reply = ended();
      reply.neverStarted = true;
      return reply;
    }
  }
  ReplyFrame answer;
  auto got = receiveAll(socket_, reinterpret_cast<char*>(&answer), sizeof(answer), deadline);
  Reply reply{.status = answer.status};
  if (got == Transfer::done && answer.size > largestFrame) return lose("its answer is too large");
  if (got == Transfer::done) {
    reply.bytes.resize(answer.size);
    got = receiveAll(socket_, reply.bytes.data(), answer.size, deadline);
  }
  if (got == Transfer::late) return late(wallMillis, cpuBefore);
  if (got == Transfer::closed) return ended();
  reply.cpuMillis = cpuMillis() - cpuBefore;
  return reply;
}

Reply Worker::lose(std::string reason) {
  if (!reaped_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
    reaped_ = true;
  }
  return {.lost = std::move(reason)};
}

/// The limit of processor time ends whatever computes, so a request that is late did not get that time.
Reply Worker::late(int wallMillis, std::int64_t cpuBefore) {
  std::int64_t used = cpuMillis() - cpuBefore;
  Reply reply =
      lose(fmt::format("the machine is too busy: its worker got {} ms of processor time in {} ms", used, wallMillis));
  reply.starved = true;
  return reply;
}

Reply Worker::ended() {
  std::string reason = autopsy();
  bool killed = !reaped_ || (WIFSIGNALED(status_) && WTERMSIG(status_) == SIGKILL);
  Reply reply = lose(std::move(reason));
  reply.starved = killed;
  return reply;
}

/// Why the process ended, according to its exit status.
std::string Worker::autopsy() const {
  if (!reaped_) {
    // The socket closes a moment before the process can be waited for; on a busy machine, some seconds.
    for (int tries = 0; tries < 10'000 && ::waitpid(pid_, &status_, WNOHANG) == 0; ++tries) ::usleep(1000);
    if (!WIFSIGNALED(status_) && !WIFEXITED(status_)) return "it stopped answering";
    reaped_ = true;
  }
  if (WIFEXITED(status_) && WEXITSTATUS(status_) == unconfinedExit)
    return "its worker could not give up its system calls (seccomp) and refused to run";
  if (WIFEXITED(status_)) return fmt::format("its worker ended with code {}", WEXITSTATUS(status_));
  switch (WTERMSIG(status_)) {
    case SIGSEGV:
    case SIGBUS:
      return "it overflowed the stack: endless recursion, or one very long expression";
    case SIGABRT:
      return fmt::format("it needed more than {} MiB of memory", options_.memoryBytes >> 20);
    case SIGXCPU:
      return fmt::format("it used more than {} s of CPU time", options_.cpuSeconds);
    case SIGKILL:
      return "its worker was killed from outside (out of memory?)";
    case SIGSYS:
      return "it made a forbidden system call";
    default:
      return fmt::format("its worker died of signal {}", WTERMSIG(status_));
  }
}

bool Worker::worn() const {
  if (served_ >= servedLimit) return true;
  if (served_ % 16 != 0) return false;
  auto name = fmt::format("/proc/{}/statm", pid_);
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(name.c_str(), "re"), &std::fclose);
  unsigned long pages = 0, resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &pages, &resident) != 2) return false;
  return resident * static_cast<unsigned long>(::sysconf(_SC_PAGESIZE)) > options_.memoryBytes / 2;
}

}  // namespace regesta::policy
