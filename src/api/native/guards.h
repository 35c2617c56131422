#pragma once
#include "api/native/rollouts.h"

namespace regesta::api::native {

struct GuardArm {
  std::int64_t version = 0, reports = 0;
  std::optional<double> mean;
  double low = 0, high = 0;
  static constexpr Field fields[] = {
      field<&GuardArm::version>("version"), field<&GuardArm::reports>("reports"), field<&GuardArm::mean>("mean"),
      field<&GuardArm::low>("low", about("of the mean's confidence sequence, in the metric's unit")),
      field<&GuardArm::high>("high")};
};
struct GuardAnswer {
  std::string guard, metric, arm, role, standing, why;
  GuardArm candidate, stable;
  std::string method;
  double e = 0, threshold = 0, fineE = 0;
  std::optional<double> p, frozenMean;
  std::int64_t observations = 0, late = 0;
  std::optional<double> splitP;
  std::optional<std::string> lastReportAt, breachedAt, unevenAt;
  RawJson config;
  static constexpr Field fields[] = {
      field<&GuardAnswer::guard>("guard"),
      field<&GuardAnswer::metric>("metric"),
      field<&GuardAnswer::arm>("arm"),
      field<&GuardAnswer::role>("role"),
      field<&GuardAnswer::standing>("standing", about("waiting, watching, fine, breached, uneven or \"no baseline\"")),
      field<&GuardAnswer::why>("why"),
      field<&GuardAnswer::candidate>("candidate"),
      field<&GuardAnswer::stable>("stable"),
      field<&GuardAnswer::method>("method"),
      field<&GuardAnswer::e>("e", about("evidence that the candidate is worse by more than the margin")),
      field<&GuardAnswer::threshold>("threshold", about("the guard acts when e reaches it")),
      field<&GuardAnswer::p>("p", about("anytime-valid")),
      field<&GuardAnswer::fineE>("fine_e", about("evidence that it is not")),
      field<&GuardAnswer::frozenMean>("frozen_mean", about("what the stable version had at least")),
      field<&GuardAnswer::observations>("observations", about("pairs, or reports once everybody gets the candidate")),
      field<&GuardAnswer::late>("late", about("reports that came too late to be compared")),
      field<&GuardAnswer::splitP>("split_p", about("p-value of the planned split of users; absent: none was counted")),
      field<&GuardAnswer::lastReportAt>("last_report_at"),
      field<&GuardAnswer::breachedAt>("breached_at"),
      field<&GuardAnswer::unevenAt>("uneven_at"),
      field<&GuardAnswer::config>("config")};
};
struct GuardsAnswer {
  std::int64_t rollout = 0;
  std::string status;
  std::optional<std::string> endedBy, endReason, hold;
  std::vector<GuardAnswer> items;
  static constexpr Field fields[] = {field<&GuardsAnswer::rollout>("rollout"),
                                     field<&GuardsAnswer::status>("status"),
                                     field<&GuardsAnswer::endedBy>("ended_by"),
                                     field<&GuardsAnswer::endReason>("end_reason"),
                                     field<&GuardsAnswer::hold>("hold", about("why the step does not end now")),
                                     field<&GuardsAnswer::items>("items")};
};

/// Status and actions of each guard of a rollout with reasons, also after its end.
GuardsAnswer rolloutGuards(Call& call, const RolloutPath& path);

}  // namespace regesta::api::native
