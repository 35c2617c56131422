#pragma once
#include "api/lfs_objects.h"

namespace regesta::api::lfs {

constexpr std::string_view mediaType = lfsMediaType;

/// Errors are {"message", "request_id"}. A request that breaks a rule is answered with 422, as Git LFS has it.
const Dialect& dialect();
int statusOf(const Error& error);

}  // namespace regesta::api::lfs
