#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// One prompt that a version of another is made of.
struct Use {
  std::string name, selector;  ///< as the version names it
  std::int64_t asset = 0;      ///< the used prompt, whatever it is called by now
  std::int64_t number = 0;     ///< the version it is locked to; 0: `selector` is a label, looked up when it is served
};

void addUse(db::Session& session, const Version& version, const Use& use);
std::vector<Use> usesOf(db::Session& session, const Version& version);

/// The live versions that are locked to this one, or that follow a label which stands on it: "prompt/chat@3".
std::vector<std::string> usersOf(db::Session& session, const Version& version);
/// The live versions of other assets that use any version of this asset.
std::vector<std::string> usersOf(db::Session& session, const Asset& asset);

/// Throws Error{refused} that names the users.
void checkUnused(std::string_view what, const std::vector<std::string>& users);

}  // namespace regesta::registry
