#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/clearance.h"
#include "registry/version.h"

namespace regesta::registry {

struct Alias {
  std::string name;
  std::int64_t number = 0;
  std::int64_t movedAt = 0;
  std::string movedBy;
};

/// `[A-Za-z0-9_.-]+`, at most 255 bytes. Reserved: "latest", v<digits>, versions and version ranges ("1.2",
/// "1.4.2"), and suffixes that select a rollout's bucket ("production.b17"). Throws Invalid{field "alias"}.
void checkAlias(std::string_view alias);
inline constexpr std::string_view stages[] = {"None", "Staging", "Production", "Archived"};
/// Canonical spelling of None, Staging, Production, Archived in any case; throws Invalid{field "stage"}.
std::string canonicalStage(std::string_view stage);
/// An alias, or "stage:production" in any case. Throws Invalid as checkAlias() and canonicalStage() do.
Pointer parsePointer(std::string_view text);

std::vector<Alias> listAliases(db::Transaction& transaction, const Asset& asset);
std::optional<Alias> findAlias(db::Transaction& transaction, const Asset& asset, std::string_view alias);
std::vector<std::string> aliasesOf(db::Transaction& transaction, const Version& version);
/// Its aliases, then its stage unless that is None.
std::vector<Pointer> pointersTo(db::Transaction& transaction, const Version& version);
/// Throws Invalid{field "alias"} for a new alias that can be confused with another alias of the asset, or with a
/// protected pointer.
void checkNewAlias(db::Transaction& transaction, const Asset& asset, std::string_view alias);

/// Contradictions among the pointers to this version, one sentence each: an alias points to it while it is in stage
/// Archived.
std::vector<std::string> pointerWarnings(db::Transaction& transaction, const Version& version);

struct NamedAlias {
  std::string asset, alias;
  std::int64_t number = 0;
};
/// Aliases of all assets of a kind in the workspace, by asset's and alias's name; at most `limit`.
std::vector<NamedAlias> aliasesIn(db::Transaction& transaction, std::string_view workspace, Kind kind,
                                  std::size_t limit);

/// The version number that a pointer points to, or 0: an alias's version, or for "stage:X" the newest version in that
/// stage. The gate's value for Clearance::from().
std::int64_t holderOf(db::Transaction& transaction, const Asset& asset, const Pointer& pointer);
/// Every alias, and every stage except None, that points to a live version; in byte order.
std::vector<Pointer> standingPointers(db::Transaction& transaction, const Asset& asset);

/// The live versions that a pointer points to: an alias's version, or every version in a stage.
std::vector<std::int64_t> versionsOn(db::Transaction& transaction, const Asset& asset, const Pointer& pointer);

/// Moves, sets or (clearance.to == 0) removes the alias. Throws Error{conflict} if it no longer points to
/// clearance.from, so that the gate decides again. Stops a rollout that is active on the alias. Recorded as
/// "alias.moved" or "alias.removed" with the decision's digest.
void moveAlias(Change& change, const Asset& asset, const Clearance& clearance);

/// Puts the version into the stage of the clearance's pointer ("stage:Production"); with `archiveOthers` every other
/// version in it goes to Archived. Throws Error{conflict} like moveAlias, and Error{refused} if the version would leave
/// a protected stage and the clearance has no decision. Recorded as "stage.entered" and "stage.left".
Version moveStage(Change& change, const Version& version, const Clearance& clearance, bool archiveOthers);

/// Throws Error{refused} that names the aliases, unless there are none or the removal includes them. `what` names the
/// version or asset to delete.
void checkPointersMayGo(std::string_view what, const std::vector<std::string>& aliases, const Removal& removal);

/// True if a policy is bound to this pointer ("production" alias, or "stage:Production").
bool isProtected(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer);
/// True if a policy is bound to any pointer of the asset.
bool hasBinding(db::Transaction& transaction, const AssetKey& key);

/// One move of an alias or stage, read from the ledger: the versions before and after, the actor and the decision.
struct Position {
  std::int64_t at = 0;
  std::int64_t from = 0, to = 0;
  std::string actor, decision;
  Action action = Action::aliasMoved;
  std::int64_t entryId = 0;
  std::optional<std::int64_t> entryIndex;
  std::vector<std::int64_t> archived = {};  ///< versions that left the stage for the archive with this move
  bool underOldName = false;                ///< made before the asset was renamed to its present name
  std::string reason = {};                  ///< the mover's reason
};
/// One change of a rollout on an alias, read from the ledger.
struct RolloutChange {
  std::int64_t at = 0;
  std::int64_t rollout = 0;            ///< its id
  std::int64_t step = 0, share = 0;    ///< after the change; share in ten-thousandths of the keys
  std::int64_t forced = 0;             ///< the version that every caller gets; 0: the plan decides
  std::vector<std::int64_t> versions;  ///< of the arms; only in the change that starts the rollout
  std::string status, actor;           ///< status as statusName() writes it, after the change
  std::optional<std::int64_t> entryIndex;
};
/// Oldest first; through renames of the asset.
std::vector<RolloutChange> rolloutHistory(db::Transaction& transaction, const AssetKey& key, std::string_view alias);

/// Oldest first; through renames of the asset. Refused attempts are not in it.
std::vector<Position> pointerHistory(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer);

/// The versions of the asset that decisions name: in ledger entries about its pointers that have a decision, and as
/// arms of its rollouts. Follows renames.
std::set<std::int64_t> decidedVersions(db::Transaction& transaction, const AssetKey& key);
/// The versions of the asset that a decision has let onto a pointer. Follows renames.
std::set<std::int64_t> acceptedVersions(db::Transaction& transaction, const AssetKey& key);

/// A move that the gate refused.
struct RefusedMove {
  std::int64_t at = 0;
  std::int64_t from = 0, to = 0;
  std::string actor, decision;
  std::vector<std::string> codes;  ///< of the violations
  std::int64_t entryId = 0;
  std::optional<std::int64_t> entryIndex;
  std::string reason = {};
};
/// Oldest first; through renames of the asset.
std::vector<RefusedMove> refusedMoves(db::Transaction& transaction, const AssetKey& key, const Pointer& pointer);

}  // namespace regesta::registry
