#pragma once
#include <cstddef>
#include <cstdint>

/// The limits of what reads or links many runs at once, by name. Separate from base/limits.h, which most
/// files of the program include.
namespace regesta::limits {

inline constexpr std::size_t runColumns = 200;       // metrics, params and tags that one listing of runs names
inline constexpr std::size_t runOrders = 20;         // keys that one listing of runs is sorted by
inline constexpr std::size_t runsForKeys = 5000;     // the newest, in which a listing of keys looks
inline constexpr std::size_t runsForUsual = 500;     // the newest, which say what the usual columns are
inline constexpr std::size_t usualColumns = 4;       // metrics, and params, that a table shows unless others are named
inline constexpr std::size_t runKeys = 2000;         // metrics, and params, and tags, in one listing of keys
inline constexpr std::size_t curveMetrics = 50;      // metrics in one answer with curves
inline constexpr std::size_t curveTop = 8;           // metrics of an answer with curves for which none is named
inline constexpr std::size_t curvePoints = 100'000;  // points in one answer with curves
inline constexpr std::int64_t awaitedTraces = 10'000;  // traces that a run may be linked to before they arrive

}  // namespace regesta::limits
