#pragma once
#include <string>

#include "base/error.h"
#include "base/json.h"

namespace regesta::cli {

/// Whether a requirement of a decision is satisfied.
bool isMet(const json::object& requirement);

/// What a person reads after a gate said no or not yet: every reason with its remediation, what is still required and
/// by whom, the change request, and the command to type next. On stderr.
void explainRefusal(const std::string& message, const json::object& detail);

/// The decision about a change request or a dry run on stdout: reasons, remediations, requirements met and unmet.
void printVerdict(const json::object& verdict, std::FILE* stream, bool onlyUnmet = false);

}  // namespace regesta::cli
