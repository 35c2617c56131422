#pragma once
#include <map>
#include <string>
#include <string_view>

#include "git/change.h"
#include "registry/asset.h"

namespace regesta::gitremote {

/// For files that a push adds to a branch: the commit that gave each its content, by path. Searches commits after
/// `before`; uses the tip if there are very many or none matches.
std::map<std::string, git::Id> originsOf(const git::Objects& objects, const git::Id& before, const git::Id& tip,
                                         const std::vector<git::FileChange>& files);

/// The origin of a version, as its tags: git.commit, git.author, git.time, and for a signed commit git.signature
/// ("openpgp", "ssh SHA256:… verified"). These are the commit's claims, except an SSH signature by an ed25519 key,
/// which is checked: "verified" or "wrong" for this key, regardless of its owner; "not checked" for other keys.
registry::Tags provenance(const git::Objects& objects, const git::Id& commit);
/// The same for an annotated tag: git.tag, git.tagger, git.tag-signature.
registry::Tags tagProvenance(const git::Objects& objects, const git::Id& tag);

/// A commit's message, trimmed and cut to the length of a description.
std::string messageOf(const git::Objects& objects, const git::Id& commit);

}  // namespace regesta::gitremote
