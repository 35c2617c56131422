#include "quality/summary.h"

#include <algorithm>
#include <cmath>

#include "base/json.h"

namespace regesta::quality {
namespace {

const double growth = 1.01 / 0.99;  // neighbouring buckets: each value within 1 % of its bucket's middle
const double logGrowth = std::log(growth);
constexpr double smallest = 1e-9, largest = 1e12;  // nearer to 0 counts as 0, farther away as this

/// 0 for zero, ±1… for magnitudes from `smallest` up.
int bucketOf(double value) {
  double size = std::min(std::abs(value), largest);
  if (size < smallest) return 0;
  int place = 1 + static_cast<int>(std::ceil(std::log(size / smallest) / logGrowth));
  return value < 0 ? -place : place;
}

double middleOf(int bucket) {
  if (bucket == 0) return 0;
  double size = smallest * std::exp((std::abs(bucket) - 1) * logGrowth) * 2 / (1 + growth);
  return bucket < 0 ? -size : size;
}

}  // namespace

void Summary::see(double value, std::int64_t at) {
  Summary one;
  one.count_ = 1;
  one.mean_ = one.least_ = one.most_ = value;
  one.last_ = at;
  one.buckets_[bucketOf(value)] = 1;
  merge(one);
}

/// Chan, Golub and LeVeque's update: exact also where the mean is large against the deviation.
void Summary::merge(const Summary& other) {
  if (other.count_ == 0) return;
  double mine = static_cast<double>(count_), theirs = static_cast<double>(other.count_), all = mine + theirs;
  double apart = other.mean_ - mean_;
  least_ = count_ == 0 ? other.least_ : std::min(least_, other.least_);
  most_ = count_ == 0 ? other.most_ : std::max(most_, other.most_);
  mean_ += apart * theirs / all;
  squares_ += other.squares_ + apart * apart * mine * theirs / all;
  count_ += other.count_;
  last_ = std::max(last_, other.last_);
  for (const auto& [bucket, count] : other.buckets_) buckets_[bucket] += count;
}

double Summary::deviation() const { return count_ < 2 ? 0 : std::sqrt(squares_ / static_cast<double>(count_ - 1)); }

double Summary::quantile(double part) const {
  // Nearest rank: the smallest value that at least this part of all is not above.
  auto rank = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(part * static_cast<double>(count_))));
  std::int64_t passed = 0;
  for (const auto& [bucket, count] : buckets_) {
    passed += count;
    if (passed >= rank) return std::clamp(middleOf(bucket), least_, most_);
  }
  return most_;
}

std::string Summary::text() const {
  std::string out;
  JsonWriter writer(out);
  writer.object().key("buckets").array();
  for (const auto& [bucket, count] : buckets_) writer.array().number(bucket).number(count).end();
  writer.end().key("count").number(count_).key("last").number(last_).key("least").real(least_);
  writer.key("mean").real(mean_).key("most").real(most_).key("squares").real(squares_).end();
  return out;
}

Summary Summary::parse(std::string_view text) {
  json::value value = parseJson(text);
  Summary summary;
  for (const json::value& pair : value.at("buckets").as_array())
    summary.buckets_[pair.at(0).to_number<int>()] = pair.at(1).to_number<std::int64_t>();
  summary.count_ = value.at("count").to_number<std::int64_t>();
  summary.last_ = value.at("last").to_number<std::int64_t>();
  summary.least_ = value.at("least").to_number<double>();
  summary.mean_ = value.at("mean").to_number<double>();
  summary.most_ = value.at("most").to_number<double>();
  summary.squares_ = value.at("squares").to_number<double>();
  return summary;
}

}  // namespace regesta::quality
