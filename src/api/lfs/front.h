#pragma once
#include "api/endpoint.h"

namespace regesta::api::lfs {

/// Git LFS below /lfs/{workspace} and, for the Git remote of the workspace's prompts, /git/{repo}.git/info/lfs: batch
/// API, basic transfers, verify and locks. Objects have no names, so readers and writers need a role on every name of
/// the workspace.
Front front();

}  // namespace regesta::api::lfs
