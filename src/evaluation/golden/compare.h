#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace regesta::evaluation::golden {

/// How an output is compared with what was expected.
enum class Method {
  exact,    ///< the same JSON value; 1 and 1.0 are the same number
  numeric,  ///< numbers within a tolerance, everything else exactly
  text,     ///< texts without differences of case and white space, everything else exactly
  json      ///< the same structure: member names, lengths and types, not values. Texts that hold JSON are read first
};
inline constexpr std::string_view methodNames[] = {"exact", "numeric", "text", "json"};
std::optional<Method> parseMethod(std::string_view name);
std::string_view methodName(Method method);

struct Comparison {
  Method method = Method::exact;
  /// Of numbers: |actual - expected| <= tolerance * max(1, |expected|).
  double tolerance = 0;
};

/// The first place where two values differ.
struct Difference {
  std::string path;              ///< "$", "$.scores[2]"
  std::string expected, actual;  ///< as JSON, shortened; empty: absent
};

enum class Agreement {
  identical,  ///< the same value
  within,     ///< agrees by the comparison
  different
};
std::string_view agreementName(Agreement agreement);

struct Verdict {
  Agreement agreement = Agreement::identical;
  std::optional<Difference> difference;  ///< different: what decided; within: the first place that is not the same
};
Verdict compare(const json::value& expected, const json::value& actual, const Comparison& how);

}  // namespace regesta::evaluation::golden
