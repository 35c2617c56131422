#include "tracking/sweep_stop.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "base/error.h"

namespace regesta::tracking {
namespace {

constexpr std::size_t mostBands = 100;
constexpr double longest = 1e9;  // values that a run logs

/// A number of at least `least`; absent: `otherwise`.
double numberOf(const json::object& stop, std::string_view name, double least, double otherwise) {
  const json::value* found = stop.if_contains(name);
  if (!found || found->is_null()) return otherwise;
  double value = found->is_number() ? found->to_number<double>() : std::numeric_limits<double>::quiet_NaN();
  if (!(value >= least && value <= longest))
    throw Invalid(fmt::format("early_terminate.{}", name), fmt::format("must be a number from {}", least));
  return value;
}

}  // namespace

std::optional<EarlyStop> readEarlyStop(const json::object& config) {
  const json::value* found = config.if_contains("early_terminate");
  if (!found || found->is_null()) return std::nullopt;
  if (!found->is_object() || memberText(found->get_object(), "type") != "hyperband")
    throw Invalid("early_terminate.type", "must be hyperband");
  const json::object& told = found->get_object();
  EarlyStop stop;
  stop.eta = numberOf(told, "eta", 1.001, 3);
  if (told.contains("max_iter")) {
    double band = numberOf(told, "max_iter", 1, 1);
    auto count = static_cast<std::size_t>(std::min(numberOf(told, "s", 1, 0), static_cast<double>(mostBands)));
    if (count == 0) throw Invalid("early_terminate.s", "is required with max_iter: the number of comparisons");
    for (band /= stop.eta; band >= 1 && stop.bands.size() < count; band /= stop.eta)
      stop.bands.insert(stop.bands.begin(), static_cast<std::int64_t>(band));
  } else if (told.contains("min_iter")) {
    for (double band = numberOf(told, "min_iter", 1, 1); band <= longest && stop.bands.size() < mostBands;
         band *= stop.eta)
      stop.bands.push_back(static_cast<std::int64_t>(band));
  }
  if (stop.bands.empty())
    throw Invalid("early_terminate", "needs min_iter, or max_iter of at least eta and s: runs are compared nowhere");
  return stop;
}

bool isBehind(const EarlyStop& stop, bool maximize, const Curve& run, const std::vector<Curve>& all) {
  auto passed = [](const Curve& curve, std::int64_t band) { return static_cast<std::int64_t>(curve.size()) > band; };
  auto band =
      std::ranges::find_if(stop.bands.rbegin(), stop.bands.rend(), [&](std::int64_t one) { return passed(run, one); });
  if (band == stop.bands.rend()) return false;
  auto cost = [&](const Curve& curve) {
    double value = curve[static_cast<std::size_t>(*band)];
    return maximize ? -value : value;
  };
  std::vector<double> costs;
  for (const Curve& curve : all)
    if (passed(curve, *band)) costs.push_back(cost(curve));
  if (costs.empty()) return false;
  auto kept = static_cast<std::size_t>(static_cast<double>(costs.size()) / stop.eta);
  std::ranges::nth_element(costs, costs.begin() + static_cast<std::ptrdiff_t>(std::min(kept, costs.size() - 1)));
  return cost(run) > costs[std::min(kept, costs.size() - 1)];
}

}  // namespace regesta::tracking
