#pragma once
// Inside the git room only: what its files that call libgit2 share.
#include <memory>
#include <string>

struct git_odb;
struct git_repository;

namespace regesta::git {

/// Starts the library once per process, without the machine's Git configuration.
void startLibrary();
/// What libgit2 says about its last failure on this thread.
std::string lastFault();

}  // namespace regesta::git
