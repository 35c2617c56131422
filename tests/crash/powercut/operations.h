#pragma once
#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "faults.h"
#include "image.h"

struct fuse_lowlevel_ops;

namespace powercut {

/// The mounted file system. Everything here is under the mutex.
struct Disk {
  std::mutex mutex;
  std::condition_variable off;  ///< the power went
  Image image;
  Faults faults;
  std::uint64_t capacity = UINT64_MAX;               ///< bytes
  std::unordered_map<std::uint64_t, NodePtr> known;  ///< by the numbers that the kernel may use

  Disk() { forgetAll(); }
  void forgetAll() { known = {{1, image.root()}}; }
};

/// The callbacks for libfuse; their user data is a Disk.
const fuse_lowlevel_ops& operations();

}  // namespace powercut
