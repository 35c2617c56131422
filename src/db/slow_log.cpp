#include "db/slow_log.h"

#include <atomic>

#include "base/log.h"
#include "base/text.h"

namespace regesta::db {
namespace {

constexpr std::size_t longestText = 2000;
std::atomic<std::int64_t> threshold{0};

}  // namespace

void setSlowStatementMillis(std::int64_t millis) { threshold = millis; }

std::int64_t slowStatementMillis() { return threshold; }

void noteStatement(std::string_view sql, std::chrono::nanoseconds took, std::size_t count) {
  std::int64_t least = threshold, millis = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
  if (least <= 0 || millis < least) return;
  log(LogLevel::warn, "slow statement",
      {{"millis", millis}, {"statements", count}, {"sql", shorten(sql, longestText)}});
}

}  // namespace regesta::db
