#include "rollout/ratio_test.h"

#include <algorithm>
#include <cmath>

namespace regesta::rollout {

void RatioTest::see(bool candidate, double askedShare) {
  if (askedShare <= 0 || askedShare >= 1) return;  // nothing is split
  if (share != askedShare) {
    share = askedShare;
    candidates = others = 0;
  }
  double asked = candidate ? share : 1 - share;
  double& seen = candidate ? candidates : others;
  double predicted = (concentration * asked + seen) / (concentration + candidates + others);
  log += std::log(predicted / asked);
  highest = std::max(highest, log);
  ++seen;
}

double RatioTest::p() const { return std::min(1.0, std::exp(-highest)); }

}  // namespace regesta::rollout
