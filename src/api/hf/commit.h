#pragma once
#include "api/hf/call.h"
#include "api/hf/commit_reader.h"

namespace regesta::api::hf {

/// Registers the version that a commit to a branch makes, and moves the branch to it, through the gate if it is
/// protected. Throws HubError{parentChanged} when the branch is not at `body.parent`; Error{refused} with all reasons
/// when the gate does not let the branch move: the version exists then, and a change request may.
registry::Commit makeCommit(Call& call, const Repo& repo, const std::string& branch, const CommitBody& body);

/// POST commit/{revision}: lines of JSON, read as they arrive.
Task postCommit(http::Exchange& exchange, Core& core);

}  // namespace regesta::api::hf
