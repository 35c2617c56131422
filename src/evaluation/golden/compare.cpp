#include "evaluation/golden/compare.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "evaluation/check/text_checks.h"

namespace regesta::evaluation::golden {
namespace {

constexpr std::size_t shownBytes = 200;

std::string shown(const json::value* value) { return value ? shorten(writeJson(*value), shownBytes) : std::string(); }

std::string normalised(std::string_view text) {
  std::string out;
  for (char c : lower(trim(text))) {
    bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank)
      out += c;
    else if (!out.ends_with(' '))
      out += ' ';
  }
  return out;
}

/// What a text holds as JSON, if it does.
json::value readText(const json::value& value) {
  if (!value.is_string()) return value;
  std::string_view text = trim(value.get_string());
  if (!text.starts_with('{') && !text.starts_with('[')) return value;
  json::value read = check::firstJson(text);
  return read.is_null() ? value : read;
}

class Comparing {
 public:
  explicit Comparing(const Comparison& how) : how_(how) {}
  Verdict verdict;

  void values(const json::value& expected, const json::value& actual, const std::string& path) {
    if (isDifferent()) return;
    if (expected.is_object() && actual.is_object())
      objects(expected.get_object(), actual.get_object(), path);
    else if (expected.is_array() && actual.is_array())
      lists(expected.get_array(), actual.get_array(), path);
    else
      scalars(expected, actual, path);
  }

 private:
  bool isDifferent() const { return verdict.agreement == Agreement::different; }

  void note(Agreement agreement, const json::value* expected, const json::value* actual, const std::string& path) {
    if (agreement == Agreement::within && verdict.agreement == Agreement::within) return;
    verdict = {agreement, Difference{path, shown(expected), shown(actual)}};
  }

  void objects(const json::object& expected, const json::object& actual, const std::string& path) {
    for (const auto& [name, value] : expected) {
      const json::value* found = actual.if_contains(name);
      std::string place = fmt::format("{}.{}", path, std::string_view(name));
      if (!found) return note(Agreement::different, &value, nullptr, place);
      values(value, *found, place);
      if (isDifferent()) return;
    }
    for (const auto& [name, value] : actual)
      if (!expected.contains(name))
        return note(Agreement::different, nullptr, &value, fmt::format("{}.{}", path, std::string_view(name)));
  }

  void lists(const json::array& expected, const json::array& actual, const std::string& path) {
    std::size_t common = std::min(expected.size(), actual.size());
    for (std::size_t i = 0; i < common && !isDifferent(); ++i)
      values(expected[i], actual[i], fmt::format("{}[{}]", path, i));
    if (isDifferent() || expected.size() == actual.size()) return;
    note(Agreement::different, common < expected.size() ? &expected[common] : nullptr,
         common < actual.size() ? &actual[common] : nullptr, fmt::format("{}[{}]", path, common));
  }

  void scalars(const json::value& expected, const json::value& actual, const std::string& path) {
    if (isSame(expected, actual)) return;
    note(agrees(expected, actual) ? Agreement::within : Agreement::different, &expected, &actual, path);
  }

  static bool isSame(const json::value& a, const json::value& b) {
    if (a.is_number() && b.is_number()) return canonicalJson(a) == canonicalJson(b);
    return a == b;
  }

  bool agrees(const json::value& expected, const json::value& actual) const {
    if (how_.method == Method::numeric && expected.is_number() && actual.is_number()) {
      double e = expected.to_number<double>(), a = actual.to_number<double>();
      return std::abs(a - e) <= how_.tolerance * std::max(1.0, std::abs(e));
    }
    if (how_.method == Method::text && expected.is_string() && actual.is_string())
      return normalised(expected.get_string()) == normalised(actual.get_string());
    if (how_.method == Method::json)
      return (expected.is_number() && actual.is_number()) || expected.kind() == actual.kind();
    return false;
  }

  const Comparison& how_;
};

}  // namespace

std::optional<Method> parseMethod(std::string_view name) {
  const auto* found = std::ranges::find(methodNames, name);
  if (found == std::end(methodNames)) return std::nullopt;
  return static_cast<Method>(found - std::begin(methodNames));
}

std::string_view methodName(Method method) { return methodNames[static_cast<std::size_t>(method)]; }

std::string_view agreementName(Agreement agreement) {
  constexpr std::string_view names[] = {"identical", "within tolerance", "different"};
  return names[static_cast<std::size_t>(agreement)];
}

Verdict compare(const json::value& expected, const json::value& actual, const Comparison& how) {
  Comparing comparing(how);
  if (how.method == Method::json)
    comparing.values(readText(expected), readText(actual), "$");
  else
    comparing.values(expected, actual, "$");
  return std::move(comparing.verdict);
}

}  // namespace regesta::evaluation::golden
