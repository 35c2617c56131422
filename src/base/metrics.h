#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regesta {

/// Prometheus metrics of the process. Instruments live for ever; updating one is a relaxed atomic add.
class Counter {
 public:
  void add(std::uint64_t amount = 1) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t amount) { value_.fetch_add(amount, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Seconds in fixed buckets from 50 µs to 10 s.
class Histogram {
 public:
  static constexpr double bounds[] = {0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025,
                                      0.05,    0.1,    0.25,   0.5,    1,     2.5,   5,     10};
  static constexpr std::size_t buckets = std::size(bounds);
  void observe(double seconds);
  std::uint64_t bucket(std::size_t i) const { return counts_[i].load(std::memory_order_relaxed); }
  double sum() const { return static_cast<double>(sumNanos_.load(std::memory_order_relaxed)) / 1e9; }

 private:
  std::atomic<std::uint64_t> counts_[buckets + 1]{};
  std::atomic<std::uint64_t> sumNanos_{0};
};

/// Finds or makes an instrument. `labels` as they appear between braces: `method="GET",status="200"`. Look one up once
/// and keep the reference where it is hot. Thread-safe.
Counter& counter(std::string_view name, std::string_view help, std::string_view labels = {});
Gauge& gauge(std::string_view name, std::string_view help, std::string_view labels = {});
Histogram& histogram(std::string_view name, std::string_view help, std::string_view labels = {});

/// The Prometheus text exposition format 0.0.4 of everything.
std::string renderMetrics();

}  // namespace regesta
