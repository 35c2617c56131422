#include "rollout/betting.h"

#include <algorithm>
#include <cmath>

namespace regesta::rollout {
namespace {

double logMean(const std::array<double, 8>& logs) {
  double top = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (double value : logs) sum += std::exp(value - top);
  return top + std::log(sum / static_cast<double>(logs.size()));
}

double growth(std::size_t bet, double excess, double bound) {
  return std::log1p(Betting::fractions[bet] * std::clamp(excess / bound, -1.0, 1.0));
}

}  // namespace

void Betting::see(double excess, double bound) {
  for (std::size_t bet = 0; bet < logWealth.size(); ++bet) logWealth[bet] += growth(bet, excess, bound);
  ++count;
  highest = std::max(highest, logE());
}

double Betting::logE() const { return logMean(logWealth); }

double Betting::p() const { return std::min(1.0, std::exp(-highest)); }

void ChangeDetector::see(double excess, double bound) {
  for (std::size_t bet = 0; bet < logStake.size(); ++bet)
    logStake[bet] = std::max(logStake[bet], 0.0) + growth(bet, excess, bound);
  ++count;
  highest = std::max(highest, logE());
}

double ChangeDetector::logE() const { return logMean(logStake); }

}  // namespace regesta::rollout
