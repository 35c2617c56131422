#pragma once
#include <string>
#include <string_view>

#include "rollout/betting.h"
#include "rollout/guard_config.h"
#include "rollout/interval.h"
#include "rollout/pairing.h"
#include "rollout/ratio_test.h"

namespace regesta::rollout {

/// A guard's statistics of one arm against the stable version, of constant size. Values are mapped to [0, 1], 1 the
/// best.
struct GuardState {
  Pairing waiting;
  Betting worse;          ///< against "worse by no more than the margin"
  Betting fine;           ///< against "worse by more than the margin"
  ChangeDetector fallen;  ///< while every caller gets the candidate: against the stable version's frozen mean
  double frozen = -1;     ///< that mean's lower end; below 0: not frozen
  MeanSequence base, candidate;
  RatioTest ratio;         ///< of units, when first seen
  double candidateAt = 0;  ///< milliseconds; time of the candidate's newest report
  double late = 0;         ///< reports that were too old to be paired
  double breachedAt = 0;   ///< milliseconds; 0: not breached
  double unevenAt = 0;     ///< milliseconds; when the traffic split was found to differ from the plan; 0: it does not

  /// The candidate's share in the traffic of both arms; 1: every caller gets the candidate.
  void see(const GuardConfig& guard, bool ofCandidate, double value, double share);

  /// The evidence in use: of pairs or, once every caller gets the candidate, of the change detector.
  double logE(double share) const { return share < 1 ? worse.highest : fallen.highest; }
  /// Evidence required for a breach.
  static double logThreshold(const GuardConfig& guard, double share);
  bool breached(const GuardConfig& guard, double share) const { return logE(share) >= logThreshold(guard, share); }
  bool clearlyFine(const GuardConfig& guard) const;
  bool uneven() const { return ratio.p() <= ratioAlpha; }

  static constexpr double ratioAlpha = 0.001;  ///< chance that a correct split is reported as uneven

  /// All numbers in order, as a JSON list whose first is the layout's version.
  std::string text() const;
  static GuardState parse(std::string_view text);
};

}  // namespace regesta::rollout
