#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "policy/engine.h"

namespace regesta::policy {

/// Exit code of a worker that could not set up its sandbox.
inline constexpr int unconfinedExit = 86;

/// A worker's response: the status of native/include/regesta_native.h and its bytes. If the worker died or was killed,
/// `lost` has the reason instead, and the worker must be replaced.
struct Reply {
  int status = 0;
  std::string bytes;
  std::string lost;
  /// The machine is the cause of `lost`, not the request, which may be sent again: no worker, or no processor time.
  bool starved = false;
  std::int64_t cpuMillis = 0;  ///< processor time that the worker used for the request
  /// The worker had ended before it read the request, so the request is not the cause.
  bool neverStarted = false;
};

/// Whether the kernel supports seccomp filters for workers. Without them, workers have only their other limits. Changes
/// nothing in this process.
bool canFilterSystemCalls();

/// One worker process and the socket to it. Used by one thread at a time; ended by the destructor.
class Worker {
 public:
  /// Throws Error{unavailable} if the process cannot be started. The calling thread must outlive the worker: the
  /// kernel ends the worker with it.
  explicit Worker(const Options& options, int niceness = 0);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Sends one request and waits for the response, at most `wallMillis`.
  Reply ask(std::string_view head, std::string_view body, int wallMillis);
  /// Whether it should be replaced because of its memory or number of requests.
  bool worn() const;

 private:
  Reply lose(std::string reason);
  Reply late(int wallMillis, std::int64_t cpuBefore);
  Reply ended();
  std::string autopsy() const;
  std::int64_t cpuMillis() const;
  void renewCpuLimit() const;

  Options options_;
  pid_t pid_ = -1;
  int socket_ = -1;
  mutable int status_ = 0;
  mutable bool reaped_ = false;
  std::uint64_t served_ = 0;
};

}  // namespace regesta::policy
