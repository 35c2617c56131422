#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// A prompt that a version of another prompt includes.
struct Use {
  std::string name, selector;  ///< as written in the version
  std::int64_t asset = 0;      ///< row id of the used prompt, which survives renames
  std::int64_t number = 0;     ///< the locked version; 0: none was found when locks were introduced
};

void addUse(db::Transaction& transaction, const Version& version, const Use& use);
std::vector<Use> usesOf(db::Transaction& transaction, const Version& version);

/// The live versions that are locked to this one: "prompt/chat@3".
std::vector<std::string> usersOf(db::Transaction& transaction, const Version& version);
/// The live versions of other assets that use any version of this asset.
std::vector<std::string> usersOf(db::Transaction& transaction, const Asset& asset);

/// Throws Error{refused} that names the users.
void checkUnused(std::string_view what, const std::vector<std::string>& users);

}  // namespace regesta::registry
