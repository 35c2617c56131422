#pragma once
#include <cstdint>
#include <optional>
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

/// `[A-Za-z0-9_.-]+`, at most 255 bytes. Reserved: "latest", v<digits>, what reads as a version or a range of versions
/// ("1.2", "1.4.2"), and endings that ask for a bucket of a rollout ("production.b17"). Throws Invalid{field "alias"}.
void checkAlias(std::string_view alias);
inline constexpr std::string_view stages[] = {"None", "Staging", "Production", "Archived"};
/// Canonical spelling of None, Staging, Production, Archived in any case; throws Invalid{field "stage"}.
std::string canonicalStage(std::string_view stage);

std::vector<Alias> listAliases(db::Session& session, const Asset& asset);
std::optional<Alias> findAlias(db::Session& session, const Asset& asset, std::string_view alias);
std::vector<std::string> aliasesOf(db::Session& session, const Version& version);

struct NamedAlias {
  std::string asset, alias;
  std::int64_t number = 0;
};
/// Aliases of all assets of a kind in the workspace, by asset's and alias's name; at most `limit`.
std::vector<NamedAlias> aliasesIn(db::Session& session, std::string_view workspace, Kind kind, std::size_t limit);

/// The version number that a pointer stands on, 0 when on none: an alias's holder, or for "stage:X" the newest version
/// in that stage. What the gate puts into Clearance::from().
std::int64_t holderOf(db::Session& session, const Asset& asset, std::string_view pointer);
/// Every alias and every stage but None that stands on a live version, as pointers are written; in byte order.
std::vector<std::string> standingPointers(db::Session& session, const Asset& asset);

/// Moves, sets or (clearance.to == 0) removes the alias. Throws Error{conflict} when the holder is no longer
/// clearance.from: the gate decides anew. A rollout that is active on the alias ends, stopped. Recorded as
/// "alias.moved" / "alias.removed" with the decision's digest.
void moveAlias(Change& change, const Asset& asset, const Clearance& clearance);

/// Puts the version into the stage of the clearance's pointer ("stage:Production"); with `archiveOthers` every other
/// version in it goes to Archived. Throws Error{conflict} as moveAlias does, and Error{refused} when the version would
/// leave a stage whose pointer is protected with a clearance that no policy decided. Recorded as "stage.entered" for
/// the pointer it enters and "stage.left" for the one it leaves.
Version moveStage(Change& change, const Version& version, const Clearance& clearance, bool archiveOthers);

/// True when a gate is bound to this pointer ("production" alias, or "stage:Production").
bool isProtected(db::Session& session, const AssetKey& key, std::string_view pointer);

/// One movement, read from the ledger: what an alias or stage pointed to before and since, by whom, on which decision.
struct Position {
  std::int64_t at = 0;
  std::int64_t from = 0, to = 0;
  std::string actor, decision, action;
  std::int64_t entryId = 0;
  std::optional<std::int64_t> entryIndex;
  std::vector<std::int64_t> archived = {};  ///< versions that left the stage for the archive with this move
};
/// Oldest first; through renames of the asset. Refused attempts are not in it.
std::vector<Position> pointerHistory(db::Session& session, const AssetKey& key, std::string_view pointer);

/// A movement that somebody asked for and the gate refused.
struct RefusedMove {
  std::int64_t at = 0;
  std::int64_t from = 0, to = 0;
  std::string actor, decision;
  std::vector<std::string> codes;  ///< of the findings that said no
  std::int64_t entryId = 0;
  std::optional<std::int64_t> entryIndex;
};
/// Oldest first; through renames of the asset.
std::vector<RefusedMove> refusedMoves(db::Session& session, const AssetKey& key, std::string_view pointer);

}  // namespace regesta::registry
