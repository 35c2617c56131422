#pragma once
#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "git/objects.h"

namespace regesta::git {

/// True when `ancestor` is `of`, or is reached from it through parents.
bool isAncestor(const Objects& objects, const Id& ancestor, const Id& of);

/// Everything that a reader of `wants` (commits, tags, trees, files) lacks who has everything that `haves` (commits)
/// reach; ordered as packs like it: commits, then trees, then files. `shallow` are commits whose parents the reader
/// does not want; commits beyond `boundary` (shallow commits that the reader has) it does not have. Of `tags`,
/// annotated tags with the commits they stand for, those come along whose commit does.
struct Need {
  std::vector<Id> wants, haves;
  std::unordered_set<Id> shallow, boundary;
  std::vector<std::pair<Id, Id>> tags;
};
std::vector<Listed> missing(const Objects& objects, const Need& need);

/// Commits reached from `from` but not from `without`, parents before children.
std::vector<Id> commitsBetween(const Objects& objects, const Id& from, const std::vector<Id>& without);

/// Commits at most `depth` steps from the tips, one step being a tip itself; `edge` are those whose parents are beyond.
struct Depth {
  std::unordered_set<Id> inside, edge;
};
Depth atDepth(const Objects& objects, const std::vector<Id>& tips, std::size_t depth);

/// Checks that everything the tips reach is there and well formed, looking only at what `known` does not hold already:
/// that was checked when it came. Returns what it looked at. Throws Invalid that names the object and the fault.
std::unordered_set<Id> checkNew(const Objects& objects, const Objects& known, const std::vector<Id>& tips);

}  // namespace regesta::git
