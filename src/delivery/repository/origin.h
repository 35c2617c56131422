#pragma once
#include <map>
#include <string>
#include <string_view>

#include "git/change.h"
#include "registry/asset.h"

namespace regesta::delivery {

/// For files that a push brings onto a branch: the commit that gave each its content, by path. Commits beyond `before`
/// are looked at; with very many of them, or where none fits, the tip stands for all.
std::map<std::string, git::Id> originsOf(const git::Objects& objects, const git::Id& before, const git::Id& tip,
                                         const std::vector<git::FileChange>& files);

/// Where a version came from, as tags of it: git.commit, git.author, git.time, and for a signed commit git.signature
/// ("openpgp", "ssh SHA256:… verified"). All of it is the commit's claim, but for an SSH signature by an ed25519 key:
/// that is checked, and "verified" or "wrong" says whether this key made it, not whose it is; of other keys "not
/// checked".
registry::Tags provenance(const git::Objects& objects, const git::Id& commit);
/// The same for an annotated tag: git.tag, git.tagger, git.tag-signature.
registry::Tags tagProvenance(const git::Objects& objects, const git::Id& tag);

/// The whole message of a commit, trimmed, at most what a description may hold.
std::string messageOf(const git::Objects& objects, const git::Id& commit);

}  // namespace regesta::delivery
