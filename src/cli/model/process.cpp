#include "cli/model/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace regesta::cli {
namespace {

class Pipe {
 public:
  Pipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0)
      throw error(Code::unavailable, "cannot create a pipe: {}", std::strerror(errno));
  }
  ~Pipe() {
    close(0);
    close(1);
  }
  Pipe(const Pipe&) = delete;
  int reading() const { return ends_[0]; }
  int writing() const { return ends_[1]; }
  bool isOpen(int end) const { return ends_[end] >= 0; }
  void close(int end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

 private:
  int ends_[2] = {-1, -1};
};

/// The child, ended with everything it started when this is left by an exception.
class Child {
 public:
  Child(const ProcessOrder& order, Pipe& input, Pipe& output, Pipe& errors) : grace_(order.grace) {
    std::vector<std::string> environment = order.environment, command = order.command;
    for (const char* name : {"PATH", "HOME", "LANG"})
      if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
    std::vector<char*> envp, argv;
    for (std::string& one : environment) envp.push_back(one.data());
    envp.push_back(nullptr);
    for (std::string& one : command) argv.push_back(one.data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.reading(), 0);
    posix_spawn_file_actions_adddup2(&actions, output.writing(), 1);
    posix_spawn_file_actions_adddup2(&actions, order.errorsInOutput ? output.writing() : errors.writing(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe);  // `yes | head -1` must end
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int fault = ::posix_spawnp(&pid_, command.front().c_str(), &actions, &attributes, argv.data(), envp.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (fault != 0)
      throw error(Code::unavailable, "{} cannot be started: {}", order.command.front(), std::strerror(fault));
  }
  ~Child() {
    if (pid_ <= 0) return;
    if (grace_.count() > 0 && endsByItself()) return;
    ::kill(-pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;

  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    ::kill(-pid_, SIGKILL);  // what it left running in the background
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  /// A launcher that is asked to end ends what it started elsewhere; one that is killed cannot.
  bool endsByItself() {
    ::kill(-pid_, SIGTERM);
    for (auto until = std::chrono::steady_clock::now() + grace_; std::chrono::steady_clock::now() < until;) {
      siginfo_t ended{};
      if (::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == pid_) {
        wait();
        return true;
      }
      ::poll(nullptr, 0, 50);
    }
    return false;
  }

  pid_t pid_ = 0;
  std::chrono::seconds grace_;
};

/// Takes what is there; false at the end of the stream.
bool take(int from, std::string& into, const ProcessOrder& order, ProcessResult& result) {
  char piece[16 * 1024];
  ssize_t got = ::read(from, piece, sizeof piece);
  if (got < 0) return errno == EINTR || errno == EAGAIN;
  std::size_t kept = std::min<std::size_t>(static_cast<std::size_t>(got), order.mostOutput - into.size());
  into.append(piece, kept);
  result.cut = result.cut || kept < static_cast<std::size_t>(got);
  return got > 0;
}

/// Feeds stdin and reads the output until the child closes it.
void converse(const ProcessOrder& order, Pipe& input, Pipe& output, Pipe& errors, ProcessResult& result) {
  ::signal(SIGPIPE, SIG_IGN);  // the child may close its stdin early
  ::fcntl(input.writing(), F_SETFL, O_NONBLOCK);
  std::string_view text = order.input;
  auto until = std::chrono::steady_clock::now() + order.longest;
  while (output.isOpen(0) || errors.isOpen(0)) {
    if (text.empty()) input.close(1);
    if (order.stopped && order.stopped()) throw Error(Code::unavailable, "stopped");
    if (std::chrono::steady_clock::now() > until)
      throw error(Code::unavailable, "the command took longer than {} seconds", order.longest.count());
    pollfd ends[3] = {{output.isOpen(0) ? output.reading() : -1, POLLIN, 0},
                      {errors.isOpen(0) ? errors.reading() : -1, POLLIN, 0},
                      {input.isOpen(1) ? input.writing() : -1, POLLOUT, 0}};
    if (::poll(ends, 3, 200) < 0 && errno != EINTR)
      throw error(Code::unavailable, "the command cannot be talked to: {}", std::strerror(errno));
    if (ends[2].revents != 0) {
      ssize_t sent = ::write(input.writing(), text.data(), text.size());
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) text = {};  // it does not want to hear the rest
    }
    if (ends[0].revents != 0 && !take(output.reading(), result.output, order, result)) output.close(0);
    if (ends[1].revents != 0 && !take(errors.reading(), result.errors, order, result)) errors.close(0);
  }
}

}  // namespace

ProcessResult runProcess(const ProcessOrder& order) {
  Pipe input, output, errors;
  Child child(order, input, output, errors);
  input.close(0);
  output.close(1);
  errors.close(1);
  ProcessResult result;
  converse(order, input, output, errors, result);
  result.code = child.wait();
  return result;
}

}  // namespace regesta::cli
