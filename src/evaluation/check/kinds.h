#pragma once
#include <string>
#include <string_view>

namespace regesta::evaluation::check {

/// The kind of `value` that an assertion type needs.
enum class ValueKind { nothing, text, list, schema, anything, set };

/// An assertion type, for reading suites and for their documentation.
struct AssertionKind {
  std::string_view name;
  ValueKind wants = ValueKind::text;
  double threshold = 0;  ///< default
  bool needsThreshold = false;
};

/// Null for an unknown type.
const AssertionKind* findKind(std::string_view name);
/// Why a type of promptfoo is not supported, or that it is unknown, with the nearest known type.
std::string whyNot(std::string_view name);

}  // namespace regesta::evaluation::check
