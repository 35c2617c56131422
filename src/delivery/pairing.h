#pragma once
#include <optional>

namespace regesta::delivery {

/// Pairs observations of two arms by the time they arrive, never by their value, so that whatever drifts for both of
/// them cancels out. An observation waits for the other arm; what waits is averaged. A pair is made when either arm has
/// half of what its share would bring for one of the other arm: at 10 % four or five stable ones stand against one
/// candidate. Few enough to be from the same minutes, many enough that the pair does not inherit one observation's
/// noise.
struct Pairing {
  double baseSum = 0, baseCount = 0, candidateSum = 0, candidateCount = 0;

  /// The mean of the waiting base observations minus that of the candidate's, when this one completes a pair.
  /// `share` is the candidate's part of both arms' traffic, between 0 and 1.
  std::optional<double> see(bool candidate, double x, double share);
};

}  // namespace regesta::delivery
