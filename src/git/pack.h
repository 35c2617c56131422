#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "git/id.h"

namespace regesta::git {

struct PackFacts {
  std::uint32_t objects = 0;
  std::uint64_t unpacked = 0;  ///< bytes of all objects
};

/// Reads a pack from outside once, before anything else touches it, and holds nothing in memory: version, number of
/// objects, sizes as they are declared and as they inflate, and the depth of differences, all against limits::git….
/// Whether the objects are what they claim is indexPack's question. Throws Invalid{field "pack"} or Error{tooLarge}.
PackFacts scanPack(std::string_view bytes);

struct IndexedPack {
  std::string path;     ///< the .pack file in `folder`; its .idx is next to it
  std::vector<Id> ids;  ///< every object in it
};

/// Checks every object of a scanned pack against its checksum and writes pack and index into `folder`. Throws Invalid
/// for a broken pack, or one that builds on objects it does not hold; Error{tooLarge} when it takes longer than
/// `limit`.
IndexedPack indexPack(std::string_view bytes, const std::string& folder,
                      std::chrono::milliseconds limit = std::chrono::seconds(60));

/// Every object in an indexed pack.
std::vector<Id> idsIn(const std::string& packPath);

}  // namespace regesta::git
