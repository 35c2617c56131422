#include "base/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <variant>

#include "base/error.h"
#include "base/sync.h"

namespace regesta {
namespace {

using Instrument = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>>;

struct Family {
  std::string help;
  std::map<std::string, Instrument, std::less<>> byLabels;
};
using Families = std::map<std::string, Family, std::less<>>;

/// Never destroyed: threads that outlive main's statics may still count.
Sync<Families>& families() {
  static auto* all = new Sync<Families>;
  return *all;
}

template <class T>
T& find(std::string_view name, std::string_view help, std::string_view labels) {
  auto all = families().lock();
  auto family = all->find(name);
  if (family == all->end()) family = all->emplace(std::string(name), Family{std::string(help), {}}).first;
  auto& instruments = family->second.byLabels;
  auto found = instruments.find(labels);
  if (found == instruments.end()) {
    // One family has one type: a second type under the same name would make the whole page unreadable for Prometheus.
    REGESTA_INVARIANT(instruments.empty() || std::holds_alternative<std::unique_ptr<T>>(instruments.begin()->second));
    found = instruments.emplace(std::string(labels), std::make_unique<T>()).first;
  }
  REGESTA_INVARIANT(std::holds_alternative<std::unique_ptr<T>>(found->second));
  return *std::get<std::unique_ptr<T>>(found->second);
}

using Out = std::back_insert_iterator<std::string>;

void renderSample(Out out, std::string_view name, std::string_view labels, auto value) {
  if (labels.empty())
    fmt::format_to(out, "{} {}\n", name, value);
  else
    fmt::format_to(out, "{}{{{}}} {}\n", name, labels, value);
}

void render(Out out, std::string_view name, std::string_view labels, const Histogram& histogram) {
  std::string_view comma = labels.empty() ? "" : ",";
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < Histogram::buckets; ++i) {
    total += histogram.bucket(i);
    fmt::format_to(out, "{}_bucket{{{}{}le=\"{}\"}} {}\n", name, labels, comma, Histogram::bounds[i], total);
  }
  total += histogram.bucket(Histogram::buckets);
  fmt::format_to(out, "{}_bucket{{{}{}le=\"+Inf\"}} {}\n", name, labels, comma, total);
  renderSample(out, fmt::format("{}_sum", name), labels, histogram.sum());
  renderSample(out, fmt::format("{}_count", name), labels, total);
}

std::string_view typeOf(const Instrument& instrument) {
  constexpr std::string_view names[] = {"counter", "gauge", "histogram"};
  return names[instrument.index()];
}

std::string escapeHelp(std::string_view help) {
  std::string out;
  for (char c : help) {
    if (c == '\\')
      out += "\\\\";
    else if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace

void Histogram::observe(double seconds) {
  auto bucket =
      static_cast<std::size_t>(std::lower_bound(std::begin(bounds), std::end(bounds), seconds) - std::begin(bounds));
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sumNanos_.fetch_add(static_cast<std::uint64_t>(std::max(0.0, seconds) * 1e9), std::memory_order_relaxed);
}

Counter& counter(std::string_view name, std::string_view help, std::string_view labels) {
  return find<Counter>(name, help, labels);
}
Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels) {
  return find<Gauge>(name, help, labels);
}
Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels) {
  return find<Histogram>(name, help, labels);
}

std::string renderMetrics() {
  std::string text;
  Out out(text);
  auto all = families().lock();
  for (const auto& [name, family] : *all) {
    fmt::format_to(out, "# HELP {} {}\n# TYPE {} {}\n", name, escapeHelp(family.help), name,
                   typeOf(family.byLabels.begin()->second));
    for (const auto& [labels, instrument] : family.byLabels) {
      if (auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&instrument))
        render(out, name, labels, **histogram);
      else if (auto* counter = std::get_if<std::unique_ptr<Counter>>(&instrument))
        renderSample(out, name, labels, (*counter)->value());
      else
        renderSample(out, name, labels, std::get<std::unique_ptr<Gauge>>(instrument)->value());
    }
  }
  return text;
}

}  // namespace regesta
