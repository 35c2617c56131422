#pragma once
#include <cstddef>

/// The limits of prompt delivery, by name. Separate from base/limits.h, which most files of the program include.
namespace regesta::limits {

// Reports about versions in use
inline constexpr std::size_t reportBatch = 10'000;       // reports in one request
inline constexpr std::size_t reportTextLength = 250;     // metric, unit, idempotency key, source
inline constexpr double reportMagnitude = 1e15;          // of a value; sums of squares stay far from a double's end
inline constexpr long long reportAheadMillis = 300'000;  // that a reporter's clock may be ahead of the server's
inline constexpr long long reportAgeMillis = 366LL * 86'400'000;  // of the oldest report that is taken
inline constexpr long long guardLatenessMillis = 3'600'000;  // older reports are not compared with what comes in now
inline constexpr std::size_t qualityRows = 50'000;  // hours of versions and metrics in one answer about quality

// Webhooks
inline constexpr std::size_t webhooks = 100;  // of one workspace
inline constexpr std::size_t webhookUrl = 2048;
inline constexpr std::size_t webhookSecret = 1000;       // of MLflow's API
inline constexpr std::size_t webhookPatterns = 50;       // of actions, of one webhook
inline constexpr std::size_t webhookDeliveries = 200;    // attempts kept of each webhook
inline constexpr std::size_t webhookAnswer = 64 * 1024;  // bytes a receiver may answer with
inline constexpr std::size_t webhookFilled = 1 << 20;    // bytes of an event that a template may be filled with

// Rollouts
inline constexpr std::size_t rolloutPlan = 256 * 1024;
inline constexpr std::size_t rolloutArms = 16;
inline constexpr std::size_t rolloutSteps = 100;
inline constexpr std::size_t rolloutSegments = 50;
inline constexpr std::size_t rolloutConditions = 20;  // of one segment
inline constexpr std::size_t rolloutValues = 1000;    // of one condition
inline constexpr std::size_t rolloutGuards = 50;
inline constexpr std::size_t rolloutEvidence = 64 * 1024;

inline constexpr std::size_t resolverMemory = 64 * 1024 * 1024;  // prompts ready to be sent
inline constexpr std::size_t agentSnapshot = 64 * 1024 * 1024;   // one file of an agent
inline constexpr std::size_t agentSnapshots = 10'000;

}  // namespace regesta::limits
