#include "delivery/interval.h"

#include <algorithm>
#include <cmath>

namespace regesta::delivery {
namespace {

constexpr double largestBet = 0.5;
constexpr double narrowestAt = 1000;

}  // namespace

void MeanSequence::see(double x, double alpha) {
  // One imagined observation of ½ with variance ¼ stands at the beginning, as in the paper.
  double meanBefore = (0.5 + sum) / (count + 1);
  double varianceBefore = (0.25 + squares) / (count + 1);
  double evidence = std::log(2 / alpha);
  double t = count + 1;
  double bet = std::min(largestBet, std::sqrt(2 * evidence / (varianceBefore * t * std::log1p(t))));
  betSum += bet;
  weighted += bet * x;
  risk += (x - meanBefore) * (x - meanBefore) * (-std::log1p(-bet) - bet);

  count = t;
  sum += x;
  double meanNow = (0.5 + sum) / (count + 1);
  squares += (x - meanNow) * (x - meanNow);

  double centre = weighted / betSum, half = (evidence + risk) / betSum;
  low = std::max(low, centre - half);
  high = std::min(high, centre + half);
  // Crossed bounds mean that the true mean has moved; the intersection is empty then, and the newest bounds say more.
  if (low > high) {
    low = std::clamp(centre - half, 0.0, 1.0);
    high = std::clamp(centre + half, 0.0, 1.0);
  }
}

Interval asymptoticInterval(double count, double mean, double deviation, double alpha) {
  double logTerm = -2 * std::log(alpha);
  double rho2 = (logTerm + std::log1p(logTerm)) / narrowestAt;
  double grown = count * rho2 + 1;
  double half = deviation * std::sqrt(2 * grown / (count * count * rho2) * std::log(std::sqrt(grown) / alpha));
  return {mean - half, mean + half};
}

}  // namespace regesta::delivery
