#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "registry/version.h"

namespace regesta::registry {

/// A legal hold. What it covers cannot be deleted, archived or renamed out of it, and neither can the runs and logged
/// models that held versions cite, with their files. Who may place and lift one: lifecycle/holds.h.
struct Hold {
  std::int64_t id = 0;
  std::string workspace;
  std::string kind;         ///< "*": every kind
  std::string namePattern;  ///< name of the held asset, or a glob
  std::int64_t asset = 0;   ///< row of the held asset, whatever its name is by now; 0: all that match the pattern
  std::int64_t number = 0;  ///< of the held version; 0: every version, present and future
  std::string reason;
  std::int64_t placedAt = 0;  ///< milliseconds
  std::string placedBy;
  std::int64_t liftedAt = 0;  ///< 0: in force
  std::string liftedBy, liftReason;
  bool isInForce() const { return liftedAt == 0; }
  std::string target() const;  ///< "model/loan-risk@3", "model/loan-risk", "*/loan-*"
};

/// Recorded as "hold.placed". Throws Invalid for a malformed member, Error{exists} if the same hold is in force.
Hold placeHold(Change& change, Hold hold);
/// Recorded as "hold.lifted". Throws Error{invalidState} if it was lifted already.
Hold liftHold(Change& change, const Hold& hold, std::string_view reason);

std::optional<Hold> findHold(db::Transaction& transaction, std::string_view workspace, std::int64_t id);
/// By id, newest first; at most `limit` below `before` (0: from the newest).
std::vector<Hold> listHolds(db::Transaction& transaction, std::string_view workspace, bool withLifted,
                            std::int64_t before, std::size_t limit);

/// The holds in force that cover the version.
std::vector<Hold> holdsOn(db::Transaction& transaction, const Version& version);
/// The holds in force that cover the asset, all of it or one of its versions.
std::vector<Hold> holdsOn(db::Transaction& transaction, const Asset& asset);
/// The holds in force on versions that were made from the run or logged model ("": none).
std::vector<Hold> holdsOnSource(db::Transaction& transaction, std::string_view workspace, std::string_view runId,
                                std::string_view modelId);

/// Whether any hold is in force in the workspace.
bool hasHolds(db::Transaction& transaction, std::string_view workspace);

/// Error{refused}: "<what> cannot be <done>: hold 3 …", with the next step.
Error heldError(std::string_view what, std::string_view done, const Hold& hold);
/// Throws heldError() if there is a hold.
void requireNotHeld(const std::vector<Hold>& holds, std::string_view what, std::string_view done);

}  // namespace regesta::registry
