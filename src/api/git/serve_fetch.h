#pragma once
#include <string>

#include "api/git/request.h"
#include "git/walk.h"

namespace regesta::api::git {

/// The answer to one POST of a fetch: what is said before the pack, and whether a pack follows.
struct Negotiation {
  std::string answer;
  bool sendsPack = false;
  regesta::git::Need need;
};
/// Throws Error{invalid} for a want that no ref reaches.
Negotiation negotiate(const regesta::git::Objects& objects, const delivery::RepositoryState& state,
                      const FetchRequest& request);

}  // namespace regesta::api::git
