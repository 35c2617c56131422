#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct StandingGuardAnswer {
  std::string alias, guard;
  RawJson rule;
  std::string state, why;
  std::optional<std::int64_t> version, breachedVersion;
  std::optional<std::string> breachedAt, outcome, setAt;
  std::string setBy;
  RawJson numbers;
  static constexpr Field fields[] = {
      field<&StandingGuardAnswer::alias>("alias"),
      field<&StandingGuardAnswer::guard>("guard"),
      field<&StandingGuardAnswer::rule>("rule", about("metric, direction, threshold, margin, min_reports, "
                                                      "window_hours, on_breach")),
      field<&StandingGuardAnswer::state>("state", about("waiting, watching, fine or breached")),
      field<&StandingGuardAnswer::why>("why"),
      field<&StandingGuardAnswer::version>("version", about("that the alias points to")),
      field<&StandingGuardAnswer::numbers>("numbers", about("what was compared")),
      field<&StandingGuardAnswer::breachedVersion>("breached_version", about("of the newest breach")),
      field<&StandingGuardAnswer::breachedAt>("breached_at"),
      field<&StandingGuardAnswer::outcome>("outcome", about("of the newest breach")),
      field<&StandingGuardAnswer::setAt>("set_at"),
      field<&StandingGuardAnswer::setBy>("set_by")};
};
struct StandingGuardsQuery {
  std::string kind, name, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&StandingGuardsQuery::kind>("kind", required),
                                     field<&StandingGuardsQuery::name>("name", required),
                                     field<&StandingGuardsQuery::pageToken>("page_token"),
                                     field<&StandingGuardsQuery::pageSize>("page_size", pageRule)};
};
struct StandingGuardPath {
  std::string kind, name, alias, guard;
  static constexpr Field fields[] = {
      field<&StandingGuardPath::kind>("kind", required), field<&StandingGuardPath::name>("name", required),
      field<&StandingGuardPath::alias>("alias", required), field<&StandingGuardPath::guard>("guard", required)};
};
struct NewStandingGuard {
  std::string kind, name, alias, guard, metric, direction, onBreach;
  RawJson threshold, margin, minReports, windowHours;
  static constexpr std::string_view documentation =
      "Watches an alias that stands normally. Alerts, or rolls back to the last good version through the gate.";
  static constexpr Field fields[] = {
      field<&NewStandingGuard::kind>("kind", required | about("prompt or model")),
      field<&NewStandingGuard::name>("name", required),
      field<&NewStandingGuard::alias>("alias", required),
      field<&NewStandingGuard::guard>("guard", required | about("name of the guard")),
      field<&NewStandingGuard::metric>("metric", required | about("for models an assessment's name, error or "
                                                                  "latency_ms")),
      field<&NewStandingGuard::direction>("direction", about("which is better: higher (default) or lower")),
      field<&NewStandingGuard::threshold>("threshold", about("the mean must not be clearly worse")),
      field<&NewStandingGuard::margin>("margin", about("how much worse than the version before the mean may be")),
      field<&NewStandingGuard::minReports>("min_reports", about("of each version that is judged; absent: 30")),
      field<&NewStandingGuard::windowHours>("window_hours", about("how far back; 0: everything; absent: 168")),
      field<&NewStandingGuard::onBreach>("on_breach", about("alert (default) or rollback"))};
};

Page<StandingGuardAnswer> listStandingGuards(Call& call, const StandingGuardsQuery& asked);
StandingGuardAnswer setStandingGuard(Call& call, const NewStandingGuard& request);
Empty deleteStandingGuard(Call& call, const StandingGuardPath& path);

}  // namespace regesta::api::native
