#pragma once
#include <cstdint>

namespace regesta::delivery {

struct Interval {
  double low = 0, high = 0;
};

/// Where the mean of observations in [0, 1] lies, valid at every sample size at once: the predictable plug-in
/// empirical-Bernstein confidence sequence, theorem 2 of Waudby-Smith and Ramdas (arXiv 2010.09686), intersected over
/// time as their remark allows. Honest bars for people; deciding by whether two of them overlap is slow.
struct MeanSequence {
  double count = 0, sum = 0;
  double squares = 0;                         ///< Σ (x − μ̂)², each with the mean that includes its own x
  double betSum = 0, weighted = 0, risk = 0;  ///< Σλ, Σλx, Σ (x − μ̂ before)²·ψ(λ)
  double low = 0, high = 1;                   ///< the narrowest seen

  void see(double x, double alpha);
  double mean() const { return count > 0 ? sum / count : 0; }
  Interval interval() const { return {low, high}; }
};

/// For means of anything with a variance, from its count, mean and sample deviation: the asymptotic confidence sequence
/// of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Ann. Stat. 52(6), 2024, arXiv 2103.06476, narrowest around 1000
/// observations. Honest once some dozens are there.
Interval asymptoticInterval(double count, double mean, double deviation, double alpha);

}  // namespace regesta::delivery
