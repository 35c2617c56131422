#pragma once
#include "api/native/common.h"
#include "governance/gate.h"

namespace regesta::api::native {

struct AliasAnswer {
  std::string name;
  std::int64_t version = 0;
  std::optional<std::string> semver;
  bool isProtected = false;
  std::optional<std::string> movedAt;
  std::string movedBy;
  static constexpr Field fields[] = {
      field<&AliasAnswer::name>("name"),        field<&AliasAnswer::version>("version"),
      field<&AliasAnswer::semver>("semver"),    field<&AliasAnswer::isProtected>("protected"),
      field<&AliasAnswer::movedAt>("moved_at"), field<&AliasAnswer::movedBy>("moved_by")};
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
  std::optional<bool> breakGlass;
  std::string notBefore;
  static constexpr std::string_view documentation =
      "Runs the policies that are bound to the alias. If they allow the move, the alias points to the "
      "version. If an approval or evidence is missing, a change request is opened. If a policy denies the "
      "move, the answer lists every violation.";
  static constexpr Field fields[] = {
      field<&AliasMove::kind>("kind", required),
      field<&AliasMove::name>("name", required),
      field<&AliasMove::alias>("alias", required),
      field<&AliasMove::version>("version", present | about("a number, SemVer, range or alias")),
      field<&AliasMove::reason>("reason", atMost(4000)),
      field<&AliasMove::from>("from", about("version that it must point to (0: none); otherwise 409")),
      field<&AliasMove::breakGlass>(
          "break_glass", about("true: moves although policies refuse it, and opens a review; for administrators")),
      field<&AliasMove::notBefore>("not_before",
                                   about("RFC 3339: a change request carries the move out then; absent: at once"))};
};
struct StageMove {
  std::string kind, name;
  RawJson version;
  std::string stage, reason;
  std::optional<bool> archiveExisting, breakGlass;
  std::string notBefore;
  static constexpr std::string_view documentation =
      "Runs the policies that are bound to the stage, as moving an alias does.";
  static constexpr Field fields[] = {field<&StageMove::kind>("kind", required),
                                     field<&StageMove::name>("name", required),
                                     field<&StageMove::version>("version", present),
                                     field<&StageMove::stage>("stage", required),
                                     field<&StageMove::reason>("reason", atMost(4000)),
                                     field<&StageMove::archiveExisting>("archive_existing"),
                                     field<&StageMove::breakGlass>("break_glass", about("as for an alias")),
                                     field<&StageMove::notBefore>("not_before", about("as for an alias"))};
};
struct Rollback {
  std::string kind, name, alias, reason;
  RawJson to;
  static constexpr std::string_view documentation =
      "Moves the alias to the version it pointed to before, or to `to`. Bound policies run and see that it "
      "is a rollback.";
  static constexpr Field fields[] = {
      field<&Rollback::kind>("kind", required), field<&Rollback::name>("name", required),
      field<&Rollback::alias>("alias", required), field<&Rollback::reason>("reason", atMost(4000)),
      field<&Rollback::to>("to", about("a number, SemVer, range or alias; 0 or absent: the "
                                       "version before"))};
};
/// The outcome of a move. `entry` is the ledger entry's index once it has one.
struct MoveAnswer {
  std::string outcome, subject;
  std::int64_t from = 0, to = 0;
  std::optional<std::string> decision;
  std::optional<std::int64_t> entry;
  RawJson verdict, changeRequest, waived;
  std::optional<std::int64_t> breakGlass;
  std::vector<std::string> warnings;
  static constexpr Field fields[] = {
      field<&MoveAnswer::warnings>("warnings", about("conflicts between this pointer and others")),
      field<&MoveAnswer::waived>("waived", about("violations that waivers let pass")),
      field<&MoveAnswer::breakGlass>("break_glass", about("id of the review that the move opened")),
      field<&MoveAnswer::outcome>("outcome"),
      field<&MoveAnswer::subject>("subject"),
      field<&MoveAnswer::from>("from"),
      field<&MoveAnswer::to>("to"),
      field<&MoveAnswer::decision>("decision"),
      field<&MoveAnswer::entry>("entry"),
      field<&MoveAnswer::verdict>("verdict"),
      field<&MoveAnswer::changeRequest>("change_request")};
};
/// The number of the version that a member `version` selects. Throws Error{notFound}, Invalid.
std::int64_t numberOf(Call& call, const registry::AssetKey& key, const RawJson& selector);
/// Waits briefly for the entry's index in the ledger.
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
  std::optional<std::string> fromSemver, toSemver;
  std::string actor;
  std::optional<std::string> requestedBy;
  std::vector<std::string> approvedBy;
  std::optional<std::string> decision;
  std::optional<std::int64_t> entryIndex;
  std::vector<std::string> codes;
  std::optional<std::string> reason;
  static constexpr Field fields[] = {field<&HistoryItem::at>("at"),
                                     field<&HistoryItem::action>("action"),
                                     field<&HistoryItem::from>("from"),
                                     field<&HistoryItem::to>("to"),
                                     field<&HistoryItem::fromSemver>("from_semver"),
                                     field<&HistoryItem::toSemver>("to_semver"),
                                     field<&HistoryItem::actor>("actor"),
                                     field<&HistoryItem::requestedBy>("requested_by"),
                                     field<&HistoryItem::approvedBy>("approved_by"),
                                     field<&HistoryItem::decision>("decision"),
                                     field<&HistoryItem::entryIndex>("entry_index"),
                                     field<&HistoryItem::codes>("codes", about("why it was refused")),
                                     field<&HistoryItem::reason>("reason", about("what the actor gave"))};
};

struct StandingQuery {
  std::string kind, name, alias, at;
  static constexpr Field fields[] = {
      field<&StandingQuery::kind>("kind", required), field<&StandingQuery::name>("name", required),
      field<&StandingQuery::alias>("alias", required | about("an alias, or stage:Production")),
      field<&StandingQuery::at>("at", about("RFC 3339: as it was then; absent: now"))};
};
/// A rollout at a moment.
struct RolloutThen {
  std::int64_t id = 0, step = 0, forced = 0;
  double weight = 0;
  std::string status;
  std::vector<std::int64_t> versions;
  std::optional<std::int64_t> entryIndex;
  static constexpr Field fields[] = {
      field<&RolloutThen::id>("id"),
      field<&RolloutThen::status>("status"),
      field<&RolloutThen::step>("step"),
      field<&RolloutThen::weight>("weight", about("percent of keys that got a candidate version")),
      field<&RolloutThen::versions>("versions", about("candidate versions")),
      field<&RolloutThen::forced>("forced", about("version that everyone got; 0: the plan decided")),
      field<&RolloutThen::entryIndex>("entry_index", about("ledger entry of the last change before that moment"))};
};
/// The version that a pointer pointed to at a moment, and the moves that set and ended it.
struct StandingAnswer {
  std::string kind, name, pointer;
  std::optional<std::string> at;
  std::int64_t version = 0;
  std::optional<std::string> digest, semver;
  std::optional<HistoryItem> since, until;
  std::optional<RolloutThen> rollout;
  static constexpr Field fields[] = {
      field<&StandingAnswer::kind>("kind"),
      field<&StandingAnswer::name>("name"),
      field<&StandingAnswer::pointer>("pointer"),
      field<&StandingAnswer::at>("at"),
      field<&StandingAnswer::version>("version", about("0: it did not exist")),
      field<&StandingAnswer::digest>("digest"),
      field<&StandingAnswer::semver>("semver"),
      field<&StandingAnswer::since>("since", about("the movement that brought it there; its entry has a receipt")),
      field<&StandingAnswer::until>("until", about("when the pointer moved away; absent: it still points there")),
      field<&StandingAnswer::rollout>("rollout", about("active at that moment; absent: everyone got `version`"))};
};

/// From the ledger, so also for a deleted asset.
StandingAnswer aliasAt(Call& call, const StandingQuery& query);
Page<AliasAnswer> listAliases(Call& call, const AliasesQuery& request);
MoveAnswer moveAlias(Call& call, const AliasMove& request);
MoveAnswer removeAlias(Call& call, const AliasPath& path);
MoveAnswer moveStage(Call& call, const StageMove& request);
MoveAnswer rollback(Call& call, const Rollback& request);
/// Newest first, including refused attempts.
Page<HistoryItem> aliasHistory(Call& call, const HistoryQuery& query);

}  // namespace regesta::api::native
