#include "tracking/run_search.h"

#include <set>

#include "base/error.h"
#include "tracking/input.h"
#include "tracking/ranking.h"

namespace regesta::tracking {
namespace {

using registry::Cell;
using registry::Condition;
using registry::Field;
using registry::OrderBy;

const registry::Grammar& grammar() {
  static const registry::Grammar it{.attributes = {{"run_id", "run_id", false, true},
                                                   {"run_name", "run_name"},
                                                   {"run name", "run_name"},
                                                   {"Run name", "run_name"},
                                                   {"Run Name", "run_name"},
                                                   {"user_id", "user_id"},
                                                   {"status", "status"},
                                                   {"artifact_uri", "artifact_uri"},
                                                   {"start_time", "start_time", true},
                                                   {"created", "start_time", true},
                                                   {"Created", "start_time", true},
                                                   {"end_time", "end_time", true}},
                                    .metrics = true,
                                    .params = true,
                                    .tags = true,
                                    .datasets = true,
                                    .noun = "run"};
  return it;
}

/// Where the columns of the scan stand; those that nothing needs are not read from the row.
enum Column {
  idColumn, runIdColumn, startColumn, statusColumn, endColumn, nameColumn, userColumn, uriColumn, metricsColumn, paramsColumn,
  tagsColumn, linksColumn
};
constexpr std::string_view scanColumns =
    "id, run_id, start_time, status, end_time, name, user_id, artifact_uri, metrics, params, tags, links";

/// Says how to fetch one left side of the filter or one order key from a row.
class Probe {
 public:
  Probe(Field field, const std::string& key, bool forFilter) : field_(field), attribute_(key), key_(key) {
    // MLflow filters names by the tag, which is what old clients wrote.
    if (forFilter && field == Field::attribute && key == "run_name") field_ = Field::tag, key_ = PackedKey(runNameTag);
  }
  Field field() const { return field_; }
  const std::string& key() const { return attribute_; }

  Cell operator()(const db::Rows& rows) const {
    switch (field_) {
      case Field::metric: return cell(key_.metricIn(rows.view(metricsColumn)));
      case Field::param: return cell(key_.textIn(rows.view(paramsColumn)));
      case Field::tag: return cell(key_.textIn(rows.view(tagsColumn)));
      default: return attribute(rows);
    }
  }

 private:
  template <class T>
  static Cell cell(std::optional<T>&& maybe) {
    return maybe ? Cell(std::move(*maybe)) : Cell();
  }
  Cell attribute(const db::Rows& rows) const {
    if (attribute_ == "start_time") return static_cast<double>(rows.integer(startColumn));
    if (attribute_ == "end_time") {
      auto end = rows.maybeInteger(endColumn);
      return end ? Cell(static_cast<double>(*end)) : Cell();
    }
    if (attribute_ == "run_id") return rows.text(runIdColumn);
    if (attribute_ == "run_name") return rows.text(nameColumn);
    if (attribute_ == "user_id") return rows.text(userColumn);
    if (attribute_ == "artifact_uri") return rows.text(uriColumn);
    return std::string(statusName(static_cast<RunStatus>(std::clamp<std::int64_t>(rows.integer(statusColumn), 1, 5))));
  }

  Field field_;
  std::string attribute_;
  PackedKey key_;
};

/// True when one of the run's inputs has it; each condition on datasets stands for itself.
bool anyInputMatches(const Condition& condition, const std::vector<DatasetInput>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [&](const DatasetInput& input) {
    if (condition.key == "name") return registry::matches(condition, Cell(input.name));
    if (condition.key == "digest") return registry::matches(condition, Cell(input.digest));
    auto context = input.tags.find(datasetContextTag);
    return registry::matches(condition, context == input.tags.end() ? Cell() : Cell(context->second));
  });
}

class Filter {
 public:
  explicit Filter(std::vector<Condition> conditions) : conditions_(std::move(conditions)) {
    for (const Condition& condition : conditions_) probes_.emplace_back(condition.field, condition.key, true);
  }
  bool empty() const { return conditions_.empty(); }
  bool operator()(const db::Rows& rows) const {
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      bool fits = conditions_[i].field == Field::dataset ? anyInputMatches(conditions_[i], unpackLinks(rows.view(linksColumn)).inputs)
                                                         : registry::matches(conditions_[i], probes_[i](rows));
      if (!fits) return false;
    }
    return true;
  }

 private:
  std::vector<Condition> conditions_;
  std::vector<Probe> probes_;
};

struct Ranked {
  std::vector<Cell> cells;
  std::int64_t start = 0;
  std::string runId;
  std::int64_t row = 0;
};

std::vector<OrderBy> orderOf(const std::vector<std::string>& texts) {
  std::vector<OrderBy> order;
  for (const std::string& text : texts) {
    OrderBy by = registry::parseOrderBy(text, grammar());
    if (by.field == Field::dataset) throw Error(Code::invalid, "Invalid identifier type 'dataset'");
    bool twice = std::any_of(order.begin(), order.end(), [&](const OrderBy& o) { return o.field == by.field && o.key == by.key; });
    if (twice) throw error(Code::invalid, "`order_by` contains duplicate fields: {}", text);
    order.push_back(std::move(by));
  }
  return order;
}

/// One pass over the experiments; the rows that the page may need, best first.
class Scan {
 public:
  Scan(db::Session& session, std::string_view workspace, const RunSearch& search, std::size_t capacity)
      : session_(session), workspace_(workspace), view_(search.view), capacity_(capacity),
        filter_(registry::parseFilter(search.filter, grammar())), order_(orderOf(search.orderBy)) {
    for (const OrderBy& by : order_) probes_.emplace_back(by.field, by.key, false);
  }

  std::vector<Ranked> over(const std::set<std::int64_t>& experiments) {
    auto before = [&](const Ranked& a, const Ranked& b) {
      if (int decided = compareCells(a.cells, b.cells, order_)) return decided < 0;
      return std::tie(b.start, a.runId) < std::tie(a.start, b.runId);
    };
    Best<Ranked, decltype(before)> best(capacity_, before);
    for (std::int64_t experiment : experiments) {
      if (!findExperiment(session_, workspace_, experiment)) continue;
      for (int stage = view_ == View::deletedOnly; stage <= (view_ != View::activeOnly); ++stage) read(experiment, stage, best);
    }
    return best.sorted();
  }

 private:
  template <class Sink>
  void read(std::int64_t experiment, int stage, Sink& best) {
    static const std::string all =
        fmt::format("SELECT {} FROM run WHERE experiment = $1 AND stage = $2", scanColumns);
    // Nothing to evaluate and the natural order: the index gives the rows in order, so the page is where it stops.
    static const std::string newest =
        "SELECT id, run_id, start_time FROM run WHERE experiment = $1 AND stage = $2 "
        "ORDER BY start_time DESC, run_id LIMIT $3";
    bool natural = filter_.empty() && order_.empty();
    db::Rows rows = natural ? session_.query(newest, {experiment, stage, capacity_}) : session_.query(all, {experiment, stage});
    while (rows.next()) {
      if (!natural && !filter_(rows)) continue;
      Ranked ranked{.start = rows.integer(startColumn), .runId = rows.text(runIdColumn), .row = rows.integer(idColumn)};
      ranked.cells.reserve(probes_.size());
      for (const Probe& probe : probes_) ranked.cells.push_back(probe(rows));
      best.offer(std::move(ranked));
    }
  }

  db::Session& session_;
  std::string_view workspace_;
  View view_;
  std::size_t capacity_;
  Filter filter_;
  std::vector<OrderBy> order_;
  std::vector<Probe> probes_;
};

}  // namespace

Page<Run> searchRuns(db::Session& session, std::string_view workspace, const RunSearch& search) {
  static const std::string byRow = fmt::format("SELECT {} FROM run WHERE id = $1", runColumns);
  checkMaxResults(search.maxResults);
  std::int64_t offset = pageOffset(search.pageToken);
  auto wanted = static_cast<std::size_t>(offset + search.maxResults + 1);
  Scan scan(session, workspace, search, wanted);
  std::vector<Ranked> ranked = scan.over({search.experiments.begin(), search.experiments.end()});

  Page<Run> page;
  auto end = std::min(ranked.size(), wanted - 1);
  for (auto i = static_cast<std::size_t>(offset); i < end; ++i) {
    db::Rows rows = session.query(byRow, {ranked[i].row});
    if (rows.next()) page.items.push_back(readRun(rows));
  }
  if (ranked.size() == wanted) page.nextPageToken = registry::pageToken(offset + search.maxResults);
  return page;
}

}  // namespace regesta::tracking
