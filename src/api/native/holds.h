#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct HoldAnswer {
  std::int64_t id = 0;
  std::string target, kind, namePattern;
  std::optional<std::int64_t> version;
  std::string reason, placedBy;
  std::optional<std::string> placedAt, liftedAt, liftedBy, liftReason;
  static constexpr Field fields[] = {
      field<&HoldAnswer::id>("id"),
      field<&HoldAnswer::target>("target", about("what it covers: model/loan-risk@3, model/loan-risk, */loan-*")),
      field<&HoldAnswer::kind>("kind"),
      field<&HoldAnswer::namePattern>("name_pattern", about("the asset's name, or a pattern with * and ?")),
      field<&HoldAnswer::version>("version", about("absent: every version")),
      field<&HoldAnswer::reason>("reason"),
      field<&HoldAnswer::placedBy>("placed_by"),
      field<&HoldAnswer::placedAt>("placed_at"),
      field<&HoldAnswer::liftedAt>("lifted_at", about("absent: in force")),
      field<&HoldAnswer::liftedBy>("lifted_by"),
      field<&HoldAnswer::liftReason>("lift_reason")};
};
struct HoldQuery {
  std::string kind, name, version;
  bool lifted = false;
  std::string pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&HoldQuery::kind>("kind", about("with name: only holds in force that cover this asset")),
      field<&HoldQuery::name>("name"),
      field<&HoldQuery::version>("version", about("only holds that cover this version: number, SemVer or alias")),
      field<&HoldQuery::lifted>("lifted", about("lifted ones too")),
      field<&HoldQuery::pageToken>("page_token"),
      field<&HoldQuery::pageSize>("page_size", pageRule)};
};
struct NewHold {
  std::string kind, name, namePattern, reason;
  RawJson version;
  static constexpr std::string_view documentation =
      "Covers one asset (name), one version of it (name and version), or every asset whose name matches a pattern "
      "(name_pattern). What a hold covers cannot be deleted, archived, expired or renamed out of it; neither can the "
      "runs that held versions cite, with their files.";
  static constexpr Field fields[] = {
      field<&NewHold::kind>("kind", required | about("a kind of asset; \"*\", with name_pattern: every kind")),
      field<&NewHold::name>("name"),
      field<&NewHold::version>("version", about("number, SemVer or alias; absent: every version, future ones too")),
      field<&NewHold::namePattern>("name_pattern", about("instead of name")),
      field<&NewHold::reason>("reason", required | about("kept in the ledger"))};
};
struct HoldLift {
  std::int64_t id = 0;
  std::string reason;
  static constexpr std::string_view documentation =
      "For users with the role admin on everything that the hold covers, except the user who placed it.";
  static constexpr Field fields[] = {field<&HoldLift::id>("id", present | atLeast(1)),
                                     field<&HoldLift::reason>("reason", required | about("kept in the ledger"))};
};

Page<HoldAnswer> listHolds(Call& call, const HoldQuery& query);
HoldAnswer getHold(Call& call, const NumberOnly& path);
HoldAnswer placeHold(Call& call, const NewHold& request);
HoldAnswer liftHold(Call& call, const HoldLift& request);

}  // namespace regesta::api::native
