#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"

namespace regesta::evaluation {

/// Agreement of two columns of 0 and 1: counts, and the rates computed from them.
struct Confusion {
  std::int64_t truePositive = 0, falsePositive = 0, trueNegative = 0, falseNegative = 0;
  void add(bool actual, bool predicted);
  std::int64_t n() const { return truePositive + falsePositive + trueNegative + falseNegative; }
  std::int64_t selected() const { return truePositive + falsePositive; }
  std::int64_t positives() const { return truePositive + falseNegative; }
  std::int64_t negatives() const { return trueNegative + falsePositive; }
};

/// Wilson score interval of a share, 95 %.
struct Interval {
  double low = 0, high = 0;
};
Interval wilson(std::int64_t successes, std::int64_t n);

/// accuracy, precision, recall, f1, selection_rate and n, as scikit-learn defines them (0 where precision or recall
/// would divide by zero).
json::object classificationMetrics(const Confusion& all);
/// Area under the ROC curve by ranks, ties counted half (scikit-learn's roc_auc_score); null with only one class.
json::value areaUnderCurve(const std::vector<double>& scores, const std::vector<bool>& actual);

/// Fairness by one column, as fairlearn 0.15 defines it (fairlearn.metrics: demographic_parity_ratio = min/max
/// selection rate, demographic_parity_difference = max - min, equalized_odds_difference = the larger of the differences
/// of true and of false positive rates, equal_opportunity_difference = that of true positive rates, all between
/// groups). Difference: where fairlearn takes 0/0 as 0 (a group without positives has no true positive rate), the
/// value is null, so that a gate cannot pass because of it.
json::object fairnessBy(const std::map<std::string, Confusion>& groups);

}  // namespace regesta::evaluation
