#pragma once
#include <array>

namespace regesta::rollout {

/// Evidence against "the mean is at most 0", gathered by betting eight fixed fractions at once on each observation.
/// While the claim holds, the wealth E is a non-negative supermartingale that starts at 1, so the chance that it ever
/// reaches 1/alpha is at most alpha, however often it is checked (Ville's inequality). Waudby-Smith and Ramdas,
/// "Estimating means of bounded random variables by betting", JRSS-B 86(1), 2024, arXiv 2010.09686; a mixture of fixed
/// bets as in section 4.3 there. Logarithms throughout: wealth leaves the range of a double after some thousand
/// observations.
struct Betting {
  static constexpr std::array<double, 8> fractions{.01, .02, .04, .08, .16, .32, .64, .90};
  std::array<double, 8> logWealth{};
  double highest = 0;  ///< the highest log E so far, 0 at the start
  double count = 0;    ///< observations

  /// `excess` is the observation minus the claimed maximum, within [-bound, bound].
  void see(double excess, double bound);
  double logE() const;
  /// Anytime-valid: 1 over the highest E so far, at most 1.
  double p() const;
};

/// Watches for a change of the mean to above 0 at an unknown moment: each bet restarts whenever it has lost its
/// stake. Alarm when the mean of the eight reaches A: the expected number of observations to a false alarm is then at
/// least A. Shin, Ramdas and Rinaldo, "E-detectors", New England J. of Statistics in Data Science 2(2), 2023, arXiv
/// 2203.03532.
struct ChangeDetector {
  std::array<double, 8> logStake{};  ///< log max(S, …) as the recursion S ← max(S, 1)·(1 + λ·excess) leaves it
  double highest = 0;
  double count = 0;

  void see(double excess, double bound);
  double logE() const;
};

}  // namespace regesta::rollout
