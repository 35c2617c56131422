#pragma once
#include <string>

#include "api/git/request.h"
#include "git/walk.h"

namespace regesta::api::git {

/// The response to one POST of a fetch: the lines before the pack, and whether a pack follows.
struct Negotiation {
  std::string answer;
  bool sendsPack = false;
  regesta::git::Need need;
};
/// Throws Error{invalid} for a want that is not reachable from a ref.
Negotiation negotiate(const regesta::git::Objects& objects, const gitremote::RepositoryState& state,
                      const FetchRequest& request);

}  // namespace regesta::api::git
