#pragma once
#include <cstddef>
#include <cstdint>

/// What MLflow's clients may keep for their evaluations.
namespace regesta::limits {

inline constexpr std::size_t issueText = 64 * 1024;  // bytes of a description, of all root causes, of all categories
inline constexpr std::size_t scorerBody = 1024 * 1024;
inline constexpr std::size_t evaluationTags = 1000;  // of one dataset
inline constexpr std::size_t evaluationTagValue = 5000;
inline constexpr std::size_t evaluationExperiments = 1000;         // that one dataset is linked to
inline constexpr std::size_t evaluationRecord = 1024 * 1024;       // bytes of one record
inline constexpr std::int64_t evaluationRecords = 1'000'000;       // of one dataset
inline constexpr std::int64_t evaluationPage = 1000;               // records in one answer
inline constexpr std::size_t evaluationAnswer = 32 * 1024 * 1024;  // bytes of records in one answer
inline constexpr std::size_t evaluationFields = 1000;              // members that a dataset's schema names

inline constexpr std::size_t labelName = 250;  // characters of a label schema, review queue, reviewer
inline constexpr std::size_t labelInstruction = 1000;
inline constexpr std::size_t labelLength = 64;  // characters of one option
inline constexpr std::size_t labelOptions = 10;
inline constexpr std::size_t reviewQueueUsers = 10;
inline constexpr std::size_t reviewQueueSchemas = 1000;
inline constexpr std::size_t reviewItemsPerCall = 10'000;
inline constexpr std::size_t reviewItemId = 50;  // characters

}  // namespace regesta::limits
