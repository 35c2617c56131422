#pragma once
#include <string>
#include <string_view>

#include "record/record.h"

// Internal to the record room: how a record is stored.
namespace regesta::record::rows {

inline constexpr std::string_view recordColumns =
    "r.batch, r.position, r.asset, r.number, r.prompt, r.prompt_number, r.at, r.subject, r.commitment, r.body, "
    "COALESCE(s.key, ''), COALESCE(s.erased_at, 0)";
/// Reads `recordColumns`.
Record record(db::Rows& rows);

inline constexpr std::string_view batchColumns =
    "b.id, b.workspace, b.digest, b.records, b.first_at, b.last_at, b.created_at, b.created_by, b.expired_at";
/// Reads `batchColumns`.
Batch batch(db::Rows& rows);

/// A body as it is stored, and its commitment.
struct Sealed {
  std::string stored, commitment;
};
/// `key`: of the subject; empty: nobody.
Sealed sealBody(std::string_view body, std::string_view key);

/// What a subject is found by: its keyed digest.
std::string subjectTag(const registry::Store& store, std::string_view workspace, std::string_view subject);

}  // namespace regesta::record::rows
