#pragma once
#include "cli/session.h"

namespace regesta::cli {

/// The requested alias: the option's, otherwise the part after '#', otherwise production.
std::string aliasOf(const Session& session, const Reference& reference, std::string_view option);
/// "model/loan-risk#production moved from version 2 to 3 (decision …, ledger entry 41)".
std::string moveText(const Reference& reference, std::string_view alias, const json::object& outcome);
/// Asks the server to put an alias on a version. A refusal arrives as Error{refused} with the verdict in its detail.
json::object moveAlias(Session& session, const Reference& asset, std::string_view alias, std::string_view version);

/// "1.1.0 (#3)", or "3" for a version without SemVer; empty for 0 (no version).
std::string versionText(const std::string& number, const std::string& semver);

/// The rollout that is under way on an alias; empty without one, for kinds that have none, and with --json.
std::string activeRollout(Session& session, const Reference& asset, const std::string& alias);
/// A line about a rollout that the alias's move ended; empty if none ended.
std::string stoppedText(Session& session, const Reference& asset, const std::string& rollout);
/// What else the answer says happened, a line each: change requests that were carried out, and where their pointers
/// stand now. Reads the member "applied".
std::string appliedText(Session& session, const json::object& answer);

}  // namespace regesta::cli
