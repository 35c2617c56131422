#include "base/time.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>

#include <fmt/format.h>

namespace regesta {
namespace {

using std::chrono::microseconds;
using std::chrono::system_clock;

struct Parts {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, millis = 0, offsetMinutes = 0;
};

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

void putDigits(std::string& text, std::size_t at, std::size_t count, std::int64_t value) {
  for (std::size_t i = at + count; i-- > at; value /= 10) text[i] = static_cast<char>('0' + value % 10);
}

bool parseZone(std::string_view rest, Parts& out) {
  if (rest == "Z" || rest == "z") return true;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
  auto hours = digits(rest, 1, 2);
  auto minutes = digits(rest, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return false;
  out.offsetMinutes = (rest[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
  return true;
}

}  // namespace

std::int64_t nowMicros() {
  return std::chrono::duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
}
std::int64_t nowMillis() { return nowMicros() / 1000; }

namespace {
std::atomic<std::int64_t> latest{0};
}  // namespace

void steadyNowNeverBefore(std::int64_t micros) {
  std::int64_t seen = latest.load();
  while (micros > seen && !latest.compare_exchange_weak(seen, micros)) {
  }
}

std::int64_t steadyNowMicros() {
  std::int64_t now = nowMicros();
  steadyNowNeverBefore(now);
  return std::max(now, latest.load());
}

std::string formatTime(std::int64_t millis) {
  using namespace std::chrono;
  auto point = sys_time<milliseconds>(milliseconds(millis));
  auto day = floor<days>(point);
  year_month_day date(day);
  auto rest = (point - day).count();
  // Digits by hand: fmt takes four times as long, and verifying the ledger formats a time for each entry.
  std::string year = fmt::format_int(static_cast<int>(date.year())).str(), text = "-00-00T00:00:00.000Z";
  putDigits(text, 1, 2, static_cast<unsigned>(date.month()));
  putDigits(text, 4, 2, static_cast<unsigned>(date.day()));
  putDigits(text, 7, 2, rest / 3'600'000);
  putDigits(text, 10, 2, rest / 60'000 % 60);
  putDigits(text, 13, 2, rest / 1000 % 60);
  putDigits(text, 16, 3, rest % 1000);
  if (year.size() < 4) year.insert(0, 4 - year.size(), '0');
  return year + text;
}

std::optional<std::int64_t> parseTime(std::string_view text) {
  using namespace std::chrono;
  auto y = digits(text, 0, 4), mo = digits(text, 5, 2), d = digits(text, 8, 2);
  auto h = digits(text, 11, 2), mi = digits(text, 14, 2), s = digits(text, 17, 2);
  if (!y || !mo || !d || !h || !mi || !s || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (text[10] != 'T' && text[10] != 't' && text[10] != ' ') return std::nullopt;
  if (*h > 23 || *mi > 59 || *s > 60) return std::nullopt;
  Parts parts;
  std::size_t at = 19;
  if (at < text.size() && text[at] == '.') {
    if (!digits(text, at + 1, 1)) return std::nullopt;
    int scale = 100;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, scale /= 10)
      parts.millis += (text[at] - '0') * scale;
  }
  if (!parseZone(text.substr(at), parts)) return std::nullopt;
  year_month_day date{year(*y), month(static_cast<unsigned>(*mo)), day(static_cast<unsigned>(*d))};
  if (!date.ok()) return std::nullopt;
  auto point =
      sys_days(date) + hours(*h) + minutes(*mi - parts.offsetMinutes) + seconds(*s) + milliseconds(parts.millis);
  return duration_cast<milliseconds>(point.time_since_epoch()).count();
}

}  // namespace regesta
