#pragma once
#include <string_view>

namespace regesta::tracking {

/// Refuses invisible characters (base/name.h: hiddenFault) in the name of an experiment, run, logged model, scorer or
/// evaluation dataset; everything else is allowed, as in MLflow. Throws Error{invalid}.
void checkSeen(std::string_view what, std::string_view name);

}  // namespace regesta::tracking
