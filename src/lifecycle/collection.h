#pragma once
#include <string>

#include "blob/packs.h"
#include "registry/content_collect.h"

namespace regesta::lifecycle {

/// How long an upload waits to become part of a version before it counts as unused.
constexpr std::int64_t uploadMillis = std::int64_t{7} * 24 * 3'600'000;

struct CollectionPage {
  registry::Collected content;
  blob::PackCollection packs;  ///< with the last page
};
/// Garbage collection of the content of all workspaces, one page after the digest `after`; start with "". The first
/// page also removes the parts of uploads that nobody will complete, the last one (`content.next` is empty) the packs
/// that no object uses. What nothing refers to is condemned, and removed by a later collection if it is still unused
/// after `graceMillis`. The caller holds PackTurn unless `dryRun`. Throws Error{unavailable} while a backup reads the
/// packs.
CollectionPage collectPage(registry::Store& store, blob::Packs& packs, const registry::Actor& actor,
                           const std::string& after, std::int64_t graceMillis, bool dryRun);

}  // namespace regesta::lifecycle
