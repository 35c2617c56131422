#include "http/conditional.h"

#include <chrono>

#include <fmt/format.h>

#include "base/text.h"

namespace regesta::http {
namespace {

constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view opaque(std::string_view etag) { return etag.starts_with("W/") ? etag.substr(2) : etag; }

/// Digits only; a number too large for 64 bits counts as the largest: "bytes=0-99999999999999999999" means to the end.
std::optional<std::uint64_t> position(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty()) return std::nullopt;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
  }
  return value;
}

bool sameAsIfRange(std::string_view condition, const Validators& known) {
  if (condition.starts_with("W/")) return false;
  if (condition.starts_with('"')) return !known.etag.empty() && condition == known.etag;
  auto date = parseHttpDate(condition);
  return date && known.modified && *date == *known.modified;
}

void addValidators(Headers& headers, const Validators& known) {
  if (!known.etag.empty()) headers.add("ETag", std::string(known.etag));
  if (known.modified) headers.add("Last-Modified", formatHttpDate(*known.modified));
}

struct ByteRange {
  std::uint64_t first = 0, last = 0;  // both inclusive
};

enum class RangeOutcome { whole, part, unsatisfiable };
struct RangeChoice {
  RangeOutcome outcome = RangeOutcome::whole;
  ByteRange range;
};

RangeChoice chooseRange(const Request& request, std::uint64_t size, const Validators& known) {
  auto header = request.headers.get("Range");
  if (!header || (request.method != "GET" && request.method != "HEAD")) return {};
  if (auto condition = request.headers.get("If-Range"); condition && !sameAsIfRange(*condition, known)) return {};
  std::string_view text = *header;
  if (text.size() < 6 || !equalsIgnoreCase(text.substr(0, 6), "bytes=")) return {};
  text = trim(text.substr(6));
  std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return {};
  auto from = position(text.substr(0, dash)), to = position(text.substr(dash + 1));
  if (dash == 0) {  // the last n bytes
    if (!to) return {};
    if (*to == 0 || size == 0) return {RangeOutcome::unsatisfiable, {}};
    return {RangeOutcome::part, {size - std::min(*to, size), size - 1}};
  }
  bool open = dash + 1 == text.size();
  if (!from || (!to && !open) || (to && *to < *from)) return {};
  if (*from >= size) return {RangeOutcome::unsatisfiable, {}};
  return {RangeOutcome::part, {*from, open ? size - 1 : std::min(*to, size - 1)}};
}

}  // namespace

std::string formatHttpDate(std::int64_t seconds) {
  using namespace std::chrono;
  sys_seconds moment{std::chrono::seconds(seconds)};
  sys_days day = floor<std::chrono::days>(moment);
  year_month_day date(day);
  hh_mm_ss time(moment - day);
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", days[weekday(day).c_encoding()], unsigned(date.day()),
                     months[unsigned(date.month()) - 1], int(date.year()), time.hours().count(), time.minutes().count(),
                     time.seconds().count());
}

std::optional<std::int64_t> parseHttpDate(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 29) return std::nullopt;
  auto number = [text](std::size_t at, std::size_t size) { return parseInteger(text.substr(at, size)); };
  auto month = std::find(std::begin(months), std::end(months), text.substr(8, 3));
  auto day = number(5, 2), year = number(12, 4), hour = number(17, 2), minute = number(20, 2), second = number(23, 2);
  if (month == std::end(months) || !day || !year || !hour || !minute || !second) return std::nullopt;
  year_month_day date(std::chrono::year(int(*year)), std::chrono::month(unsigned(month - std::begin(months)) + 1),
                      std::chrono::day(unsigned(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60 || *hour < 0 || *minute < 0 || *second < 0)
    return std::nullopt;
  std::int64_t midnight = duration_cast<seconds>(sys_days(date).time_since_epoch()).count();
  std::int64_t value = midnight + *hour * 3600 + *minute * 60 + *second;
  if (*second < 60 && formatHttpDate(value) != text) return std::nullopt;  // separators and weekday, in one check
  return value;
}

bool etagMatches(std::string_view header, std::string_view etag, bool weak) {
  header = trim(header);
  if (header == "*") return true;
  if (etag.empty() || (!weak && etag.starts_with("W/"))) return false;
  while (!header.empty()) {
    std::size_t open = header.find('"');
    std::size_t close = open == std::string_view::npos ? open : header.find('"', open + 1);
    if (close == std::string_view::npos) return false;
    bool isWeak = open >= 2 && header.substr(open - 2, 2) == "W/";
    if ((weak || !isWeak) && header.substr(open, close - open + 1) == opaque(etag)) return true;
    header.remove_prefix(close + 1);
  }
  return false;
}

Condition evaluateConditions(const Request& request, const Validators& known) {
  if (auto match = request.headers.get("If-Match")) {
    if (!etagMatches(*match, known.etag, false)) return Condition::failed;
  } else if (auto since = request.headers.get("If-Unmodified-Since")) {
    auto date = parseHttpDate(*since);
    if (date && known.modified && *known.modified > *date) return Condition::failed;
  }
  bool reads = request.method == "GET" || request.method == "HEAD";
  if (auto noneMatch = request.headers.get("If-None-Match")) {
    if (etagMatches(*noneMatch, known.etag, true)) return reads ? Condition::notModified : Condition::failed;
  } else if (auto since = request.headers.get("If-Modified-Since"); since && reads) {
    auto date = parseHttpDate(*since);
    if (date && known.modified && *known.modified <= *date) return Condition::notModified;
  }
  return Condition::proceed;
}

Response notModified(const Validators& known) {
  Response response{304, {}, {}, {}};
  addValidators(response.headers, known);
  return response;
}

Selection selectBytes(const Request& request, std::uint64_t size, const Validators& known) {
  Selection selection;
  addValidators(selection.headers, known);
  switch (evaluateConditions(request, known)) {
    case Condition::notModified:
      selection.status = 304;
      return selection;
    case Condition::failed:
      selection.status = 412;
      return selection;
    case Condition::proceed:
      break;
  }
  selection.headers.add("Accept-Ranges", "bytes");
  RangeChoice choice = chooseRange(request, size, known);
  if (choice.outcome == RangeOutcome::unsatisfiable) {
    selection.status = 416;
    selection.headers.add("Content-Range", fmt::format("bytes */{}", size));
  } else if (choice.outcome == RangeOutcome::part) {
    selection.status = 206;
    selection.headers.add("Content-Range", fmt::format("bytes {}-{}/{}", choice.range.first, choice.range.last, size));
    selection.from = choice.range.first;
    selection.length = choice.range.last - choice.range.first + 1;
  } else {
    selection.length = size;
  }
  return selection;
}

}  // namespace regesta::http
