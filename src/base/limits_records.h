#pragma once
#include <cstddef>
#include <cstdint>

/// Decision records.
namespace regesta::limits {

inline constexpr std::size_t recordBatch = 10'000;                 // records of one request
inline constexpr std::size_t recordBatchBytes = 32 * 1024 * 1024;  // of one request
inline constexpr std::size_t recordBytes = 1024 * 1024;            // of one record
inline constexpr std::size_t recordTextLength = 250;              // bytes of subject, caller, trace and idempotency key
inline constexpr std::size_t recordBundles = 100;                 // that one decision log of OPA may name
inline constexpr std::int64_t recordAheadMillis = 5 * 60 * 1000;  // that a record's time may be in the future
inline constexpr std::size_t recordExpiryBatches = 20;            // that one request expires

}  // namespace regesta::limits
