#pragma once
#include <functional>
#include <string>
#include <vector>

#include "git/objects.h"
#include "gitremote/state.h"

namespace regesta::gitremote {

/// A ref and the commit it points to.
using RefCommit = std::function<void(const std::string& ref, const git::Id& commit)>;

/// GTO gives an alias to the version of the prompt that is tagged on the commit; without such a tag, to the newest file
/// in it. `eachRef` visits all tags. Empty: the commit has no version of it.
std::string claimedVersion(const git::Objects& objects, const std::string& name, const git::Id& commit,
                           const std::function<void(const RefCommit&)>& eachRef);

/// The tags "name#alias" of one prompt that contradict the registry: a ref must not claim an alias that points to
/// another version. Tags with a counter ("name#alias#3") and those that remove an alias are history and stay.
std::vector<RefMove> staleClaims(const git::Objects& objects, const RepositoryState& state, const AliasesNow& now);

}  // namespace regesta::gitremote
