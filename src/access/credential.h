#pragma once
#include <string>
#include <string_view>

#include "db/database.h"

namespace regesta::access {

/// What is stored of the actor's password or token; empty for others, and for those who were deleted. It changes with
/// the password: whatever is derived from it ends then, as sessions do. Not for answers.
std::string credentialOf(db::Transaction& transaction, std::string_view actor);

}  // namespace regesta::access
