#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace regesta::tracking {

/// One hyperparameter of a sweep: a list of values, or a distribution over numbers, as W&B's sweep configuration names
/// them. A place in [0, 1] stands for its value at that quantile.
class SweepParameter {
 public:
  /// Throws Invalid{"parameters.<name>…"}.
  static SweepParameter read(const std::string& name, const json::object& from);
  /// How many values a grid has; 0: too many to list.
  std::size_t choices() const;
  json::value choice(std::size_t number) const;
  json::value at(double quantile) const;
  /// The quantile of a value; nothing: it is none of the parameter's.
  std::optional<double> quantileOf(const json::value& value) const;

 private:
  enum class Scale { linear, logarithm, exponent, inverse, normal, logNormal };
  double quantized(double value) const;

  json::array values_;                 ///< empty: a distribution
  std::vector<double> probabilities_;  ///< of values_, cumulated
  Scale scale_ = Scale::linear;
  bool whole_ = false;
  double low_ = 0, high_ = 1;  ///< of a normal distribution: mean and standard deviation
  double step_ = 0;            ///< 0: none
};

struct Leaf {
  std::vector<std::string> path;
  SweepParameter parameter;
  std::string name() const;  ///< "optimizer.lr"
};
using Leaves = std::vector<Leaf>;

/// The parameters, nested ones too, in the order of the configuration.
Leaves leavesOf(const json::object& parameters);
/// {"lr": 0.1, "optimizer": {"kind": "adam"}}
json::object settingsOf(const Leaves& leaves, const std::vector<json::value>& values);
/// The quantiles of settings; nothing: they lack a parameter, or have a value that is none of it.
std::optional<std::vector<double>> pointOf(const Leaves& leaves, const json::object& settings);

}  // namespace regesta::tracking
