#pragma once
#include "api/hf/call.h"

namespace regesta::api::hf {

/// GET and HEAD /{repo}/resolve/{revision}/{path}: a file of a commit, with the headers by which clients cache it.
Task resolveFile(http::Exchange& exchange, Core& core);

}  // namespace regesta::api::hf
