#include "tracking/sweep_search.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/error.h"
#include "tracking/sweep_parameter.h"
#include "tracking/sweep_stop.h"

namespace regesta::tracking {
namespace {

constexpr std::size_t randomTrials = 5, candidates = 64;
constexpr double bestShare = 0.25;
constexpr std::int64_t longestGrid = 1'000'000;

std::int64_t gridSize(const Leaves& leaves) {
  std::int64_t size = 1;
  for (const Leaf& leaf : leaves) {
    size *= static_cast<std::int64_t>(leaf.parameter.choices());
    if (size > longestGrid) throw Invalid("parameters", fmt::format("must make a grid of at most {}", longestGrid));
  }
  return size;
}

/// The settings with this number in a grid; the last parameter changes first.
json::object gridTrial(const Leaves& leaves, std::int64_t number) {
  std::vector<json::value> values(leaves.size());
  for (std::size_t i = leaves.size(); i-- > 0;) {
    auto count = static_cast<std::int64_t>(leaves[i].parameter.choices());
    values[i] = leaves[i].parameter.choice(static_cast<std::size_t>(number % count));
    number /= count;
  }
  return settingsOf(leaves, values);
}

std::vector<double> randomPoint(const Leaves& leaves, std::mt19937_64& random) {
  std::vector<double> point;
  std::uniform_real_distribution<double> unit(0, 1);
  for (std::size_t i = 0; i < leaves.size(); ++i) point.push_back(unit(random));
  return point;
}

json::object settingsAt(const Leaves& leaves, const std::vector<double>& point) {
  std::vector<json::value> values;
  for (std::size_t i = 0; i < leaves.size(); ++i) values.push_back(leaves[i].parameter.at(point[i]));
  return settingsOf(leaves, values);
}

using Points = std::vector<std::vector<double>>;

/// log of a mixture of normal kernels around the points, with a uniform one, in one dimension.
double density(const Points& points, std::size_t dimension, double at) {
  double width = std::max(0.05, 1.0 / std::sqrt(static_cast<double>(points.size() + 1))), sum = 1;
  for (const auto& point : points) {
    double apart = (at - point[dimension]) / width;
    sum += std::exp(-apart * apart / 2) / (width * 2.5066282746310002);
  }
  return std::log(sum / static_cast<double>(points.size() + 1));
}

/// The candidate that is likeliest under the good trials compared with the others.
std::vector<double> promising(const Points& good, const Points& others, std::size_t dimensions,
                              std::mt19937_64& random) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::normal_distribution<double> step(0, 0.15);
  std::vector<double> best;
  double most = -INFINITY;
  for (std::size_t i = 0; i < candidates; ++i) {
    const auto& around = good[random() % good.size()];
    std::vector<double> point;
    double score = 0;
    for (std::size_t d = 0; d < dimensions; ++d) {
      double at = unit(random) < 0.2 ? unit(random) : std::clamp(around[d] + step(random), 0.0, 1.0);
      point.push_back(at);
      score += density(good, d, at) - density(others, d, at);
    }
    if (score > most) std::tie(most, best) = std::pair(score, std::move(point));
  }
  return best;
}

json::object bayesTrial(const Leaves& leaves, const std::vector<Tried>& before, bool maximize,
                        std::mt19937_64& random) {
  std::vector<std::pair<double, std::vector<double>>> scored;
  for (const auto& [settings, score] : before) {
    if (!score || !std::isfinite(*score)) continue;
    if (auto point = pointOf(leaves, settings)) scored.emplace_back(maximize ? -*score : *score, *std::move(point));
  }
  if (scored.size() < randomTrials) return settingsAt(leaves, randomPoint(leaves, random));
  std::ranges::sort(scored);
  auto count = std::max<std::size_t>(2, static_cast<std::size_t>(bestShare * static_cast<double>(scored.size())));
  Points good, others;
  for (auto& [score, point] : scored) (good.size() < count ? good : others).push_back(std::move(point));
  return settingsAt(leaves, promising(good, others, leaves.size(), random));
}

}  // namespace

SweepPlan readSweepPlan(const json::object& config) {
  SweepPlan plan;
  std::string method = memberText(config, "method");
  if (method != "random" && method != "grid" && method != "bayes")
    throw Invalid("method", "must be random, grid or bayes");
  plan.method = method == "grid"    ? SweepPlan::Method::grid
                : method == "bayes" ? SweepPlan::Method::bayes
                                    : SweepPlan::Method::random;
  if (const json::value* metric = config.if_contains("metric"); metric && metric->is_object()) {
    plan.metric = memberText(metric->get_object(), "name");
    plan.maximize = memberText(metric->get_object(), "goal") == "maximize";
  }
  if (plan.method == SweepPlan::Method::bayes && plan.metric.empty())
    throw Invalid("metric.name", "is required by the method bayes");
  if (readEarlyStop(config) && plan.metric.empty()) throw Invalid("metric.name", "is required by early_terminate");
  plan.runCap = std::max<std::int64_t>(0, memberInteger(config, "run_cap"));
  const json::value* parameters = config.if_contains("parameters");
  if (!parameters || !parameters->is_object() || parameters->get_object().empty())
    throw Invalid("parameters", "must be an object of at least one parameter");
  plan.parameters = parameters->get_object();
  Leaves leaves = leavesOf(plan.parameters);
  if (plan.method == SweepPlan::Method::grid) {
    for (const Leaf& leaf : leaves)
      if (leaf.parameter.choices() == 0)
        throw Invalid("parameters." + leaf.name(), "must have values, or whole numbers or steps, in a grid");
    gridSize(leaves);
  }
  return plan;
}

std::optional<std::int64_t> trialsExpected(const SweepPlan& plan) {
  std::optional<std::int64_t> expected;
  if (plan.method == SweepPlan::Method::grid) expected = gridSize(leavesOf(plan.parameters));
  if (plan.runCap > 0) expected = std::min(expected.value_or(plan.runCap), plan.runCap);
  return expected;
}

std::optional<json::object> nextTrial(const SweepPlan& plan, const std::vector<Tried>& before, std::uint64_t seed) {
  auto number = static_cast<std::int64_t>(before.size());
  if (auto expected = trialsExpected(plan); expected && number >= *expected) return std::nullopt;
  Leaves leaves = leavesOf(plan.parameters);
  if (plan.method == SweepPlan::Method::grid) return gridTrial(leaves, number);
  std::seed_seq words{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32),
                      static_cast<std::uint32_t>(number)};
  std::mt19937_64 random(words);
  if (plan.method == SweepPlan::Method::bayes) return bayesTrial(leaves, before, plan.maximize, random);
  return settingsAt(leaves, randomPoint(leaves, random));
}

}  // namespace regesta::tracking
