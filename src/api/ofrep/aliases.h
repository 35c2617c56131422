#pragma once
#include <vector>

#include "api/endpoint.h"
#include "registry/pointer.h"

namespace regesta::api::ofrep {

/// The aliases of prompts that the caller may read, by prompt and alias. Throws Error{tooLarge} beyond limits::flags.
std::vector<registry::NamedAlias> visibleAliases(Call& call);

}  // namespace regesta::api::ofrep
