#pragma once
#include "registry/filter_identifier.h"

// Inside the registry room only: what searches for traces add to MLflow's language.
namespace regesta::registry {

/// "span", "feedback", "metadata", … Throws Error{invalid} for an unknown one.
Field traceFieldOf(std::string_view entity);
/// Throws Error{invalid} when the left side cannot be compared like that.
void checkTraceComparator(const Identifier& left, Comparator comparator);
/// feedback.x > 0.5: the operand is a number.
bool comparesScore(const Identifier& left, Comparator comparator);

std::string_view comparatorName(Comparator comparator);

}  // namespace regesta::registry
