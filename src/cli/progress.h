#pragma once
#include <chrono>
#include <cstdint>
#include <string>

namespace regesta::cli {

/// "1.4 GiB"
std::string byteText(std::uint64_t bytes);

/// A progress bar on stderr for long work: only on a terminal, only after half a second, gone when done.
class Progress {
 public:
  /// `total` 0: unknown. `bytes`: counts are shown as sizes.
  Progress(std::string what, std::uint64_t total, bool bytes = true);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void advance(std::uint64_t by) { set(done_ + by); }
  void set(std::uint64_t done);
  void setTotal(std::uint64_t total) { total_ = total; }

 private:
  using Clock = std::chrono::steady_clock;
  void draw();
  std::string what_;
  std::uint64_t total_, done_ = 0;
  bool bytes_, terminal_, drawn_ = false;
  Clock::time_point started_, drawnAt_;
};

}  // namespace regesta::cli
