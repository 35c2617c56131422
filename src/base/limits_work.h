#pragma once
#include <cstddef>
#include <cstdint>

/// Limits on the work that one request may cause; see base/work.h.
namespace regesta::limits {

inline constexpr std::int64_t inlineBudgetMillis = 20;  // of a read on an I/O thread; then it starts over elsewhere
inline constexpr std::size_t inlineBody = 64 * 1024;    // bytes of a body that may be parsed on an I/O thread
inline constexpr std::int64_t scanMillis = 30'000;      // of a search, a listing, an export of rows
inline constexpr std::int64_t trialMillis = 30'000;     // of a policy trial, a rendering, a comparison
inline constexpr int streamReadMillis = 60'000;         // of one piece of work of a stream that only reads
inline constexpr std::size_t scanThreads = 8;           // searches that run at once
inline constexpr std::size_t trialThreads = 8;          // trials that run at once
inline constexpr std::size_t scansPerCaller = 4;        // of them, for one identity
inline constexpr std::size_t trialsPerCaller = 4;
inline constexpr std::size_t scansWaiting = 256;  // of one identity; more are refused with 429
inline constexpr std::size_t trialsWaiting = 64;
inline constexpr std::size_t requestsWaiting =
    2000;                                           // of one identity, for a thread: changes and gates; quota.requests
inline constexpr std::size_t threadsForOthers = 8;  // of the waiting threads, that one identity leaves free
inline constexpr std::size_t patternLength = 1000;  // bytes of a regular expression
inline constexpr std::size_t patternProgram = 512 * 1024;  // bytes of a compiled one, and of the automaton it grows
inline constexpr std::size_t patternText = 64 * 1024;      // bytes of a stored text that RLIKE looks at
inline constexpr std::size_t nearestWord = 64;             // bytes; longer words get no "did you mean"
inline constexpr std::size_t nearestCandidates = 1000;
inline constexpr std::size_t movesTogether = 20;        // pointers that one change set moves
inline constexpr std::size_t partialExpansions = 2000;  // of one prompt, at every level, the same ones again too
inline constexpr std::size_t diffSteps = 20'000'000;    // of one comparison of two prompts; then it becomes coarser

}  // namespace regesta::limits
