#pragma once
#include <string>
#include <string_view>

namespace regesta::delivery::check {

/// What an assertion type wants as its `value`.
enum class Wants { nothing, text, list, schema, anything, set };

/// One assertion type, for reading suites and for the page about them.
struct AssertionKind {
  std::string_view name;
  Wants wants = Wants::text;
  double threshold = 0;  ///< where none is given
  bool needsThreshold = false;
};

/// Null for an unknown type.
const AssertionKind* findKind(std::string_view name);
/// Why a type that promptfoo knows is not run here; empty when it is unknown there, too (with the nearest known type).
std::string whyNot(std::string_view name);

}  // namespace regesta::delivery::check
