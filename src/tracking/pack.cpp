#include "tracking/pack.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <tuple>

#include "base/error.h"
#include "base/json.h"

namespace regesta::tracking {
namespace {

/// Reads the fixed spelling. Whatever else it meets was not written here.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!take(c)) corrupt();
  }
  /// A string with its quotes, as written.
  std::string_view quoted() {
    const char* start = at_;
    expect('"');
    for (;;) {
      at_ = std::find_if(at_, end_, [](char c) { return c == '"' || c == '\\'; });
      if (at_ == end_) corrupt();
      if (*at_ == '"') return {start, static_cast<std::size_t>(++at_ - start)};
      at_ += std::min<std::ptrdiff_t>(2, end_ - at_);
    }
  }
  double real() {
    if (at_ != end_ && *at_ == '"') {
      if (quoted() == "\"NaN\"") return std::numeric_limits<double>::quiet_NaN();
      corrupt();
    }
    double value = 0;
    return number(value);
  }
  std::int64_t integer() {
    std::int64_t value = 0;
    return number(value);
  }
  /// Steps over [value,timestamp,step].
  void skipTriple() {
    at_ = std::find(at_, end_, ']');
    expect(']');
  }
  void finish() {
    if (at_ != end_) corrupt();
  }
  [[noreturn]] static void corrupt() { throw Error(Code::corrupt, "a run's packed summary is not what was written"); }

 private:
  template <class Number>
  Number number(Number& value) {
    auto [behind, fault] = std::from_chars(at_, end_, value);
    if (fault != std::errc{}) corrupt();
    at_ = behind;
    return value;
  }
  const char* at_;
  const char* end_;
};

std::string unquote(std::string_view quoted) {
  std::string_view inside = quoted.substr(1, quoted.size() - 2);
  if (inside.find('\\') == std::string_view::npos) return std::string(inside);
  return std::string(parseJson(quoted).get_string());
}

void appendTriple(std::string& out, const Metric& metric) {
  appendJsonDouble(out, metric.value);
  fmt::format_to(std::back_inserter(out), ",{},{}]", metric.timestamp, metric.step);
}

Metric readTriple(Scanner& scanner) {
  Metric metric;
  metric.value = scanner.real();
  scanner.expect(',');
  metric.timestamp = scanner.integer();
  scanner.expect(',');
  metric.step = scanner.integer();
  scanner.expect(']');
  return metric;
}

/// Calls `member(key as written, scanner)` for each member; it reads the value and says whether to go on.
template <class Member>
void eachMember(std::string_view packed, Member member) {
  Scanner scanner(packed);
  scanner.expect('{');
  if (scanner.take('}')) return scanner.finish();
  do {
    std::string_view key = scanner.quoted();
    scanner.expect(':');
    if (!member(key, scanner)) return;
  } while (scanner.take(','));
  scanner.expect('}');
  scanner.finish();
}

bool newer(const Metric& a, const Metric& b) {
  auto rank = [](const Metric& m) { return std::tuple(m.step, m.timestamp, std::isnan(m.value) ? 0.0 : m.value); };
  return rank(a) > rank(b);
}

}  // namespace

std::string packTexts(const Texts& texts) {
  std::string out = "{";
  for (const auto& [key, value] : texts) {
    if (out.size() > 1) out += ',';
    appendJsonString(out, key);
    out += ':';
    appendJsonString(out, value);
  }
  return out += '}';
}

Texts unpackTexts(std::string_view packed) {
  Texts texts;
  eachMember(packed, [&](std::string_view key, Scanner& scanner) {
    texts.emplace_hint(texts.end(), unquote(key), unquote(scanner.quoted()));
    return true;
  });
  return texts;
}

std::string packMetrics(const std::vector<Metric>& metrics) {
  std::string out = "{";
  for (const Metric& metric : metrics) {
    if (out.size() > 1) out += ',';
    appendJsonString(out, metric.key);
    out += ":[";
    appendTriple(out, metric);
  }
  return out += '}';
}

std::vector<Metric> unpackMetrics(std::string_view packed) {
  std::vector<Metric> metrics;
  eachMember(packed, [&](std::string_view key, Scanner& scanner) {
    scanner.expect('[');
    metrics.push_back(readTriple(scanner));
    metrics.back().key = unquote(key);
    return true;
  });
  return metrics;
}

PackedKey::PackedKey(std::string_view key) { appendJsonString(quoted_, key); }

std::optional<std::string> PackedKey::textIn(std::string_view packed) const {
  std::optional<std::string> found;
  eachMember(packed, [&](std::string_view key, Scanner& scanner) {
    std::string_view value = scanner.quoted();
    if (key == quoted_) found = unquote(value);
    return !found;
  });
  return found;
}

std::optional<double> PackedKey::metricIn(std::string_view packed) const {
  std::optional<double> found;
  eachMember(packed, [&](std::string_view key, Scanner& scanner) {
    scanner.expect('[');
    if (key == quoted_)
      found = scanner.real();
    else
      scanner.skipTriple();
    return !found;
  });
  return found;
}

bool PackedKey::isIn(std::string_view packed) const { return textIn(packed).has_value(); }

std::string packBatch(const std::vector<Metric>& points) {
  std::string out = "[";
  for (const Metric& point : points) {
    if (out.size() > 1) out += ',';
    out += '[';
    appendJsonString(out, point.key);
    out += ',';
    appendTriple(out, point);
  }
  return out += ']';
}

void unpackBatch(std::string_view packed, std::string_view key, std::vector<Metric>& into) {
  std::string wanted;
  if (!key.empty()) appendJsonString(wanted, key);
  Scanner scanner(packed);
  scanner.expect('[');
  if (scanner.take(']')) return scanner.finish();
  do {
    scanner.expect('[');
    std::string_view name = scanner.quoted();
    scanner.expect(',');
    if (!wanted.empty() && name != wanted) {
      scanner.skipTriple();
      continue;
    }
    into.push_back(readTriple(scanner));
    into.back().key = unquote(name);
  } while (scanner.take(','));
  scanner.expect(']');
  scanner.finish();
}

void mergeLatest(std::vector<Metric>& latest, const std::vector<Metric>& fresh) {
  for (const Metric& metric : fresh) {
    auto place = std::lower_bound(latest.begin(), latest.end(), metric.key,
                                  [](const Metric& m, const std::string& key) { return m.key < key; });
    if (place == latest.end() || place->key != metric.key)
      latest.insert(place, metric);
    else if (newer(metric, *place))
      *place = metric;
  }
}

}  // namespace regesta::tracking
