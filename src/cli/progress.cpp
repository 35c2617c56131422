#include "cli/progress.h"

#include "cli/terminal.h"

namespace regesta::cli {

std::string byteText(std::uint64_t bytes) {
  constexpr std::array units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < units.size(); ++unit) size /= 1024;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, units[unit]);
}

Progress::Progress(std::string what, std::uint64_t total, bool bytes)
    : what_(std::move(what)),
      total_(total),
      bytes_(bytes),
      terminal_(isTerminal(stderr)),
      started_(Clock::now()),
      drawnAt_(started_) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
}

void Progress::set(std::uint64_t done) {
  done_ = done;
  if (!terminal_) return;
  auto now = Clock::now();
  if (now - started_ < std::chrono::milliseconds(500) || now - drawnAt_ < std::chrono::milliseconds(100)) return;
  drawnAt_ = now;
  draw();
}

void Progress::draw() {
  drawn_ = true;
  double seconds = std::chrono::duration<double>(Clock::now() - started_).count();
  auto amount = [&](std::uint64_t count) { return bytes_ ? byteText(count) : std::to_string(count); };
  std::string line = fmt::format("{}  {}", printable(what_), amount(done_));
  if (total_ > 0 && done_ <= total_) {
    constexpr std::size_t width = 24;
    std::size_t filled = static_cast<std::size_t>(static_cast<double>(done_) / static_cast<double>(total_) * width);
    std::string bar;
    for (std::size_t i = 0; i < width; ++i) bar += i < filled ? "█" : "░";
    line = fmt::format("{}  {} {:3.0f} %  {} of {}", printable(what_), bar,
                       100.0 * static_cast<double>(done_) / static_cast<double>(total_), amount(done_), amount(total_));
  }
  fmt::print(stderr, "\r\x1b[K{}  {}/s", line,
             amount(static_cast<std::uint64_t>(static_cast<double>(done_) / seconds)));
  std::fflush(stderr);
}

}  // namespace regesta::cli
