#pragma once
#include <string>
#include <vector>

#include "policy/engine.h"

namespace regesta::cli {

/// The files named, and every .rego below the folders named, in order. Throws Error{notFound}, and
/// Error{invalid} if two of the folders have the same package.
std::vector<policy::Module> readModules(const std::vector<std::string>& paths);

}  // namespace regesta::cli
