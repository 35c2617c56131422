#pragma once
#include "api/native/common.h"
#include "governance/incident.h"

namespace regesta::api::native {

struct IncidentItem {
  std::int64_t id = 0;
  std::string version, digest, status, reason;
  std::optional<std::string> openedAt, closedAt;
  std::string openedBy;
  std::optional<std::string> closedBy, conclusion, mitigation;
  std::optional<std::int64_t> report;
  static constexpr Field fields[] = {
      field<&IncidentItem::id>("id"),
      field<&IncidentItem::version>("version", about("the flawed version: model/loan-risk@3")),
      field<&IncidentItem::digest>("digest", about("every version of the asset with it is in quarantine")),
      field<&IncidentItem::status>("status", about("open, resolved or dismissed")),
      field<&IncidentItem::reason>("reason"),
      field<&IncidentItem::openedAt>("opened_at"),
      field<&IncidentItem::openedBy>("opened_by"),
      field<&IncidentItem::closedAt>("closed_at"),
      field<&IncidentItem::closedBy>("closed_by"),
      field<&IncidentItem::conclusion>("conclusion"),
      field<&IncidentItem::mitigation>("mitigation", about("the version that replaces it: model/loan-risk@4")),
      field<&IncidentItem::report>("report", about("id of the evidence that has the report"))};
};
struct IncidentAnswer {
  IncidentItem incident;
  RawJson facts, serving, mitigation, notes;
  bool withheld = false, mayClose = false;
  static constexpr Field fields[] = {
      field<&IncidentAnswer::incident>("incident"),
      field<&IncidentAnswer::facts>("facts", about("collected when it was opened: version, serving, rollouts, "
                                                   "promotions, evidence, used, related")),
      field<&IncidentAnswer::serving>("serving", about("the aliases and stages that point to the version now")),
      field<&IncidentAnswer::mitigation>("mitigation", about("its promotions and evidence")),
      field<&IncidentAnswer::notes>("notes", about("what was done and written, oldest first")),
      field<&IncidentAnswer::withheld>("withheld", about("names that the caller may not read are left out")),
      field<&IncidentAnswer::mayClose>("may_close", about("the caller may close it"))};
};
struct IncidentQuery {
  std::string kind, name, status, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&IncidentQuery::kind>("kind", about("with name: only incidents about this asset")),
      field<&IncidentQuery::name>("name"),
      field<&IncidentQuery::status>("status", about("open, resolved or dismissed; absent: all")),
      field<&IncidentQuery::pageToken>("page_token"), field<&IncidentQuery::pageSize>("page_size", pageRule)};
};
struct NewIncident {
  std::string kind, name, reason;
  RawJson version;
  std::optional<bool> rollback;
  std::string requirePolicy, policySelector;
  static constexpr std::string_view documentation =
      "Puts the version in quarantine, ends rollouts that serve it, and rolls back the aliases and stages that point "
      "to "
      "it, each through the gate. For users and tokens that may write the asset or approve its changes, and for "
      "auditors.";
  static constexpr Field fields[] = {
      field<&NewIncident::kind>("kind", required),
      field<&NewIncident::name>("name", required),
      field<&NewIncident::version>("version", present | about("number, SemVer or alias")),
      field<&NewIncident::reason>("reason", required | about("kept in the ledger")),
      field<&NewIncident::rollback>("rollback", about("false: aliases and stages stay; absent: true")),
      field<&NewIncident::requirePolicy>(
          "require_policy", about("name of a policy that protects the asset's pointers from now on; needs admin")),
      field<&NewIncident::policySelector>("policy_selector", about("of its version; absent: latest"))};
};
struct NewIncidentNote {
  std::int64_t id = 0;
  std::string text;
  static constexpr Field fields[] = {field<&NewIncidentNote::id>("id", present | atLeast(1)),
                                     field<&NewIncidentNote::text>("text", required)};
};
struct Mitigation {
  std::int64_t id = 0;
  RawJson version;
  static constexpr Field fields[] = {
      field<&Mitigation::id>("id", present | atLeast(1)),
      field<&Mitigation::version>("version", present | about("of the same asset: number, SemVer or alias"))};
};
struct IncidentClosing {
  std::int64_t id = 0;
  std::string status, conclusion;
  bool report = false;
  static constexpr std::string_view documentation =
      "resolved: the version was flawed; it is archived and stays in quarantine. dismissed: it was not; the quarantine "
      "is lifted. For users who may approve and are not authors of the version or of its mitigation.";
  static constexpr Field fields[] = {
      field<&IncidentClosing::id>("id", present | atLeast(1)),
      field<&IncidentClosing::status>("status", required | about("resolved or dismissed")),
      field<&IncidentClosing::conclusion>("conclusion", required | about("kept in the ledger")),
      field<&IncidentClosing::report>("report", about("file the report as evidence of the version"))};
};
struct IncidentReportQuery {
  std::int64_t id = 0;
  std::string format;
  static constexpr Field fields[] = {
      field<&IncidentReportQuery::id>("id", present | atLeast(1)),
      field<&IncidentReportQuery::format>("format", about("markdown (default) or html"))};
};

Page<IncidentItem> listIncidents(Call& call, const IncidentQuery& query);
IncidentAnswer openIncident(Call& call, const NewIncident& request);
IncidentAnswer getIncident(Call& call, const NumberOnly& path);
IncidentAnswer addIncidentNote(Call& call, const NewIncidentNote& request);
IncidentAnswer setMitigation(Call& call, const Mitigation& request);
IncidentAnswer rollBackIncident(Call& call, const NumberOnly& path);
IncidentAnswer closeIncident(Call& call, const IncidentClosing& request);
Plain incidentReport(Call& call, const IncidentReportQuery& query);

}  // namespace regesta::api::native
