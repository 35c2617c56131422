#include "rollout/interval.h"

#include <algorithm>
#include <cmath>

namespace regesta::rollout {
namespace {

constexpr double largestBet = 0.5;
constexpr double narrowestAt = 1000;
constexpr double honestFrom = 30;  // observations
constexpr int halvings = 60;

/// The log of the mixture's likelihood over that of mean p; above log(1/alpha), p is out.
double logAgainst(double p, double successes, double failures) {
  auto logBeta = [](double a, double b) { return std::lgamma(a) + std::lgamma(b) - std::lgamma(a + b); };
  double likelihood = (successes > 0 ? successes * std::log(p) : 0) + (failures > 0 ? failures * std::log1p(-p) : 0);
  return logBeta(0.5 + successes, 0.5 + failures) - logBeta(0.5, 0.5) - likelihood;
}

}  // namespace

void MeanSequence::see(double x, double alpha) {
  // Starts with one imaginary observation of ½ with variance ¼, as in the paper.
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

Interval proportionInterval(double count, double mean, double alpha) {
  if (count <= 0) return {0, 1};
  double successes = std::clamp(mean, 0.0, 1.0) * count, failures = count - successes;
  double enough = -std::log(alpha);
  // The evidence grows from the mean to either end, so bisection finds the bound.
  auto edge = [&](double inside, double outside) {
    if (logAgainst(outside, successes, failures) < enough) return outside;
    for (int i = 0; i < halvings; ++i) {
      double middle = (inside + outside) / 2;
      (logAgainst(middle, successes, failures) < enough ? inside : outside) = middle;
    }
    return inside;
  };
  double at = successes / count;
  return {edge(at, 0), edge(at, 1)};
}

Interval meanInterval(const Observed& observed, double alpha) {
  bool bounded = observed.least >= 0 && observed.most <= 1;
  // x(1 - x) is never negative within [0, 1], and 0 for 0 and 1 alone: then the deviation is as large as it can be.
  double largest = observed.mean * (1 - observed.mean) * observed.count;
  double squares = observed.deviation * observed.deviation * (observed.count - 1);
  bool proportion = bounded && largest - squares <= 1e-9 * observed.count;
  if (bounded && (proportion || observed.count < honestFrom || observed.deviation == 0))
    return proportionInterval(observed.count, observed.mean, alpha);
  Interval interval = asymptoticInterval(observed.count, observed.mean, observed.deviation, alpha);
  if (observed.least >= 0) interval.low = std::max(interval.low, 0.0);
  if (bounded) interval.high = std::min(interval.high, 1.0);
  return interval;
}

}  // namespace regesta::rollout
