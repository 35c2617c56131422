#pragma once
#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "policy/engine.h"

namespace regesta::policy {

/// What a worker answered: the status of native/include/regesta_native.h and its bytes. `lost` is non-empty instead
/// when the worker died or was killed, and says why; the worker is of no use then.
struct Reply {
  int status = 0;
  std::string bytes;
  std::string lost;
  /// The worker was gone before it had read the request: nothing in the request did it.
  bool neverStarted = false;
};

/// Whether the kernel lets a worker give up its system calls (seccomp filters). Where it does not, workers have their
/// other limits alone. Changes nothing in this process.
bool canFilterSystemCalls();

/// One worker process and the socket to it. Used by one thread at a time; ended by the destructor.
class Worker {
 public:
  /// Throws Error{unavailable} when the process cannot be started. The calling thread must outlive the worker: the
  /// kernel ends the worker with it.
  explicit Worker(const Options& options);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Sends one request and waits for the answer, `wallMillis` at most.
  Reply ask(std::string_view head, std::string_view body, int wallMillis);
  /// It has grown or served so much that a fresh one is better.
  bool worn() const;

 private:
  Reply lose(std::string reason);
  std::string autopsy() const;
  void renewCpuLimit() const;

  Options options_;
  pid_t pid_ = -1;
  int socket_ = -1;
  mutable int status_ = 0;
  mutable bool reaped_ = false;
  std::uint64_t served_ = 0;
};

}  // namespace regesta::policy
