#pragma once
#include "blob/pack_index.h"

/// How rows of the index are read and written.
namespace regesta::blob {

/// The bytes of blob_object.extents: per extent the pack's row (u64), first chunk (u32), chunks (u32) and length (u64),
/// little-endian. `own`: what pack 0 stands for.
std::string writeExtents(const std::vector<IndexedExtent>& extents, std::int64_t own);
std::vector<IndexedExtent> readExtents(std::string_view bytes);

inline constexpr std::string_view objectColumns = "id, digest, xet, size, extents";
IndexedObject readObject(const db::Rows& rows);

inline constexpr std::string_view packColumns = "id, name, size, condemned_at, damaged_at";
IndexedPack readPack(const db::Rows& rows);

}  // namespace regesta::blob
