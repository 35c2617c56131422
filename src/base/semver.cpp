#include "base/semver.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"

namespace regesta {
namespace {

bool isDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// A decimal number without leading zeros that fits 64 bits.
std::optional<std::uint64_t> number(std::string_view text) {
  if (!isDigits(text) || (text.size() > 1 && text[0] == '0') || text.size() > 20) return std::nullopt;
  std::uint64_t value = 0;
  for (char c : text) {
    auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (std::numeric_limits<std::uint64_t>::max() - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// Dot-separated identifiers; numeric ones of a pre-release carry no leading zeros.
bool validIdentifiers(std::string_view text, bool prerelease) {
  for (std::string_view part : split(text, '.')) {
    bool letters = std::all_of(part.begin(), part.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    });
    if (part.empty() || !letters) return false;
    if (prerelease && isDigits(part) && part.size() > 1 && part[0] == '0') return false;
  }
  return true;
}

std::weak_ordering compareIdentifier(std::string_view a, std::string_view b) {
  bool numericA = isDigits(a), numericB = isDigits(b);
  if (numericA != numericB) return numericA ? std::weak_ordering::less : std::weak_ordering::greater;
  if (numericA && a.size() != b.size()) return a.size() <=> b.size();  // no leading zeros: longer is greater
  return a.compare(b) <=> 0;
}

std::weak_ordering comparePrerelease(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty())
    return static_cast<int>(a.empty()) <=> static_cast<int>(b.empty());  // the release comes last
  auto left = split(a, '.'), right = split(b, '.');
  for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
    if (auto order = compareIdentifier(left[i], right[i]); order != 0) return order;
  return left.size() <=> right.size();
}

/// A version with trailing parts left out or written x, X or *.
struct Partial {
  SemVer version;
  int given = 0;  // how many of major, minor, patch are numbers
};

std::optional<Partial> parsePartial(std::string_view text) {
  if (text.starts_with('v')) text.remove_prefix(1);
  if (auto whole = SemVer::parse(text)) return Partial{*whole, 3};
  auto parts = split(text, '.');
  if (parts.size() > 3) return std::nullopt;
  Partial partial;
  std::uint64_t* places[] = {&partial.version.major, &partial.version.minor, &partial.version.patch};
  bool wild = false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "x" || parts[i] == "X" || parts[i] == "*") {
      wild = true;
      continue;
    }
    auto value = number(parts[i]);
    if (!value || wild) return std::nullopt;
    *places[i] = *value;
    partial.given = static_cast<int>(i) + 1;
  }
  return partial;
}

/// At least `from` and, where there is one, below `to`.
struct Interval {
  SemVer from;
  std::optional<SemVer> to;
};

/// The first version after all that agree with `version` in its first `parts` numbers. Its own pre-releases stand
/// before it and are kept out by the "-0" that nothing sorts below.
std::optional<SemVer> above(const SemVer& version, int parts) {
  if (parts == 0) return std::nullopt;
  SemVer next;
  next.major = version.major + (parts == 1 ? 1 : 0);
  if (parts >= 2) next.minor = version.minor + (parts == 2 ? 1 : 0);
  if (parts >= 3) next.patch = version.patch + 1;
  next.prerelease = "0";
  return next;
}

int caretParts(const Partial& partial) {
  if (partial.version.major > 0 || partial.given <= 1) return std::min(partial.given, 1);
  return partial.version.minor > 0 || partial.given == 2 ? 2 : 3;
}

bool inside(const SemVer& version, const Interval& interval) {
  return version >= interval.from && (!interval.to || version < *interval.to);
}

/// One comparator without its blanks: "^1.2", ">=1.2.3", "1.x". Empty optional when it is none.
struct Comparator {
  std::string_view sign;
  Partial partial;

  static std::optional<Comparator> parse(std::string_view text) {
    for (std::string_view sign : {">=", "<=", "^", "~", ">", "<", "="}) {
      if (!text.starts_with(sign)) continue;
      auto partial = parsePartial(trim(text.substr(sign.size())));
      return partial ? std::optional(Comparator{sign, *partial}) : std::nullopt;
    }
    auto partial = parsePartial(text);
    return partial ? std::optional(Comparator{"=", *partial}) : std::nullopt;
  }

  bool holds(const SemVer& version) const {
    auto end = above(partial.version, partial.given);
    bool whole = partial.given == 3;
    if (sign == ">=") return version >= partial.version;
    if (sign == "<") return version < lowest();
    if (sign == ">") return whole ? version > partial.version : end && version >= *end;
    if (sign == "<=") return whole ? version <= partial.version : !end || version < *end;
    if (sign == "^") return inside(version, {partial.version, above(partial.version, caretParts(partial))});
    if (sign == "~") return inside(version, {partial.version, above(partial.version, std::min(partial.given, 2))});
    return whole ? version == partial.version : inside(version, {partial.version, end});
  }

  /// "<2" keeps out 2.0.0-rc.1 as npm does; "<2.0.0-rc.2" does not.
  SemVer lowest() const {
    SemVer lowest = partial.version;
    if (partial.given < 3) lowest.prerelease = "0";
    return lowest;
  }
};

/// Splits "a b" at blanks, but keeps a sign with its version: ">= 1.2".
std::optional<std::vector<Comparator>> parseComparators(std::string_view text) {
  std::vector<Comparator> comparators;
  std::string pending;
  for (std::string_view word : split(text, ' ')) {
    word = trim(word);
    if (word.empty()) continue;
    pending += word;
    if (pending.find_first_not_of("<>=^~") == std::string::npos) continue;
    auto comparator = Comparator::parse(pending);
    if (!comparator) return std::nullopt;
    comparators.push_back(*comparator);
    pending.clear();
  }
  if (!pending.empty()) return std::nullopt;
  return comparators;
}

/// npm: a pre-release is taken only when the range itself names a pre-release of the same numbers.
bool prereleaseAllowed(const SemVer& version, const std::vector<Comparator>& comparators) {
  if (version.prerelease.empty()) return true;
  return std::any_of(comparators.begin(), comparators.end(), [&](const Comparator& c) {
    const SemVer& named = c.partial.version;
    return !named.prerelease.empty() && named.major == version.major && named.minor == version.minor &&
           named.patch == version.patch;
  });
}

}  // namespace

std::optional<SemVer> SemVer::parse(std::string_view text) {
  SemVer version;
  if (std::size_t plus = text.find('+'); plus != std::string_view::npos) {
    version.build = text.substr(plus + 1);
    if (!validIdentifiers(version.build, false)) return std::nullopt;
    text = text.substr(0, plus);
  }
  if (std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    version.prerelease = text.substr(dash + 1);
    if (!validIdentifiers(version.prerelease, true)) return std::nullopt;
    text = text.substr(0, dash);
  }
  auto parts = split(text, '.');
  if (parts.size() != 3) return std::nullopt;
  auto first = number(parts[0]), second = number(parts[1]), third = number(parts[2]);
  if (!first || !second || !third) return std::nullopt;
  version.major = *first;
  version.minor = *second;
  version.patch = *third;
  return version;
}

std::string SemVer::str() const {
  return fmt::format("{}.{}.{}{}{}{}{}", major, minor, patch, prerelease.empty() ? "" : "-", prerelease,
                     build.empty() ? "" : "+", build);
}

std::weak_ordering SemVer::operator<=>(const SemVer& other) const {
  if (auto order = std::tie(major, minor, patch) <=> std::tie(other.major, other.minor, other.patch); order != 0)
    return order;
  return comparePrerelease(prerelease, other.prerelease);
}

std::optional<bool> inRange(const SemVer& version, std::string_view range) {
  bool found = false;
  for (std::size_t from = 0;;) {
    std::size_t bar = range.find("||", from);
    auto comparators = parseComparators(range.substr(from, bar == std::string_view::npos ? bar : bar - from));
    if (!comparators) return std::nullopt;
    bool all =
        std::all_of(comparators->begin(), comparators->end(), [&](const Comparator& c) { return c.holds(version); });
    found = found || (all && prereleaseAllowed(version, *comparators));
    if (bar == std::string_view::npos) return found;
    from = bar + 2;
  }
}

}  // namespace regesta
