#include "rollout/guard_state.h"

#include <cmath>

#include "base/error.h"
#include "base/json.h"

namespace regesta::rollout {
namespace {

constexpr std::int64_t layout = 1;

/// Calls `fn` with every number of the state, always in the same order.
template <class State, class Fn>
void eachNumber(State& state, Fn fn) {
  auto all = [&](auto&... numbers) { (fn(numbers), ...); };
  auto betting = [&](auto& bets) {
    for (auto& number : bets.logWealth) fn(number);
    all(bets.highest, bets.count);
  };
  auto sequence = [&](auto& mean) {
    all(mean.count, mean.sum, mean.squares, mean.betSum, mean.weighted, mean.risk, mean.low, mean.high);
  };
  all(state.waiting.baseSum, state.waiting.baseCount, state.waiting.candidateSum, state.waiting.candidateCount);
  betting(state.worse);
  betting(state.fine);
  for (auto& number : state.fallen.logStake) fn(number);
  all(state.fallen.highest, state.fallen.count, state.frozen);
  sequence(state.base);
  sequence(state.candidate);
  all(state.ratio.share, state.ratio.candidates, state.ratio.others, state.ratio.log, state.ratio.highest);
  all(state.candidateAt, state.late, state.breachedAt, state.unevenAt);
}

}  // namespace

void GuardState::see(const GuardConfig& guard, bool ofCandidate, double value, double share) {
  (ofCandidate ? candidate : base).see(value, guard.alpha);
  double bound = 1 + guard.margin;
  if (share < 1) {
    if (share <= 0) return;
    auto difference = waiting.see(ofCandidate, value, share);
    if (!difference) return;
    worse.see(*difference - guard.margin, bound);
    fine.see(guard.margin - *difference, bound);
  } else if (ofCandidate && frozen >= 0) {
    fallen.see(frozen - guard.margin - value, bound);
  }
}

double GuardState::logThreshold(const GuardConfig& guard, double share) {
  return share < 1 ? -std::log(guard.alpha) : std::log(guard.falseAlarmEvery);
}

bool GuardState::clearlyFine(const GuardConfig& guard) const { return fine.highest >= -std::log(guard.alpha); }

std::string GuardState::text() const {
  std::string out;
  JsonWriter writer(out);
  writer.array().number(layout);
  eachNumber(*this, [&](const double& number) { writer.real(number); });
  writer.end();
  return out;
}

GuardState GuardState::parse(std::string_view text) {
  json::value value = parseJson(text);
  const json::array& numbers = value.as_array();
  GuardState state;
  std::size_t place = 1;
  eachNumber(state, [&](double& number) {
    if (place < numbers.size()) number = numbers[place].to_number<double>();
    ++place;
  });
  if (place != numbers.size() || numbers[0].to_number<std::int64_t>() != layout)
    throw error(Code::corrupt, "a guard's state has {} numbers and layout {}", numbers.size(), writeJson(numbers[0]));
  return state;
}

}  // namespace regesta::rollout
