#include "cli/model/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"

namespace regesta::cli {
namespace {

constexpr std::chrono::seconds longest{60};
constexpr std::size_t mostOutput = 64 * 1024;

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
  Child(const std::string& line, const json::object& vars, Pipe& input, Pipe& output) {
    std::vector<std::string> environment{"REGESTA_TEST_VARS=" + writeJson(vars)};
    for (const char* name : {"PATH", "HOME", "LANG"})
      if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
    std::vector<char*> envp, argv;
    for (std::string& one : environment) envp.push_back(one.data());
    envp.push_back(nullptr);
    std::string shell = "/bin/sh", option = "-c", text = line;
    for (std::string* one : {&shell, &option, &text}) argv.push_back(one->data());
    argv.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.reading(), 0);
    posix_spawn_file_actions_adddup2(&actions, output.writing(), 1);
    posix_spawn_file_actions_adddup2(&actions, output.writing(), 2);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe);  // `yes | head -1` must end
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int fault = ::posix_spawn(&pid_, shell.c_str(), &actions, &attributes, argv.data(), envp.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (fault != 0) throw error(Code::unavailable, "the command cannot be started: {}", std::strerror(fault));
  }
  ~Child() {
    if (pid_ <= 0) return;
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
  pid_t pid_ = 0;
};

/// Feeds stdin and takes stdout until the command closes it.
std::string converse(Pipe& input, Pipe& output, std::string_view text, const std::function<bool()>& stopped) {
  ::signal(SIGPIPE, SIG_IGN);  // the command may close its stdin early
  ::fcntl(input.writing(), F_SETFL, O_NONBLOCK);
  std::string said;
  auto until = std::chrono::steady_clock::now() + longest;
  while (true) {
    if (text.empty()) input.close(1);
    if (stopped && stopped()) throw Error(Code::unavailable, "stopped");
    if (std::chrono::steady_clock::now() > until)
      throw error(Code::unavailable, "the command took longer than {} seconds", longest.count());
    pollfd ends[2] = {{output.reading(), POLLIN, 0}, {input.isOpen(1) ? input.writing() : -1, POLLOUT, 0}};
    if (::poll(ends, 2, 200) < 0 && errno != EINTR)
      throw error(Code::unavailable, "the command cannot be talked to: {}", std::strerror(errno));
    if (ends[1].revents != 0) {
      ssize_t sent = ::write(input.writing(), text.data(), text.size());
      if (sent > 0) text.remove_prefix(static_cast<std::size_t>(sent));
      if (sent < 0 && errno != EAGAIN && errno != EINTR) text = {};  // it does not want to hear the rest
    }
    if (ends[0].revents == 0) continue;
    char piece[4096];
    ssize_t got = ::read(output.reading(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return said;
    said.append(piece, std::min<std::size_t>(static_cast<std::size_t>(got), mostOutput - said.size()));
  }
}

evaluation::check::Grade gradeOf(int code, const std::string& said) {
  if (code == 126 || code == 127) throw error(Code::invalid, "the command cannot be run: {}", shorten(trim(said), 300));
  evaluation::check::Grade grade{code == 0, code == 0 ? 1.0 : 0.0, shorten(trim(said), 500)};
  boost::system::error_code broken;
  json::value value = json::parse(trim(said), broken);
  if (broken || code != 0) return grade;
  if (value.is_object()) {
    const json::object& object = value.get_object();
    const json::value* score = object.if_contains("score");
    const json::value* pass = object.if_contains("pass");
    if (score && score->is_number()) grade.score = std::clamp(score->to_number<double>(), 0.0, 1.0);
    grade.pass = pass && pass->is_bool() ? pass->get_bool() : !(score && score->is_number()) || grade.score >= 0.5;
    if (!score) grade.score = grade.pass ? 1.0 : 0.0;
    const json::value* reason = object.if_contains("reason");
    grade.reason = reason && reason->is_string() ? shorten(reason->get_string(), 500) : std::string();
  } else if (value.is_bool()) {
    grade = {value.get_bool(), value.get_bool() ? 1.0 : 0.0, value.get_bool() ? "" : "the command says false"};
  } else if (value.is_number()) {
    double score = std::clamp(value.to_number<double>(), 0.0, 1.0);
    grade = {score >= 0.5, score, fmt::format("the command says {}", score)};
  }
  return grade;
}

}  // namespace

evaluation::check::Grade runCommand(const std::string& line, const evaluation::check::Output& output,
                                    const json::object& vars, const std::function<bool()>& stopped) {
  Pipe input, answer;
  Child child(line, vars, input, answer);
  input.close(0);
  answer.close(1);
  std::string said = converse(input, answer, output.text, stopped);
  int code = child.wait();
  return gradeOf(code, said);
}

}  // namespace regesta::cli
