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

/// `[A-Za-z0-9_-]+`, at most 255 bytes; "latest" and v<digits> are reserved. Throws Invalid{field "alias"}.
void checkAlias(std::string_view alias);
/// Canonical spelling of None, Staging, Production, Archived in any case; throws Invalid{field "stage"}.
std::string canonicalStage(std::string_view stage);

std::vector<Alias> listAliases(db::Session& session, const Asset& asset);
std::optional<Alias> findAlias(db::Session& session, const Asset& asset, std::string_view alias);
std::vector<std::string> aliasesOf(db::Session& session, const Version& version);

/// Moves, sets or (clearance.to == 0) removes the alias. Throws Error{conflict} when the holder is no longer
/// clearance.from: the gate decides anew. Recorded as "alias.moved" / "alias.removed" with the decision's digest.
void moveAlias(Change& change, const Asset& asset, const Clearance& clearance);

/// Puts the version into the stage; with `archiveOthers` every other version in it goes to Archived.
Version moveStage(Change& change, const Version& version, const Clearance& clearance, bool archiveOthers);

/// True when a gate is bound to this pointer ("production" alias, or "stage:Production").
bool isProtected(db::Session& session, const AssetKey& key, std::string_view pointer);

/// One past position, read from the ledger: what an alias or stage pointed to, since when, by whom, on which decision.
struct Position {
  std::int64_t at = 0;
  std::int64_t from = 0, to = 0;
  std::string actor, decision, action;
  std::int64_t entryId = 0;
  std::optional<std::int64_t> entryIndex;
};
std::vector<Position> pointerHistory(db::Session& session, const AssetKey& key, std::string_view pointer);

}  // namespace regesta::registry
