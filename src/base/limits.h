#pragma once
#include <cstddef>
#include <cstdint>

/// Every limit of the program, by name. Bytes unless the name says otherwise.
namespace regesta::limits {

inline constexpr std::size_t jsonDepth = 64;               // levels of nesting
inline constexpr std::size_t wholeBody = 8 * 1024 * 1024;  // a request body that is read before its handler runs
inline constexpr std::size_t requestHead = 64 * 1024;      // request line and headers
inline constexpr std::size_t ledgerEntry = 65'535;         // C2SP tlog-tiles: the length is a uint16
inline constexpr std::size_t policyText = 256 * 1024;
inline constexpr std::size_t templateText = 64 * 1024;
inline constexpr std::size_t policyBracketDepth = 8;  // the engine's parser doubles its time with each level
inline constexpr std::size_t pageSize = 1000;         // rows in one native API page
inline constexpr std::size_t nameLength = 250;
inline constexpr std::size_t descriptionLength = 5000;
inline constexpr std::size_t tagValueLength = 100'000;

}  // namespace regesta::limits
