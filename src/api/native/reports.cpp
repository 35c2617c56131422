#include "api/native/reports.h"

#include "base/text.h"
#include "base/time.h"
#include "quality/quality.h"
#include "quality/report.h"

namespace regesta::api::native {

namespace {

constexpr std::int64_t dayMillis = 86'400'000;

std::int64_t timeOf(std::string_view text, std::string field, std::int64_t fallback) {
  if (text.empty()) return fallback;
  auto time = parseTime(text);
  if (!time) throw Invalid(std::move(field), "must be an RFC 3339 time such as 2026-11-25T02:15:12Z");
  return *time;
}

/// Numbers of versions by what reports call them; most of a batch's reports are about one or two.
class Numbers {
 public:
  Numbers(Call& call, const registry::AssetKey& key) : call_(call), key_(key) {}

  std::int64_t of(const RawJson& version, const std::string& field) {
    auto [at, isNew] = known_.try_emplace(version.text, 0);
    if (isNew) at->second = find(selectorOf(version, field));
    return at->second;
  }

 private:
  /// 0: there is none; then report() says so.
  std::int64_t find(const std::string& selector) {
    if (auto number = parseInteger(selector)) return *number;
    return call_.core.store.read([&](db::Transaction& transaction) -> std::int64_t {
      registry::Asset asset = registry::getAsset(transaction, key_);
      auto version = registry::findSemver(transaction, asset, selector);
      return version ? version->number : 0;
    });
  }
  Call& call_;
  const registry::AssetKey& key_;
  std::map<std::string, std::int64_t> known_;
};

std::vector<quality::Report> reportsOf(Call& call, const registry::AssetKey& key, const NewReports& asked) {
  Numbers numbers(call, key);
  std::vector<quality::Report> reports;
  for (const ReportItem& item : asked.reports) {
    std::string place = fmt::format("reports[{}]", reports.size());
    reports.push_back({key.name, numbers.of(item.version, place + ".version"), item.metric, item.value, item.unit,
                       item.key, timeOf(item.at, place + ".at", 0), "native"});
    if (reports.back().version == 0) reports.back().asked = selectorOf(item.version, place + ".version");
  }
  return reports;
}

WindowAnswer windowOf(const quality::Quality::Window& window) {
  return {timeText(window.from), window.summary.count(), window.summary.mean(), window.summary.quantile(0.5),
          window.summary.quantile(0.95)};
}

QualityItem itemOf(const quality::Quality& quality, bool withSeries) {
  QualityItem item;
  item.version = quality.version;
  item.semver = optionalText(quality.semver);
  item.metric = quality.metric;
  const quality::Summary& all = quality.all;
  item.count = all.count();
  item.mean = all.mean();
  item.deviation = all.deviation();
  if (all.count() > 1) {
    rollout::Interval interval = quality.interval();
    item.low = interval.low;
    item.high = interval.high;
  }
  item.least = all.least();
  item.most = all.most();
  item.p50 = all.quantile(0.5);
  item.p90 = all.quantile(0.9);
  item.p95 = all.quantile(0.95);
  item.p99 = all.quantile(0.99);
  item.lastAt = timeText(all.lastAt());
  if (!withSeries) return item;
  item.series.emplace();
  for (const quality::Quality::Window& window : quality.series) item.series->push_back(windowOf(window));
  return item;
}

std::int64_t hoursOf(std::string_view every) {
  if (every.empty()) return 0;
  if (every == "hour") return 1;
  if (every == "day") return 24;
  throw Invalid("every", "must be hour or day");
}

}  // namespace

ReportsAnswer addReports(Call& call, const NewReports& asked) {
  registry::AssetKey key = changeable(call, "prompt", asked.name);
  call.core.store.read([&](db::Transaction& transaction) { registry::getAsset(transaction, key); });
  std::vector<quality::ReportOutcome> outcomes =
      quality::report(call.core.store, *call.identity, call.workspace, reportsOf(call, key, asked));
  using Kind = quality::ReportOutcome::Kind;
  ReportsAnswer answer;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].kind == Kind::stored) ++answer.stored;
    if (outcomes[i].kind == Kind::duplicate) ++answer.duplicates;
    if (outcomes[i].kind == Kind::refused)
      answer.refused.push_back({static_cast<std::int64_t>(i), std::move(outcomes[i].error)});
  }
  if (answer.refused.size() == outcomes.size())
    throw Error(Code::invalid, fmt::format("reports[0].{}", answer.refused.front().error), writeAs(answer));
  return answer;
}

Page<QualityItem> promptQuality(Call& call, const QualityQuery& query) {
  registry::AssetKey key = readable(call, "prompt", query.name);
  quality::QualityQuery wanted;
  wanted.metric = query.metric;
  wanted.until = timeOf(query.until, "until", nowMillis() + dayMillis);
  wanted.since = timeOf(query.since, "since", nowMillis() - 30 * dayMillis);
  wanted.hours = hoursOf(query.every);
  std::int64_t from = readNumberToken(query.pageToken);
  return call.core.store.read([&](db::Transaction& transaction) {
    registry::Asset asset = registry::getAsset(transaction, key);
    if (!query.version.empty()) wanted.version = registry::resolveVersion(transaction, key, query.version).number;
    Page<QualityItem> page;
    std::int64_t place = 0;
    for (const quality::Quality& quality : quality::quality(transaction, asset, wanted)) {
      if (place++ < from) continue;
      if (page.items.size() == rowsOf(query.pageSize)) {
        page.nextPageToken = makeToken(std::to_string(place - 1));
        break;
      }
      page.items.push_back(itemOf(quality, wanted.hours > 0));
    }
    return page;
  });
}

}  // namespace regesta::api::native
