// The worker process: limits itself, then serves requests from its socket until it closes.
#include <regesta_native.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "base/text.h"
#include "policy/engine.h"
#include "policy/wire.h"
#include "policy/worker.h"

namespace regesta::policy {
namespace {

bool readAll(void* to, std::size_t size) {
  auto* at = static_cast<char*>(to);
  while (size > 0) {
    auto got = ::read(workerSocket, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool writeAll(const void* from, std::size_t size) {
  const auto* at = static_cast<const char*>(from);
  while (size > 0) {
    auto sent = ::write(workerSocket, at, size);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    at += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

void limit(__rlimit_resource resource, rlim_t soft, rlim_t hard) {
  rlimit value{soft, hard};
  if (::setrlimit(resource, &value) != 0) ::_exit(1);  // never serve without limits
}

void limitSelf(std::size_t memoryBytes, int cpuSeconds) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) ::_exit(1);
  ::prctl(PR_SET_NAME, "policy-worker");
  limit(RLIMIT_CORE, 0, 0);
  limit(RLIMIT_NOFILE, 16, 16);
  limit(RLIMIT_FSIZE, 0, 0);
  // The server moves the soft limit before each request.
  limit(RLIMIT_CPU, static_cast<rlim_t>(cpuSeconds + 1), RLIM_INFINITY);
#ifdef REGESTA_SANITIZED
  (void)memoryBytes;  // sanitizers reserve terabytes of address space; they get a limit of resident memory instead
#else
  limit(RLIMIT_NPROC, 0, 0);
  limit(RLIMIT_AS, memoryBytes, memoryBytes);
#endif
}

#ifndef REGESTA_SANITIZED
/// Ends a worker that could not give up its system calls: it must not see what users write.
void demand(bool confined) {
  if (!confined) ::_exit(unconfinedExit);
}

/// Nothing but computing, memory and the two ends of the socket; every other call fails. A kernel without seccomp is
/// the one exception: the other limits still hold there, and `regesta doctor` and the server's log say so.
void forbidSystemCalls() {
  if (!canFilterSystemCalls()) return;
  static constexpr std::array allowed = {SCMP_SYS(read),
                                         SCMP_SYS(write),
                                         SCMP_SYS(munmap),
                                         SCMP_SYS(mremap),
                                         SCMP_SYS(brk),
                                         SCMP_SYS(madvise),
                                         SCMP_SYS(futex),
                                         SCMP_SYS(exit),
                                         SCMP_SYS(exit_group),
                                         SCMP_SYS(rt_sigreturn),
                                         SCMP_SYS(rt_sigprocmask),
                                         SCMP_SYS(rt_sigaction),
                                         SCMP_SYS(sigaltstack),
                                         SCMP_SYS(getrandom),
                                         SCMP_SYS(clock_gettime),
                                         SCMP_SYS(gettimeofday),
                                         SCMP_SYS(getpid),
                                         SCMP_SYS(gettid),
                                         SCMP_SYS(tgkill),
                                         SCMP_SYS(sched_yield),
                                         SCMP_SYS(restart_syscall)};
  std::unique_ptr<void, void (*)(void*)> filter(seccomp_init(SCMP_ACT_ERRNO(EPERM)), &seccomp_release);
  demand(filter != nullptr);
  for (int call : allowed) demand(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 0) == 0);
  // Memory, but none that can be executed.
  for (int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    demand(seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, call, 1, scmp_arg_cmp{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}) ==
           0);
  demand(seccomp_load(filter.get()) == 0);
}
#endif

bool serveOne(RegestaPolicies* policies) {
  RequestFrame frame;
  if (!readAll(&frame, sizeof(frame)) || frame.headSize > largestFrame || frame.bodySize > largestFrame) return false;
  std::string head(frame.headSize, '\0'), body(frame.bodySize, '\0');
  if (!readAll(head.data(), head.size()) || !readAll(body.data(), body.size())) return false;
  auto bytes = [](const std::string& text) { return reinterpret_cast<const std::uint8_t*>(text.data()); };
  RegestaBuffer out{};
  int status = regesta_policies_call(policies, bytes(head), head.size(), bytes(body), body.size(), &out);
  ReplyFrame reply{status, static_cast<std::uint32_t>(std::min<std::size_t>(out.size, largestFrame + 1))};
  bool sent = writeAll(&reply, sizeof(reply)) && (out.size > largestFrame || writeAll(out.data, out.size));
  regesta_buffer_free(out);
  return sent;
}

}  // namespace

int workerMain(int argc, char** argv) {
  auto number = [&](int index, std::int64_t otherwise) {
    return argc > index ? parseInteger(argv[index]).value_or(otherwise) : otherwise;
  };
  Options defaults;
  limitSelf(static_cast<std::size_t>(number(2, static_cast<std::int64_t>(defaults.memoryBytes))),
            static_cast<int>(number(3, defaults.cpuSeconds)));
  std::unique_ptr<RegestaPolicies, void (*)(RegestaPolicies*)> policies(regesta_policies_new(), &regesta_policies_free);
#ifndef REGESTA_SANITIZED
  forbidSystemCalls();
#endif
  while (serveOne(policies.get())) {
  }
  return 0;
}

}  // namespace regesta::policy
