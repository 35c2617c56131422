#include "rollout/pairing.h"

#include <algorithm>
#include <cmath>

namespace regesta::rollout {

std::optional<double> Pairing::see(bool candidate, double x, double share) {
  (candidate ? candidateSum : baseSum) += x;
  ++(candidate ? candidateCount : baseCount);
  double baseNeeded = std::max(1.0, std::ceil((1 - share) / share / 2));
  double candidatesNeeded = std::max(1.0, std::ceil(share / (1 - share) / 2));
  if (baseCount < baseNeeded || candidateCount < candidatesNeeded) return std::nullopt;
  double difference = baseSum / baseCount - candidateSum / candidateCount;
  *this = {};
  return difference;
}

}  // namespace regesta::rollout
