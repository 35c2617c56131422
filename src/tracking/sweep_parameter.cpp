#include "tracking/sweep_parameter.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace regesta::tracking {
namespace {

constexpr std::size_t mostLeaves = 200, mostChoices = 100'000;
constexpr int deepest = 8;

std::optional<double> numberOf(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  if (!value || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

bool isWhole(const json::object& from, std::string_view name) {
  const json::value* value = from.if_contains(name);
  return value && (value->is_int64() || value->is_uint64());
}

/// Inverse of the standard normal distribution function (Acklam's rational approximation, relative error 1.15e-9).
double normalQuantile(double p) {
  constexpr double a[] = {-39.69683028665376, 220.9460984245205,  -275.9285104469687,
                          138.3577518672690,  -30.66479806614716, 2.506628277459239};
  constexpr double b[] = {-54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972,
                          -13.28068155288572};
  constexpr double c[] = {-0.007784894002430293, -0.3223964580411365, -2.400758277161838,
                          -2.549732539343734,    4.374664141464968,   2.938163982698783};
  constexpr double d[] = {0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416};
  p = std::clamp(p, 1e-12, 1 - 1e-12);
  auto tail = [&](double q) {
    return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
           ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
  };
  if (p < 0.02425) return tail(std::sqrt(-2 * std::log(p)));
  if (p > 1 - 0.02425) return -tail(std::sqrt(-2 * std::log(1 - p)));
  double q = p - 0.5, r = q * q;
  return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
         (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

void collect(const json::object& parameters, std::vector<std::string> path, Leaves& into) {
  if (path.size() > deepest) throw Invalid("parameters", fmt::format("must nest at most {} levels", deepest));
  for (const auto& [key, value] : parameters) {
    std::vector<std::string> place = path;
    place.emplace_back(key);
    std::string name = join(place, ".");
    if (!value.is_object()) throw Invalid("parameters." + name, "must be an object");
    const json::object& from = value.get_object();
    if (const json::value* nested = from.if_contains("parameters"); nested && nested->is_object()) {
      collect(nested->get_object(), place, into);
      continue;
    }
    into.push_back({std::move(place), SweepParameter::read(name, from)});
    if (into.size() > mostLeaves) throw Invalid("parameters", fmt::format("must be at most {}", mostLeaves));
  }
}

}  // namespace

SweepParameter SweepParameter::read(const std::string& name, const json::object& from) {
  std::string field = "parameters." + name;
  SweepParameter made;
  if (const json::value* value = from.if_contains("value")) {
    made.values_ = {*value};
    return made;
  }
  if (const json::value* values = from.if_contains("values")) {
    if (!values->is_array() || values->get_array().empty() || values->get_array().size() > mostChoices)
      throw Invalid(field + ".values", fmt::format("must be a list of 1 to {} values", mostChoices));
    made.values_ = values->get_array();
    if (const json::value* shares = from.if_contains("probabilities")) {
      if (!shares->is_array() || shares->get_array().size() != made.values_.size())
        throw Invalid(field + ".probabilities", "must be a list as long as values");
      double sum = 0;
      for (const json::value& share : shares->get_array()) {
        if (!share.is_number() || share.to_number<double>() < 0)
          throw Invalid(field + ".probabilities", "must be numbers from 0 on");
        made.probabilities_.push_back(sum += share.to_number<double>());
      }
      if (!(sum > 0) || !std::isfinite(sum)) throw Invalid(field + ".probabilities", "must add up to more than 0");
      for (double& share : made.probabilities_) share /= sum;
    }
    return made;
  }
  std::string kind = memberText(from, "distribution");
  bool gaussian = kind.ends_with("normal") || (kind.empty() && from.contains("mu"));
  auto low = numberOf(from, gaussian ? "mu" : "min"), high = numberOf(from, gaussian ? "sigma" : "max");
  if (gaussian && !low) low = 0;
  if (gaussian && !high) high = 1;
  if (!low || !high || !std::isfinite(*low) || !std::isfinite(*high) || (gaussian ? *high <= 0 : *low > *high))
    throw Invalid(field, gaussian ? "must have a sigma above 0" : "must have value, values, or min and max in order");
  made.low_ = *low;
  made.high_ = *high;
  made.whole_ = kind == "int_uniform" || (kind.empty() && isWhole(from, "min") && isWhole(from, "max"));
  bool quantized = kind.starts_with("q_");
  std::string_view rest = std::string_view(kind).substr(quantized ? 2 : 0);
  if (quantized) made.step_ = numberOf(from, "q").value_or(1);
  if (quantized && !(made.step_ > 0)) throw Invalid(field + ".q", "must be above 0");
  if (rest == "log_uniform_values")
    made.scale_ = Scale::logarithm;
  else if (rest == "log_uniform")
    made.scale_ = Scale::exponent;
  else if (rest == "inv_log_uniform_values")
    made.scale_ = Scale::inverse;
  else if (rest == "normal" || (gaussian && rest.empty()))
    made.scale_ = Scale::normal;
  else if (rest == "log_normal")
    made.scale_ = Scale::logNormal;
  else if (!rest.empty() && rest != "uniform" && rest != "int_uniform")
    throw Invalid(field + ".distribution", fmt::format("must not be '{}': this server does not know it", kind));
  bool positive = made.scale_ == Scale::logarithm || made.scale_ == Scale::inverse;
  if (positive && made.low_ <= 0) throw Invalid(field + ".min", "must be above 0 on a logarithmic scale");
  return made;
}

std::size_t SweepParameter::choices() const {
  if (!values_.empty()) return values_.size();
  if (scale_ != Scale::linear || (!whole_ && step_ == 0)) return 0;
  double count = std::floor((high_ - low_) / (whole_ ? 1 : step_)) + 1;
  return count <= static_cast<double>(mostChoices) ? static_cast<std::size_t>(count) : 0;
}

json::value SweepParameter::choice(std::size_t number) const {
  if (!values_.empty()) return values_.at(number);
  double value = low_ + static_cast<double>(number) * (whole_ ? 1 : step_);
  return whole_ ? json::value(static_cast<std::int64_t>(value)) : json::value(value);
}

double SweepParameter::quantized(double value) const { return step_ > 0 ? std::round(value / step_) * step_ : value; }

json::value SweepParameter::at(double quantile) const {
  quantile = std::clamp(quantile, 0.0, std::nextafter(1.0, 0.0));
  if (!values_.empty()) {
    if (probabilities_.empty())
      return values_[static_cast<std::size_t>(quantile * static_cast<double>(values_.size()))];
    auto found = std::ranges::upper_bound(probabilities_, quantile);
    return values_[std::min<std::size_t>(static_cast<std::size_t>(found - probabilities_.begin()), values_.size() - 1)];
  }
  if (whole_) return static_cast<std::int64_t>(low_ + std::floor(quantile * (high_ - low_ + 1)));
  auto between = [&](double low, double high) { return low + quantile * (high - low); };
  switch (scale_) {
    case Scale::linear:
      return quantized(between(low_, high_));
    case Scale::logarithm:
      return quantized(std::exp(between(std::log(low_), std::log(high_))));
    case Scale::exponent:
      return quantized(std::exp(between(low_, high_)));
    case Scale::inverse:
      return quantized(1 / std::exp(between(std::log(1 / high_), std::log(1 / low_))));
    case Scale::normal:
      return quantized(low_ + high_ * normalQuantile(quantile));
    case Scale::logNormal:
      return quantized(std::exp(low_ + high_ * normalQuantile(quantile)));
  }
  return nullptr;
}

std::optional<double> SweepParameter::quantileOf(const json::value& value) const {
  if (!values_.empty()) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      if (values_[i] != value) continue;
      double from = probabilities_.empty() ? static_cast<double>(i) / static_cast<double>(values_.size())
                    : i == 0               ? 0
                                           : probabilities_[i - 1];
      double to =
          probabilities_.empty() ? static_cast<double>(i + 1) / static_cast<double>(values_.size()) : probabilities_[i];
      return (from + to) / 2;
    }
    return std::nullopt;
  }
  if (!value.is_number()) return std::nullopt;
  double number = value.to_number<double>();
  bool positive = scale_ != Scale::linear && scale_ != Scale::normal;
  if (positive && number <= 0) return std::nullopt;
  if (scale_ == Scale::normal || scale_ == Scale::logNormal) {
    double apart = ((positive ? std::log(number) : number) - low_) / high_;
    return std::clamp(0.5 * std::erfc(-apart / std::sqrt(2.0)), 0.0, 1.0);
  }
  double low = low_, high = high_ + (whole_ ? 1 : 0), place = number + (whole_ ? 0.5 : 0);
  if (scale_ == Scale::logarithm || scale_ == Scale::inverse) low = std::log(low), high = std::log(high);
  if (positive) place = std::log(number);
  double share = high > low ? (place - low) / (high - low) : 0.5;
  return std::clamp(scale_ == Scale::inverse ? 1 - share : share, 0.0, 1.0);
}

std::string Leaf::name() const { return join(path, "."); }

Leaves leavesOf(const json::object& parameters) {
  Leaves leaves;
  collect(parameters, {}, leaves);
  return leaves;
}

json::object settingsOf(const Leaves& leaves, const std::vector<json::value>& values) {
  json::object settings;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    json::object* at = &settings;
    for (std::size_t depth = 0; depth + 1 < leaves[i].path.size(); ++depth) {
      json::value& next = (*at)[leaves[i].path[depth]];
      if (!next.is_object()) next = json::object{};
      at = &next.get_object();
    }
    (*at)[leaves[i].path.back()] = values[i];
  }
  return settings;
}

std::optional<std::vector<double>> pointOf(const Leaves& leaves, const json::object& settings) {
  std::vector<double> point;
  for (const Leaf& leaf : leaves) {
    const json::object* at = &settings;
    const json::value* found = nullptr;
    for (const std::string& key : leaf.path) {
      found = at ? at->if_contains(key) : nullptr;
      at = found && found->is_object() ? &found->get_object() : nullptr;
    }
    auto quantile = found ? leaf.parameter.quantileOf(*found) : std::nullopt;
    if (!quantile) return std::nullopt;
    point.push_back(*quantile);
  }
  return point;
}

}  // namespace regesta::tracking
