#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace regesta::quality {

/// Summary of a metric's observations: moments, extremes, and quantiles within one percent of their value, from buckets
/// that grow by two percent each (DDSketch: Masson, Rim and Lee, VLDB 2019). Two summaries merge into that of all their
/// observations. At most about 5000 buckets.
class Summary {
 public:
  void see(double value, std::int64_t at);
  void merge(const Summary& other);

  std::int64_t count() const { return count_; }
  double mean() const { return mean_; }
  double deviation() const;                ///< sample standard deviation; 0 below two observations
  double least() const { return least_; }  ///< 0 for an empty summary, like all of these
  double most() const { return most_; }
  std::int64_t lastAt() const { return last_; }  ///< milliseconds; of the newest observation
  double quantile(double part) const;            ///< 0.5: the median

  /// {"buckets":[[bucket,count],…],"count","last","least","mean","most","squares"}
  std::string text() const;
  static Summary parse(std::string_view text);

 private:
  std::int64_t count_ = 0, last_ = 0;
  double mean_ = 0, squares_ = 0, least_ = 0, most_ = 0;  ///< squares: Σ (x − mean)²
  std::map<int, std::int64_t> buckets_;
};

}  // namespace regesta::quality
