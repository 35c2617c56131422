#pragma once
#include <cstdint>

namespace regesta::rollout {

struct Interval {
  double low = 0, high = 0;
};

/// Confidence sequence for the mean of observations in [0, 1], valid at every sample size at once: the predictable
/// plug-in empirical-Bernstein confidence sequence, theorem 2 of Waudby-Smith and Ramdas (arXiv 2010.09686),
/// intersected over time as their remark allows. For display; comparing two of them for overlap detects differences
/// late.
struct MeanSequence {
  double count = 0, sum = 0;
  double squares = 0;                         ///< Σ (x − μ̂)², each with the mean that includes its own x
  double betSum = 0, weighted = 0, risk = 0;  ///< Σλ, Σλx, Σ (x − μ̂ before)²·ψ(λ)
  double low = 0, high = 1;                   ///< the narrowest so far

  void see(double x, double alpha);
  double mean() const { return count > 0 ? sum / count : 0; }
  Interval interval() const { return {low, high}; }
};

/// For means of anything with a variance, from its count, mean and sample deviation: the asymptotic confidence sequence
/// of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Ann. Stat. 52(6), 2024, arXiv 2103.06476, narrowest around 1000
/// observations. Valid from some dozens of observations.
Interval asymptoticInterval(double count, double mean, double deviation, double alpha);

/// For means of observations in [0, 1], proportions among them, from their count and mean: the confidence sequence of
/// the beta-binomial mixture with Jeffreys' prior (Robbins 1970). It stays within [0, 1] and holds at every sample size
/// at once, the smallest included. It does not use the deviation, so it is wide where that is small.
Interval proportionInterval(double count, double mean, double alpha);

/// Summary of a metric's observations.
struct Observed {
  double count = 0, mean = 0, deviation = 0;
  double least = 0, most = 0;
};
/// Of the mean of any metric, never outside the range that its observations show: a metric whose values all lie between
/// 0 and 1 is assumed to have that range (the guards' default), one without negative values to start at 0. Uses
/// proportionInterval() for the former while the asymptotic sequence is not valid yet, or if the values are
/// proportions.
Interval meanInterval(const Observed& observed, double alpha);

}  // namespace regesta::rollout
