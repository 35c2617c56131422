#pragma once
#include "blob/packs.h"

namespace regesta::blob {

/// The bytes of `object` in chunks of packs that `other` uses too. Equal chunks that were stored twice do not count.
/// Throws Error{corrupt} for a damaged pack.
std::uint64_t sharedBytes(Packs& packs, const IndexedObject& object, const IndexedObject& other);

}  // namespace regesta::blob
