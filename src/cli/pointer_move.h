#pragma once
#include "cli/session.h"

namespace regesta::cli {

/// The alias that is meant: the option's, else what stands behind '#', else production.
std::string aliasOf(const Session& session, const Reference& reference, std::string_view option);
/// "model/loan-risk#production moved from version 2 to 3 (decision …, ledger entry 41)".
std::string moveText(const Reference& reference, std::string_view alias, const json::object& outcome);
/// Asks the server to put an alias on a version. A refusal arrives as Error{refused} with the verdict in its detail.
json::object moveAlias(Session& session, const Reference& asset, std::string_view alias, std::string_view version);

/// What else the answer says happened, a line each: change requests that were carried out, and where their pointers
/// stand now. Reads the member "applied".
std::string appliedText(Session& session, const json::object& answer);

}  // namespace regesta::cli
