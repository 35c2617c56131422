#pragma once
#include "api/native/common.h"
#include "governance/gate.h"

namespace regesta::api::native {

struct AliasAnswer {
  std::string name;
  std::int64_t version = 0;
  bool isProtected = false;
  std::optional<std::string> movedAt;
  std::string movedBy;
  static constexpr Field fields[] = {field<&AliasAnswer::name>("name"), field<&AliasAnswer::version>("version"),
                                     field<&AliasAnswer::isProtected>("protected"),
                                     field<&AliasAnswer::movedAt>("moved_at"),
                                     field<&AliasAnswer::movedBy>("moved_by")};
};
struct AliasPath {
  std::string kind, name, alias;
  static constexpr Field fields[] = {field<&AliasPath::kind>("kind", required),
                                     field<&AliasPath::name>("name", required),
                                     field<&AliasPath::alias>("alias", required)};
};
struct AliasMove {
  std::string kind, name, alias;
  RawJson version;
  std::string reason;
  std::optional<std::int64_t> from;
  static constexpr Field fields[] = {
      field<&AliasMove::kind>("kind", required),
      field<&AliasMove::name>("name", required),
      field<&AliasMove::alias>("alias", required),
      field<&AliasMove::version>("version", present | about("a number, SemVer, range or alias")),
      field<&AliasMove::reason>("reason", atMost(4000)),
      field<&AliasMove::from>("from", about("where it must stand now, 0: nowhere; when it does not: 409"))};
};
struct StageMove {
  std::string kind, name;
  RawJson version;
  std::string stage, reason;
  bool archiveExisting = false;
  static constexpr Field fields[] = {
      field<&StageMove::kind>("kind", required),         field<&StageMove::name>("name", required),
      field<&StageMove::version>("version", present),    field<&StageMove::stage>("stage", required),
      field<&StageMove::reason>("reason", atMost(4000)), field<&StageMove::archiveExisting>("archive_existing")};
};
struct Rollback {
  std::string kind, name, alias, reason;
  std::int64_t to = 0;
  static constexpr Field fields[] = {field<&Rollback::kind>("kind", required), field<&Rollback::name>("name", required),
                                     field<&Rollback::alias>("alias", required),
                                     field<&Rollback::reason>("reason", atMost(4000)),
                                     field<&Rollback::to>("to", atLeast(0) | about("0 or absent: the version before"))};
};
/// What became of a move. `entry` is the ledger entry's index once it has one.
struct MoveAnswer {
  std::string outcome, subject;
  std::int64_t from = 0, to = 0;
  std::optional<std::string> decision;
  std::optional<std::int64_t> entry;
  RawJson verdict, changeRequest;
  static constexpr Field fields[] = {
      field<&MoveAnswer::outcome>("outcome"),   field<&MoveAnswer::subject>("subject"),
      field<&MoveAnswer::from>("from"),         field<&MoveAnswer::to>("to"),
      field<&MoveAnswer::decision>("decision"), field<&MoveAnswer::entry>("entry"),
      field<&MoveAnswer::verdict>("verdict"),   field<&MoveAnswer::changeRequest>("change_request")};
};
/// Waits a moment for the entry's index in the ledger.
MoveAnswer moveAnswer(Core& core, const std::string& subject, const governance::Gate::Outcome& outcome);

struct AliasesQuery {
  std::string kind, name, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&AliasesQuery::kind>("kind", required), field<&AliasesQuery::name>("name", required),
      field<&AliasesQuery::pageToken>("page_token"), field<&AliasesQuery::pageSize>("page_size", pageRule)};
};
struct HistoryQuery {
  std::string kind, name, alias, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&HistoryQuery::kind>("kind", required), field<&HistoryQuery::name>("name", required),
      field<&HistoryQuery::alias>("alias", required), field<&HistoryQuery::pageToken>("page_token"),
      field<&HistoryQuery::pageSize>("page_size", pageRule)};
};
struct HistoryItem {
  std::optional<std::string> at;
  std::string action;
  std::int64_t from = 0, to = 0;
  std::string actor;
  std::optional<std::string> requestedBy;
  std::vector<std::string> approvedBy;
  std::optional<std::string> decision;
  std::optional<std::int64_t> entryIndex;
  std::vector<std::string> codes;
  static constexpr Field fields[] = {field<&HistoryItem::at>("at"),
                                     field<&HistoryItem::action>("action"),
                                     field<&HistoryItem::from>("from"),
                                     field<&HistoryItem::to>("to"),
                                     field<&HistoryItem::actor>("actor"),
                                     field<&HistoryItem::requestedBy>("requested_by"),
                                     field<&HistoryItem::approvedBy>("approved_by"),
                                     field<&HistoryItem::decision>("decision"),
                                     field<&HistoryItem::entryIndex>("entry_index"),
                                     field<&HistoryItem::codes>("codes", about("why it was refused"))};
};

struct StandingQuery {
  std::string kind, name, alias, at;
  static constexpr Field fields[] = {
      field<&StandingQuery::kind>("kind", required), field<&StandingQuery::name>("name", required),
      field<&StandingQuery::alias>("alias", required | about("an alias, or stage:Production")),
      field<&StandingQuery::at>("at", about("RFC 3339: as it was then; absent: now"))};
};
/// Where a pointer stood at a moment, who had brought it there, and what took it away.
struct StandingAnswer {
  std::string kind, name, pointer;
  std::optional<std::string> at;
  std::int64_t version = 0;
  std::optional<std::string> digest, semver;
  std::optional<HistoryItem> since, until;
  static constexpr Field fields[] = {
      field<&StandingAnswer::kind>("kind"),
      field<&StandingAnswer::name>("name"),
      field<&StandingAnswer::pointer>("pointer"),
      field<&StandingAnswer::at>("at"),
      field<&StandingAnswer::version>("version", about("0: it stood on none")),
      field<&StandingAnswer::digest>("digest"),
      field<&StandingAnswer::semver>("semver"),
      field<&StandingAnswer::since>("since", about("the movement that brought it there; its entry has a receipt")),
      field<&StandingAnswer::until>("until", about("the one that took it away; absent: it stands there still"))};
};

/// From the ledger, so also for an asset that is gone.
StandingAnswer aliasAt(Call& call, const StandingQuery& query);
Page<AliasAnswer> listAliases(Call& call, const AliasesQuery& asked);
MoveAnswer moveAlias(Call& call, const AliasMove& asked);
MoveAnswer removeAlias(Call& call, const AliasPath& path);
MoveAnswer moveStage(Call& call, const StageMove& asked);
MoveAnswer rollback(Call& call, const Rollback& asked);
/// Newest first; refused attempts too.
Page<HistoryItem> aliasHistory(Call& call, const HistoryQuery& query);

}  // namespace regesta::api::native
