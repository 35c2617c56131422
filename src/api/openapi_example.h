#pragma once
#include <string_view>

#include "api/shape.h"

namespace regesta::api {

/// Examples for the OpenAPI document are derived, so that none goes stale: a field's name picks a realistic value of
/// its type (openapi_example.cpp), its rule keeps it within limits.

/// Whether there is a value worth showing: JSON of any kind has one only when its name is known.
bool hasExample(const Shape& shape, std::string_view name, const Rule& rule);
/// Appends the example of a field, a list's item or a whole type as JSON.
void writeExample(JsonWriter& writer, const Shape& shape, std::string_view name, const Rule& rule);

}  // namespace regesta::api
