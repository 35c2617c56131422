#pragma once
#include <optional>
#include <string>

#include "cli/session.h"
#include "ledger/checkpoint.h"
#include "ledger/witness_policy.h"

namespace regesta::cli {

/// The text of a key: given as it is, or in a file.
std::string keyText(const std::string& given);
/// The verifier key of --key. Throws UsageError if there is none or it is malformed.
ledger::VerifierKey keyOf(const Arguments& args);
/// --witness KEY…, --require K and --policy FILE.
std::vector<Option> witnessOptions();
/// What they say; empty optional: none is given. Throws UsageError for malformed ones.
std::optional<ledger::WitnessPolicy> witnessPolicyOf(const Arguments& args);
/// {"size","root","origin","cosigned_at","witnesses"}.
json::object cosignedJson(const ledger::Cosigned& cosigned);
/// "cosigned by a and b at 2026-…".
std::string cosignedText(const ledger::Cosigned& cosigned);
json::object checkpointJson(const ledger::Checkpoint& checkpoint);
/// Prints the result of a verification: `good`, or each finding {"subject","what"}; with --json `result` with "ok" and
/// "findings". Returns Exit::done or Exit::unverified.
int outcome(const Session& session, json::object result, const json::array& findings, const std::string& good);

}  // namespace regesta::cli
