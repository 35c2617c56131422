#include "quality/trace_link.h"

#include <cmath>
#include <map>
#include <set>

#include "access/grants.h"
#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "db/columns.h"

namespace regesta::quality {
namespace {

std::string_view plain(std::string_view trace) { return trace.starts_with("tr-") ? trace.substr(3) : trace; }

/// Now and then the oldest rows go: a table's newest `most` stay, give or take one interval.
void prune(db::Transaction& transaction, std::string_view table, std::int64_t newest, std::int64_t most) {
  constexpr std::int64_t interval = 256;
  if (newest % interval == 0 && newest > most)
    transaction.run(fmt::format("DELETE FROM {} WHERE id <= $1", table), {newest - most});
}

struct Versioned {
  std::int64_t asset = 0, number = 0;
};

std::optional<Versioned> findUsed(db::Transaction& transaction, std::string_view workspace, const PromptUse& use) {
  std::int64_t number = parseInteger(use.version).value_or(0);
  db::Rows rows = transaction.query(
      "SELECT a.id, v.number FROM asset a JOIN version v ON v.asset = a.id WHERE a.workspace = $1 AND a.kind = "
      "'prompt' "
      "AND a.name = $2 AND v.deleted = 0 AND (v.number = $3 OR v.semver = $4)",
      {workspace, use.prompt, number, use.version});
  if (!rows.next()) return std::nullopt;
  return Versioned{rows.integer(0), rows.integer(1)};
}

bool insertLink(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                const PromptUse& use) {
  if (!reportFault(caller, workspace, use.prompt).empty()) return false;
  std::optional<Versioned> used = findUsed(transaction, workspace, use);
  if (!used) return false;
  db::Rows rows = transaction.query(
      "INSERT INTO trace_link (workspace, trace, span, asset, number) VALUES ($1, $2, $3, $4, $5) "
      "ON CONFLICT (workspace, trace, span, asset, number) DO NOTHING RETURNING id",
      {workspace, plain(use.trace), use.span, used->asset, used->number});
  if (!rows.next()) return false;
  prune(transaction, "trace_link", rows.integer(0), limits::traceLinks);
  return true;
}

bool insertValue(db::Transaction& transaction, std::string_view workspace, const TracedValue& value) {
  db::Rows rows = transaction.query(
      "INSERT INTO trace_value (workspace, trace, span, metric, value, unit, key, at, source, actor) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (workspace, trace, key, metric) DO NOTHING "
      "RETURNING id",
      {workspace, plain(value.trace), value.span, value.metric, value.value, value.unit, value.key, value.at,
       value.source, value.actor});
  if (!rows.next()) return false;
  prune(transaction, "trace_value", rows.integer(0), limits::tracedValues);
  return true;
}

std::string reporterOf(db::Transaction& transaction, std::string_view workspace, const TracedValue& value) {
  db::Rows rows = transaction.query(
      "SELECT actor FROM trace_value WHERE workspace = $1 AND trace = $2 AND key = $3 AND metric = $4",
      {workspace, plain(value.trace), value.key, value.metric});
  return rows.next() ? rows.text(0) : std::string();
}

/// The newest values about a trace.
std::vector<TracedValue> valuesOf(db::Transaction& transaction, std::string_view workspace, std::string_view trace) {
  static constexpr std::string_view sql =
      "SELECT span, metric, value, unit, key, at, source, actor FROM trace_value WHERE workspace = $1 AND trace = $2 "
      "ORDER BY id DESC LIMIT $3";
  constexpr db::Columns column(sql);
  std::vector<TracedValue> values;
  db::Rows rows = transaction.query(sql, {workspace, trace, limits::valuesPerTrace});
  while (rows.next())
    values.push_back({.trace = std::string(trace),
                      .span = rows.text(column["span"]),
                      .metric = rows.text(column["metric"]),
                      .value = rows.real(column["value"]),
                      .unit = rows.text(column["unit"]),
                      .key = rows.text(column["key"]),
                      .at = rows.integer(column["at"]),
                      .source = rows.text(column["source"]),
                      .actor = rows.text(column["actor"])});
  return values;
}

/// The version is part of the key: one value about a trace that used two versions of a prompt counts for both.
Report reportOn(const TraceLink& link, const TracedValue& value) {
  return {.prompt = link.prompt,
          .version = link.version,
          .metric = value.metric,
          .value = value.value,
          .unit = value.unit,
          .key = fmt::format("{}@{}", value.key, link.version),
          .at = value.at,
          .source = value.source};
}

std::string faultOf(const TracedValue& value) {
  if (plain(value.trace).empty()) return "trace is required";
  if (value.metric.empty()) return "metric is required";
  if (!std::isfinite(value.value)) return "value must be a finite number";
  return {};
}

}  // namespace

std::size_t linkTraces(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                       const std::vector<PromptUse>& uses) {
  if (uses.empty()) return 0;
  std::size_t fresh = 0;
  std::map<std::string, access::Identity> tellers;
  // Also for existing links: the server may have stopped between linking and reporting.
  auto reports = store.write([&](db::Transaction& transaction) {
    fresh = 0;
    std::set<std::string_view> traces;
    for (const PromptUse& use : uses) {
      fresh += insertLink(transaction, caller, workspace, use);
      traces.insert(plain(use.trace));
    }
    std::vector<Report> found;
    for (std::string_view trace : traces)
      for (const TracedValue& value : valuesOf(transaction, workspace, trace)) {
        const access::Identity* teller = &caller;
        if (value.actor != caller.actor.name) {
          auto [known, isNew] = tellers.try_emplace(value.actor);
          if (isNew) known->second = access::identityOf(transaction, value.actor, nowMillis());
          teller = &known->second;
        }
        for (const TraceLink& link : linksOf(transaction, workspace, trace, value.span)) {
          found.push_back(reportOn(link, value));
          found.back().reporter = teller;
        }
      }
    return found;
  });
  if (!reports.empty()) report(store, caller, workspace, reports);
  return fresh;
}

std::vector<TraceLink> linksOf(db::Transaction& transaction, std::string_view workspace, std::string_view trace,
                               std::string_view span) {
  std::vector<TraceLink> links;
  db::Rows rows = transaction.query(
      "SELECT MIN(l.span), a.name, l.number FROM trace_link l JOIN asset a ON a.id = l.asset "
      "WHERE l.workspace = $1 AND l.trace = $2 AND ($3 = '' OR l.span = '' OR l.span = $3) "
      "GROUP BY a.name, l.number ORDER BY a.name, l.number",
      {workspace, plain(trace), span});
  while (rows.next()) links.push_back({rows.text(0), rows.text(1), rows.integer(2)});
  return links;
}

std::vector<TracedOutcome> reportTraced(registry::Store& store, const access::Identity& caller,
                                        std::string_view workspace, const std::vector<TracedValue>& values) {
  using Kind = TracedOutcome::Kind;
  std::vector<TracedOutcome> outcomes;
  std::vector<TracedValue> kept = values;
  for (TracedValue& value : kept) {
    if (value.key.empty()) value.key = randomHex(16);
    if (value.at == 0) value.at = nowMillis();
    value.actor = caller.actor.name;
    std::string fault = faultOf(value);
    outcomes.push_back({fault.empty() ? Kind::waiting : Kind::refused, fault});
  }
  std::vector<std::size_t> owners;  // which value a report is of
  auto reports = store.write([&](db::Transaction& transaction) {
    std::vector<Report> found;
    owners.clear();
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (outcomes[i].kind == Kind::refused) continue;
      outcomes[i].kind = insertValue(transaction, workspace, kept[i]) ? Kind::waiting : Kind::duplicate;
      // If another sender repeats it, it still counts with the first sender's permission.
      if (outcomes[i].kind == Kind::duplicate && reporterOf(transaction, workspace, kept[i]) != caller.actor.name)
        continue;
      for (const TraceLink& link : linksOf(transaction, workspace, kept[i].trace, kept[i].span)) {
        found.push_back(reportOn(link, kept[i]));
        owners.push_back(i);
      }
    }
    return found;
  });
  if (reports.empty()) return outcomes;
  std::vector<ReportOutcome> told = report(store, caller, workspace, reports);
  for (std::size_t n = 0; n < told.size(); ++n)
    if (told[n].kind == ReportOutcome::Kind::stored) outcomes[owners[n]].kind = Kind::reported;
  return outcomes;
}

}  // namespace regesta::quality
