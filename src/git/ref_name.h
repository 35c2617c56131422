#pragma once
#include <string_view>

namespace regesta::git {

/// Git's own rules for the whole name of a ref: "refs/heads/main".
bool isRefName(std::string_view name);

}  // namespace regesta::git
