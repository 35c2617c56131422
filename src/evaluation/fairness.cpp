#include "evaluation/fairness.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace regesta::evaluation {

namespace {

std::optional<double> share(std::int64_t part, std::int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

json::value orNull(std::optional<double> value) { return value ? json::value(*value) : json::value(nullptr); }

/// Smallest and largest of a rate over the groups; none when a group has no such rate.
struct Range {
  std::optional<double> low, high;
  bool known = true;
  void add(std::optional<double> rate) {
    if (!rate) {
      known = false;
      return;
    }
    low = low ? std::min(*low, *rate) : *rate;
    high = high ? std::max(*high, *rate) : *rate;
  }
  std::optional<double> difference() const { return known && low ? std::optional(*high - *low) : std::nullopt; }
  std::optional<double> ratio() const { return known && low && *high > 0 ? std::optional(*low / *high) : std::nullopt; }
};

json::object groupNumbers(const Confusion& group) {
  Interval interval = wilson(group.selected(), group.n());
  return {{"n", group.n()},
          {"positives", group.positives()},
          {"selected", group.selected()},
          {"selection_rate", orNull(share(group.selected(), group.n()))},
          {"accuracy", orNull(share(group.truePositive + group.trueNegative, group.n()))},
          {"tpr", orNull(share(group.truePositive, group.positives()))},
          {"fpr", orNull(share(group.falsePositive, group.negatives()))},
          {"ci", json::array{interval.low, interval.high}}};
}

}  // namespace

void Confusion::add(bool actual, bool predicted) {
  if (actual)
    ++(predicted ? truePositive : falseNegative);
  else
    ++(predicted ? falsePositive : trueNegative);
}

Interval wilson(std::int64_t successes, std::int64_t n) {
  if (n == 0) return {0, 1};
  constexpr double z = 1.959963984540054;  // the 97.5 % quantile of the normal distribution
  double count = static_cast<double>(n), p = static_cast<double>(successes) / count;
  double scale = 1 + z * z / count, centre = p + z * z / (2 * count);
  double half = z * std::sqrt(p * (1 - p) / count + z * z / (4 * count * count));
  return {std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
}

json::object classificationMetrics(const Confusion& all) {
  double precision = share(all.truePositive, all.selected()).value_or(0);
  double recall = share(all.truePositive, all.positives()).value_or(0);
  double f1 = precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
  return {{"accuracy", orNull(share(all.truePositive + all.trueNegative, all.n()))},
          {"precision", precision},
          {"recall", recall},
          {"f1", f1},
          {"selection_rate", orNull(share(all.selected(), all.n()))},
          {"n", all.n()}};
}

json::value areaUnderCurve(const std::vector<double>& scores, const std::vector<bool>& actual) {
  std::vector<std::size_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::sort(order, {}, [&](std::size_t i) { return scores[i]; });
  double rankSum = 0, positives = 0;
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i;
    while (end < order.size() && scores[order[end]] == scores[order[i]]) ++end;
    double rank = (static_cast<double>(i + end) + 1) / 2;  // the mean rank of equal scores
    for (; i < end; ++i)
      if (actual[order[i]]) {
        rankSum += rank;
        ++positives;
      }
  }
  double negatives = static_cast<double>(scores.size()) - positives;
  if (positives == 0 || negatives == 0) return nullptr;
  return (rankSum - positives * (positives + 1) / 2) / (positives * negatives);
}

json::object fairnessBy(const std::map<std::string, Confusion>& groups) {
  Range selection, truePositive, falsePositive;
  json::object numbers;
  std::int64_t smallest = INT64_MAX;
  for (const auto& [value, group] : groups) {
    selection.add(share(group.selected(), group.n()));
    truePositive.add(share(group.truePositive, group.positives()));
    falsePositive.add(share(group.falsePositive, group.negatives()));
    smallest = std::min(smallest, group.n());
    numbers[value] = groupNumbers(group);
  }
  std::optional<double> odds;
  if (truePositive.difference() && falsePositive.difference())
    odds = std::max(*truePositive.difference(), *falsePositive.difference());
  return {{"demographic_parity_ratio", orNull(selection.ratio())},
          {"demographic_parity_difference", orNull(selection.difference())},
          {"equalized_odds_difference", orNull(odds)},
          {"equal_opportunity_difference", orNull(truePositive.difference())},
          {"smallest_group", groups.empty() ? 0 : smallest},
          {"groups", std::move(numbers)}};
}

}  // namespace regesta::evaluation
