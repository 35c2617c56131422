#pragma once
#include <string>

#include "api/git/request.h"

namespace regesta::api::git {

/// The response to a push: lines for the author's terminal, and the status of each ref.
std::string writeReport(const PushHead& head, const gitremote::PushOutcome& outcome);

}  // namespace regesta::api::git
