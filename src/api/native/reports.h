#pragma once
#include "api/native/common.h"
#include "base/limits_delivery.h"

namespace regesta::api::native {

struct ReportItem {
  RawJson version;
  std::string metric;
  double value = 0;
  std::string unit, key, at;
  static constexpr Field fields[] = {
      field<&ReportItem::version>("version", present | about("number or SemVer, as the resolve answer had it")),
      field<&ReportItem::metric>("metric", required | about("helpfulness, latency_ms, error")),
      field<&ReportItem::value>("value", present),
      field<&ReportItem::unit>("unit", about("user or session; one user's reports within a guard's window count once")),
      field<&ReportItem::key>("key", about("idempotency key: a second report with it does not count")),
      field<&ReportItem::at>("at", about("RFC 3339; absent: now"))};
};
struct NewReports {
  std::string name;
  std::vector<ReportItem> reports;
  static constexpr std::string_view documentation =
      "Reports feed the quality of each version and the guards of running rollouts.";
  static constexpr Field fields[] = {
      field<&NewReports::name>("name", required),
      field<&NewReports::reports>("reports",
                                  required | atLeast(1) | atMost(static_cast<std::int64_t>(limits::reportBatch)))};
};
struct RefusedReport {
  std::int64_t index = 0;
  std::string error;
  static constexpr Field fields[] = {field<&RefusedReport::index>("index"), field<&RefusedReport::error>("error")};
};
struct ReportsAnswer {
  std::int64_t stored = 0, duplicates = 0;
  std::vector<RefusedReport> refused;
  static constexpr Field fields[] = {field<&ReportsAnswer::stored>("stored"),
                                     field<&ReportsAnswer::duplicates>("duplicates"),
                                     field<&ReportsAnswer::refused>("refused")};
};

struct QualityQuery {
  std::string name, version, metric, since, until, every, pageToken;
  std::int64_t pageSize = 0;
  static constexpr std::string_view documentation = "Metrics of each version over a window.";
  static constexpr Field fields[] = {
      field<&QualityQuery::name>("name", required),
      field<&QualityQuery::version>("version", about("a selector; absent: every version")),
      field<&QualityQuery::metric>("metric"),
      field<&QualityQuery::since>("since", about("RFC 3339; absent: 30 days ago")),
      field<&QualityQuery::until>("until"),
      field<&QualityQuery::every>("every", about("hour or day: also a series over time")),
      field<&QualityQuery::pageToken>("page_token"),
      field<&QualityQuery::pageSize>("page_size", pageRule)};
};
struct WindowAnswer {
  std::optional<std::string> from;
  std::int64_t count = 0;
  double mean = 0, p50 = 0, p95 = 0;
  static constexpr Field fields[] = {field<&WindowAnswer::from>("from"), field<&WindowAnswer::count>("count"),
                                     field<&WindowAnswer::mean>("mean"), field<&WindowAnswer::p50>("p50"),
                                     field<&WindowAnswer::p95>("p95")};
};
struct QualityItem {
  std::int64_t version = 0;
  std::optional<std::string> semver;
  std::string metric;
  std::int64_t count = 0;
  double mean = 0, deviation = 0;
  std::optional<double> low, high;
  double least = 0, most = 0, p50 = 0, p90 = 0, p95 = 0, p99 = 0;
  std::optional<std::string> lastAt;
  std::optional<std::vector<WindowAnswer>> series;
  static constexpr Field fields[] = {
      field<&QualityItem::version>("version"),
      field<&QualityItem::semver>("semver"),
      field<&QualityItem::metric>("metric"),
      field<&QualityItem::count>("count"),
      field<&QualityItem::mean>("mean"),
      field<&QualityItem::deviation>("deviation"),
      field<&QualityItem::low>("low", about("of the mean's 95 % confidence sequence; absent below 2 reports")),
      field<&QualityItem::high>("high"),
      field<&QualityItem::least>("min"),
      field<&QualityItem::most>("max"),
      field<&QualityItem::p50>("p50", about("quantiles are within 1 %")),
      field<&QualityItem::p90>("p90"),
      field<&QualityItem::p95>("p95"),
      field<&QualityItem::p99>("p99"),
      field<&QualityItem::lastAt>("last_at"),
      field<&QualityItem::series>("series")};
};

/// Durable when it returns, and guards have acted. A refused report does not affect the others; if all are refused, the
/// request is.
ReportsAnswer addReports(Call& call, const NewReports& request);
Page<QualityItem> promptQuality(Call& call, const QualityQuery& query);

}  // namespace regesta::api::native
