#include "delivery/report.h"

#include <cmath>

#include "base/time.h"
#include "registry/version.h"

namespace regesta::delivery {
namespace {

ReportOutcome store(db::Session& session, std::string_view workspace, const Report& one, std::int64_t now) {
  if (!std::isfinite(one.value)) return {ReportOutcome::Kind::refused, "value must be a finite number"};
  auto version =
      registry::findVersion(session, {std::string(workspace), registry::Kind::prompt, one.prompt}, one.version);
  if (!version)
    return {ReportOutcome::Kind::refused, fmt::format("prompt '{}' has no version {}", one.prompt, one.version)};
  std::optional<std::string> key;
  if (!one.key.empty()) key = one.key;
  std::int64_t stored = session.run(
      "INSERT INTO report (asset, number, metric, value, unit, key, at, source) VALUES ($1, $2, $3, $4, $5, $6, $7, "
      "$8) "
      "ON CONFLICT (asset, metric, key) DO NOTHING",
      {version->asset.id, one.version, one.metric, one.value, one.unit, key, one.at ? one.at : now, one.source});
  return {stored ? ReportOutcome::Kind::stored : ReportOutcome::Kind::duplicate, ""};
}

}  // namespace

std::vector<ReportOutcome> report(registry::Store& store, std::string_view workspace,
                                  const std::vector<Report>& reports) {
  std::int64_t now = nowMillis();
  return store.write([&](db::Session& session) {
    std::vector<ReportOutcome> outcomes;
    for (const Report& one : reports) outcomes.push_back(delivery::store(session, workspace, one, now));
    return outcomes;
  });
}

}  // namespace regesta::delivery
