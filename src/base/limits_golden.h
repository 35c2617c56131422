#pragma once
#include <cstddef>
#include <cstdint>

/// Golden datasets.
namespace regesta::limits {

inline constexpr std::size_t goldenRows = 10'000;            // of one dataset
inline constexpr std::size_t goldenBytes = 4 * 1024 * 1024;  // of one dataset
inline constexpr std::size_t goldenDifferences = 500;        // rows that one piece of evidence names
inline constexpr std::int64_t goldenRepeats = 10;            // runs of one version
inline constexpr std::size_t goldenRules = 100;              // of one workspace

}  // namespace regesta::limits
