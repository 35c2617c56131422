#pragma once
#include <string>

#include "api/git/request.h"

namespace regesta::api::git {

/// The answer to a push: lines for the author's terminal, and what became of each ref.
std::string writeReport(const PushHead& head, const delivery::PushOutcome& outcome);

}  // namespace regesta::api::git
