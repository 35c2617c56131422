#pragma once
#include "filter/filter_identifier.h"

// Internal to the filter room: additions for trace searches.
namespace regesta::filter {

/// "span", "feedback", "metadata", … Throws QueryError for an unknown one.
Field traceFieldOf(std::string_view entity);
/// Throws QueryError if the field does not support the comparator.
void checkTraceComparator(const Identifier& left, Comparator comparator);
/// feedback.x > 0.5: the operand is a number.
bool comparesScore(const Identifier& left, Comparator comparator);

std::string_view comparatorName(Comparator comparator);
/// Throws for a comparator that is not among the `allowed` ones of the field.
[[noreturn]] void refuseComparator(const Identifier& left, Comparator comparator, std::string_view noun,
                                   const std::vector<Comparator>& allowed);

}  // namespace regesta::filter
