#pragma once
#include <optional>

namespace regesta::rollout {

/// Pairs observations of two arms by arrival time, never by value, so that a drift common to both cancels out. Waiting
/// observations are averaged. A pair is made when either arm has half of what its share yields per observation of the
/// other arm: at 10 %, four or five stable ones per candidate. That is few enough to be from the same minutes, and
/// enough to average out the noise of single observations.
struct Pairing {
  double baseSum = 0, baseCount = 0, candidateSum = 0, candidateCount = 0;

  /// The mean of the waiting base observations minus that of the candidate's, if this one completes a pair. `share` is
  /// the candidate's share of both arms' traffic, between 0 and 1.
  std::optional<double> see(bool candidate, double x, double share);
};

}  // namespace regesta::rollout
