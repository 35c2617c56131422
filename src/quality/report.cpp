#include "quality/report.h"

#include <cmath>
#include <map>
#include <set>

#include "base/error.h"
#include "base/limits_delivery.h"
#include "base/text.h"
#include "base/time.h"
#include "db/json_items.h"
#include "quality/summary.h"
#include "rollout/guard.h"

namespace regesta::quality {
namespace {

constexpr std::int64_t hourMillis = 3'600'000;

ReportOutcome refused(std::string why) { return {ReportOutcome::Kind::refused, std::move(why)}; }

std::string textProblem(std::string_view field, std::string_view text) {
  if (text.size() > limits::reportTextLength)
    return fmt::format("{} must have at most {} bytes", field, limits::reportTextLength);
  if (!isUtf8(text)) return fmt::format("{} must be UTF-8", field);
  for (unsigned char c : text)
    if (c < 0x20 || c == 0x7f) return fmt::format("{} must not hold control characters", field);
  return {};
}

/// What is wrong with it whatever the database holds; empty: nothing.
std::string problemOf(const Report& one, std::int64_t now) {
  if (one.metric.empty()) return "metric is required";
  for (auto [field, text] : {std::pair<std::string_view, std::string_view>{"metric", one.metric},
                             {"unit", one.unit},
                             {"key", one.key},
                             {"source", one.source}})
    if (std::string problem = textProblem(field, text); !problem.empty()) return problem;
  if (!std::isfinite(one.value)) return fmt::format("value must be a finite number, not {}", one.value);
  if (std::abs(one.value) > limits::reportMagnitude)
    return fmt::format("value must be between -{0:g} and {0:g}", limits::reportMagnitude);
  if (one.at > now + limits::reportAheadMillis) return "at must not be in the future";
  if (one.at != 0 && one.at < now - limits::reportAgeMillis) return "at must not be older than a year";
  return {};
}

/// The reports of one batch on their way into the tables.
class Batch {
 public:
  Batch(registry::Change& change, db::Dialect dialect, const access::Identity& caller, std::string_view workspace,
        const std::vector<Report>& reports)
      : change_(change),
        dialect_(dialect),
        caller_(caller),
        workspace_(workspace),
        reports_(reports),
        outcomes_(reports.size()) {}

  std::vector<ReportOutcome> run() {
    check();
    insert();
    summarise();
    watch();
    return std::move(outcomes_);
  }

 private:
  struct Accepted {
    std::size_t place;
    std::int64_t asset, at;
  };

  /// The asset's id, or nothing and `why` says what is missing.
  std::optional<std::int64_t> assetOf(const Report& one, std::string& why) {
    auto [found, isNew] = versions_.try_emplace({one.prompt, one.version});
    if (isNew) {
      db::Rows rows = change_.transaction.query(
          "SELECT a.id FROM asset a JOIN version v ON v.asset = a.id WHERE a.workspace = $1 AND a.kind = 'prompt' AND "
          "a.name = $2 AND v.number = $3 AND v.deleted = 0",
          {workspace_, one.prompt, one.version});
      if (rows.next()) found->second = rows.integer(0);
    }
    if (!found->second)
      why = fmt::format("version: prompt '{}' has no version {}", one.prompt,
                        one.asked.empty() ? std::to_string(one.version) : one.asked);
    return found->second;
  }

  rollout::Watch& watchOf(std::int64_t asset) {
    return watches_.try_emplace(asset, change_, dialect_, asset).first->second;
  }

  void check() {
    for (std::size_t place = 0; place < reports_.size(); ++place) {
      const Report& one = reports_[place];
      std::string why = problemOf(one, change_.now);
      std::optional<std::int64_t> asset;
      if (why.empty()) why = reportFault(one.reporter ? *one.reporter : caller_, workspace_, one.prompt);
      if (why.empty()) asset = assetOf(one, why);
      if (asset) why = watchOf(*asset).problemOf(one.version, one.metric, one.value);
      if (why.empty())
        accepted_.push_back({place, *asset, one.at ? one.at : change_.now});
      else
        outcomes_[place] = refused(std::move(why));
    }
  }

  void insert() {
    if (accepted_.empty()) return;
    std::string rows;
    JsonWriter writer(rows);
    writer.array();
    for (const Accepted& row : accepted_) {
      const Report& one = reports_[row.place];
      writer.array().number(row.asset).number(one.version).text(one.metric).real(one.value).text(one.unit);
      if (one.key.empty())
        writer.null();
      else
        writer.text(one.key);
      writer.number(row.at).text(one.source).end();
    }
    writer.end();
    std::set<std::tuple<std::int64_t, std::string, std::string>> fresh;
    db::Rows stored = change_.transaction.query(
        fmt::format("INSERT INTO report (asset, number, metric, value, unit, key, at, source) "
                    "SELECT CAST(value->>0 AS BIGINT), CAST(value->>1 AS BIGINT), value->>2, "
                    "CAST(value->>3 AS DOUBLE PRECISION), value->>4, value->>5, CAST(value->>6 AS BIGINT), value->>7 "
                    "FROM {} WHERE true ON CONFLICT (asset, metric, key) DO NOTHING RETURNING asset, metric, key",
                    db::jsonItems(dialect_, "$1")),
        {rows});
    while (stored.next())
      if (!stored.isNull(2)) fresh.emplace(stored.integer(0), stored.text(1), stored.text(2));
    std::erase_if(accepted_, [&](const Accepted& row) {
      const Report& one = reports_[row.place];
      // Of equal keys in one batch the first was stored.
      bool duplicate = !one.key.empty() && fresh.erase({row.asset, one.metric, one.key}) == 0;
      if (duplicate) outcomes_[row.place].kind = ReportOutcome::Kind::duplicate;
      return duplicate;
    });
  }

  void summarise() {
    std::map<std::tuple<std::int64_t, std::int64_t, std::string_view, std::int64_t>, Summary> sums;
    for (const Accepted& row : accepted_) {
      const Report& one = reports_[row.place];
      sums[{row.asset, one.version, one.metric, row.at / hourMillis}].see(one.value, row.at);
    }
    for (auto& [key, sum] : sums) {
      const auto& [asset, number, metric, hour] = key;
      db::Rows known = change_.transaction.query(
          "SELECT summary FROM report_summary WHERE asset = $1 AND number = $2 AND metric = $3 AND hour = $4",
          {asset, number, metric, hour});
      if (known.next()) sum.merge(Summary::parse(known.view(0)));
      change_.transaction.run(
          "INSERT INTO report_summary (asset, number, metric, hour, summary) VALUES ($1, $2, $3, $4, $5) "
          "ON CONFLICT (asset, number, metric, hour) DO UPDATE SET summary = excluded.summary",
          {asset, number, metric, hour, sum.text()});
    }
  }

  void watch() {
    std::map<std::int64_t, std::vector<rollout::Observation>> observed;
    for (const Accepted& row : accepted_) {
      const Report& one = reports_[row.place];
      observed[row.asset].push_back({one.version, one.metric, one.value, one.unit, row.at});
    }
    for (const auto& [asset, observations] : observed) watchOf(asset).see(observations);
  }

  registry::Change& change_;
  db::Dialect dialect_;
  const access::Identity& caller_;
  std::string workspace_;
  const std::vector<Report>& reports_;
  std::vector<ReportOutcome> outcomes_;
  std::vector<Accepted> accepted_;
  std::map<std::pair<std::string, std::int64_t>, std::optional<std::int64_t>> versions_;
  std::map<std::int64_t, rollout::Watch> watches_;
};

}  // namespace

std::string reportFault(const access::Identity& reporter, std::string_view workspace, std::string_view prompt) {
  using access::Verb;
  if (reporter.may(Verb::write, workspace, prompt)) return {};
  if (!reporter.may(Verb::read, workspace, prompt)) return fmt::format("There is no prompt named '{}'", prompt);
  return fmt::format("prompt: a report on '{}' requires the role contributor on it", prompt);
}

std::vector<ReportOutcome> report(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                                  const std::vector<Report>& reports) {
  if (reports.size() > limits::reportBatch)
    throw Invalid("reports", fmt::format("must be at most {} in one request", limits::reportBatch));
  if (reports.empty()) return {};
  db::Dialect dialect = store.database().dialect();
  return store.change(registry::guardActor(), [&](registry::Change& change) {
    return Batch(change, dialect, caller, workspace, reports).run();
  });
}

}  // namespace regesta::quality
