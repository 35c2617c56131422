#pragma once
#include <string>

#include "base/json.h"
#include "cli/arguments.h"

namespace regesta::cli {

/// --grant ROLE[:WORKSPACE[:PATTERN]], for users and tokens.
Option grantOption();
/// The grants of a command line as the API takes them.
json::array grantsOf(const Arguments& arguments);
/// Lines about custom roles: "risk is a custom approval role"; empty without any.
std::string ownRoles(const json::array& grants);
/// "contributor, risk on default/loan-*" from the member "grants".
std::string grantsText(const json::object& holder);

}  // namespace regesta::cli
