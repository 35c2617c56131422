#include "tracking/run_search.h"

#include <array>
#include <set>
#include <span>
#include <unordered_map>

#include "base/limits.h"
#include "filter/query_error.h"
#include "tracking/input.h"
#include "tracking/ranking.h"

namespace regesta::tracking {
namespace {

using filter::Cell;
using filter::Comparator;
using filter::Condition;
using filter::Field;
using filter::OrderBy;
using filter::QueryRule;

const filter::Grammar& grammar() {
  static const filter::Grammar it{.attributes = {{"run_id", "run_id", false, true},
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

enum Column {
  idColumn,
  runIdColumn,
  startColumn,
  statusColumn,
  endColumn,
  nameColumn,
  userColumn,
  uriColumn,
  metricsColumn,
  paramsColumn,
  tagsColumn,
  linksColumn,
  columnCount
};
constexpr std::string_view columnNames[columnCount] = {"id",       "run_id", "start_time", "status",
                                                       "end_time", "name",   "user_id",    "artifact_uri",
                                                       "metrics",  "params", "tags",       "links"};

/// The columns that a scan reads and where they stand: the database copies each selected one for every row, so a search
/// selects what its filter and order name and nothing else.
class Layout {
 public:
  Layout() {
    places_.fill(-1);
    for (Column always : {idColumn, runIdColumn, startColumn}) need(always);
  }
  void need(Column column) {
    if (places_[column] >= 0) return;
    places_[column] = count_++;
    list_ += list_.empty() ? "" : ", ";
    list_ += columnNames[column];
  }
  int operator[](Column column) const { return places_[column]; }
  const std::string& list() const { return list_; }

 private:
  std::array<int, columnCount> places_;
  int count_ = 0;
  std::string list_;
};

Column columnOf(Field field, std::string_view key) {
  switch (field) {
    case Field::metric:
      return metricsColumn;
    case Field::param:
      return paramsColumn;
    case Field::tag:
      return tagsColumn;
    case Field::dataset:
      return linksColumn;
    default:
      break;
  }
  if (key == "run_name") return nameColumn;
  return static_cast<Column>(std::find(std::begin(columnNames), std::end(columnNames), key) - std::begin(columnNames));
}

/// Fetches one left side of the filter, or one order key, from a row.
class Probe {
 public:
  Probe(Field field, const std::string& key, bool forFilter) : field_(field), key_(key) {
    // Filters by the tag, because old clients set only that.
    if (forFilter && field == Field::attribute && key == "run_name") field_ = Field::tag, key_ = PackedKey(runNameTag);
    column_ = columnOf(field_, key);
  }
  Column column() const { return column_; }

  Cell operator()(const db::Rows& rows, const Layout& layout) const {
    int place = layout[column_];
    switch (column_) {
      case metricsColumn:
        return cell(key_.metricIn(rows.view(place)));
      case paramsColumn:
      case tagsColumn:
        return cell(key_.textIn(rows.view(place)));
      case startColumn:
        return static_cast<double>(rows.integer(place));
      case endColumn:
        return rows.isNull(place) ? Cell() : Cell(static_cast<double>(rows.integer(place)));
      case statusColumn:
        return std::string(statusName(static_cast<RunStatus>(std::clamp<std::int64_t>(rows.integer(place), 1, 5))));
      default:
        return rows.text(place);
    }
  }

 private:
  template <class T>
  static Cell cell(std::optional<T>&& maybe) {
    return maybe ? Cell(std::move(*maybe)) : Cell();
  }
  Field field_;
  PackedKey key_;
  Column column_;
};

/// True when one of the run's inputs has it; each condition on datasets is checked separately.
bool anyInputMatches(const Condition& condition, const std::vector<DatasetInput>& inputs) {
  return std::any_of(inputs.begin(), inputs.end(), [&](const DatasetInput& input) {
    if (condition.key == "name") return filter::matches(condition, Cell(input.name));
    if (condition.key == "digest") return filter::matches(condition, Cell(input.digest));
    auto context = input.tags.find(datasetContextTag);
    return filter::matches(condition, context == input.tags.end() ? Cell() : Cell(context->second));
  });
}

/// The run ids that a condition allows and no others; nothing when it is about something else.
std::optional<std::set<std::string>> runsNamedBy(const Condition& condition) {
  if (condition.field != Field::attribute || condition.key != "run_id") return std::nullopt;
  if (condition.comparator == Comparator::equal) return std::set{std::get<std::string>(condition.operand)};
  if (condition.comparator != Comparator::in) return std::nullopt;
  const auto& list = std::get<std::vector<std::string>>(condition.operand);
  return std::set<std::string>(list.begin(), list.end());
}

class Filter {
 public:
  explicit Filter(std::vector<Condition> conditions) : conditions_(std::move(conditions)) {
    for (const Condition& condition : conditions_) probes_.emplace_back(condition.field, condition.key, true);
  }
  bool empty() const { return conditions_.empty(); }
  const std::vector<Probe>& probes() const { return probes_; }
  /// When the filter names the runs it looks for, they need not be searched.
  std::optional<std::set<std::string>> runsNamed() const {
    for (const Condition& condition : conditions_)
      if (auto named = runsNamedBy(condition)) return named;
    return std::nullopt;
  }
  bool operator()(const db::Rows& rows, const Layout& layout) const {
    for (std::size_t i = 0; i < conditions_.size(); ++i) {
      bool fits = conditions_[i].field == Field::dataset
                      ? anyInputMatches(conditions_[i], unpackLinks(rows.view(layout[linksColumn])).inputs)
                      : filter::matches(conditions_[i], probes_[i](rows, layout));
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
  filter::checkOrderCount(texts.size());
  std::vector<OrderBy> order;
  for (const std::string& text : texts) {
    OrderBy by = filter::parseOrderBy(text, grammar());
    if (by.field == Field::dataset)
      filter::refuseOrder(QueryRule::orderField, "must not name a dataset", text, {"dataset"});
    bool twice = std::any_of(order.begin(), order.end(),
                             [&](const OrderBy& o) { return o.field == by.field && o.key == by.key; });
    if (twice) filter::refuseOrder(QueryRule::orderRepeated, "must not repeat a field", text, texts);
    order.push_back(std::move(by));
  }
  return order;
}

/// One pass over the experiments; the rows that the page may need, best first.
class Scan {
 public:
  Scan(db::Transaction& transaction, std::string_view workspace, const RunSearch& search, std::size_t capacity)
      : transaction_(transaction),
        workspace_(workspace),
        view_(search.view),
        capacity_(capacity),
        filter_(filter::parseFilter(search.filter, grammar())),
        named_(filter_.runsNamed()),
        order_(orderOf(search.orderBy)) {
    for (const OrderBy& by : order_) probes_.emplace_back(by.field, by.key, false);
    for (const Probe& probe : filter_.probes()) layout_.need(probe.column());
    for (const Probe& probe : probes_) layout_.need(probe.column());
    sql_ = fmt::format("SELECT {} FROM run WHERE experiment = $1 AND stage = $2", layout_.list());
  }

  std::vector<Ranked> over(const std::set<std::int64_t>& experiments) {
    auto before = [&](const Ranked& a, const Ranked& b) {
      if (int decided = compareCells(a.cells, b.cells, order_)) return decided < 0;
      return std::tie(b.start, a.runId) < std::tie(a.start, b.runId);
    };
    Best<Ranked, decltype(before)> best(capacity_, before);
    each(experiments, [&](std::int64_t experiment, int stage) { read(experiment, stage, best); });
    return best.sorted();
  }
  std::int64_t count(const std::set<std::int64_t>& experiments) {
    std::int64_t matching = 0;
    each(experiments, [&](std::int64_t experiment, int stage) { matching += countIn(experiment, stage); });
    return matching;
  }

 private:
  template <class Fn>
  void each(const std::set<std::int64_t>& experiments, Fn fn) {
    for (std::int64_t experiment : experiments) {
      if (!findExperiment(transaction_, workspace_, experiment)) continue;
      for (int stage = view_ == View::deletedOnly; stage <= (view_ != View::activeOnly); ++stage) fn(experiment, stage);
    }
  }

  std::int64_t countIn(std::int64_t experiment, int stage) {
    if (filter_.empty()) {
      db::Rows rows =
          transaction_.query("SELECT COUNT(*) FROM run WHERE experiment = $1 AND stage = $2", {experiment, stage});
      return rows.next() ? rows.integer(0) : 0;
    }
    std::int64_t matching = 0;
    eachMatch(experiment, stage, [&](const db::Rows&) { ++matching; });
    return matching;
  }

  template <class Fn>
  void eachMatch(std::int64_t experiment, int stage, Fn fn) {
    auto visit = [&](db::Rows rows) {
      while (rows.next())
        if (filter_(rows, layout_)) fn(rows);
    };
    if (!named_) return visit(transaction_.query(sql_, {experiment, stage}));
    for (const std::string& runId : *named_)
      visit(transaction_.query(sql_ + " AND run_id = $3", {experiment, stage, runId}));
  }

  template <class Sink>
  void read(std::int64_t experiment, int stage, Sink& best) {
    // Nothing to evaluate and the natural order: the index gives the rows in order, so the page is where it stops.
    static const std::string newest =
        "SELECT id, run_id, start_time FROM run WHERE experiment = $1 AND stage = $2 "
        "ORDER BY start_time DESC, run_id LIMIT $3";
    if (filter_.empty() && order_.empty()) {
      db::Rows rows = transaction_.query(newest, {experiment, stage, capacity_});
      while (rows.next()) best.offer(rankedOf(rows));
    } else {
      eachMatch(experiment, stage, [&](const db::Rows& rows) { best.offer(rankedOf(rows)); });
    }
  }

  Ranked rankedOf(const db::Rows& rows) const {
    Ranked ranked{.start = rows.integer(layout_[startColumn]),
                  .runId = rows.text(layout_[runIdColumn]),
                  .row = rows.integer(layout_[idColumn])};
    ranked.cells.reserve(probes_.size());
    for (const Probe& probe : probes_) ranked.cells.push_back(probe(rows, layout_));
    return ranked;
  }

  db::Transaction& transaction_;
  std::string_view workspace_;
  View view_;
  std::size_t capacity_;
  Filter filter_;
  std::optional<std::set<std::string>> named_;
  std::vector<OrderBy> order_;
  std::vector<Probe> probes_;
  Layout layout_;
  std::string sql_;
};

constexpr std::size_t chunk = 50;

template <std::size_t... i>
db::Rows rowsOf(db::Transaction& transaction, const std::array<std::int64_t, chunk>& ids, std::index_sequence<i...>) {
  static const std::string sql = [] {
    std::string list;
    for (std::size_t n = 1; n <= chunk; ++n) list += fmt::format("{}${}", n == 1 ? "" : ", ", n);
    return fmt::format("SELECT {} FROM run WHERE id IN ({})", runColumns, list);
  }();
  return transaction.query(sql, {ids[i]...});
}

std::size_t summarySize(const db::Rows& rows) {
  constexpr int firstSummary = 14;  // metrics, params, tags, links: the last of runColumns
  std::size_t size = 0;
  for (int column = firstSummary; column < firstSummary + 4; ++column) size += rows.view(column).size();
  return size;
}

/// The runs of these rows, in this order; many with one statement, because a round trip each would be felt. Fewer
/// than asked for when they are so large that a page of them would not fit in memory.
std::vector<Run> runsOf(db::Transaction& transaction, std::span<const Ranked> ranked) {
  std::vector<Run> runs;
  std::size_t size = 0;
  for (std::size_t from = 0; from < ranked.size() && size < limits::searchAnswer; from += chunk) {
    std::size_t count = std::min(chunk, ranked.size() - from);
    std::unordered_map<std::int64_t, std::size_t> places;
    std::array<std::int64_t, chunk> ids;
    for (std::size_t n = 0; n < chunk; ++n) ids[n] = ranked[from + std::min(n, count - 1)].row;
    for (std::size_t n = 0; n < count; ++n) places.emplace(ids[n], from + n);
    runs.resize(from + count);
    db::Rows rows = rowsOf(transaction, ids, std::make_index_sequence<chunk>());
    while (rows.next()) {
      size += summarySize(rows);
      runs[places.at(rows.integer(0))] = readRun(rows);
    }
  }
  return runs;
}

}  // namespace

Page<Run> searchRuns(db::Transaction& transaction, std::string_view workspace, const RunSearch& search) {
  checkMaxResults(search.maxResults);
  std::int64_t offset = pageOffset(search.pageToken);
  auto wanted = static_cast<std::size_t>(offset + search.maxResults + 1);
  Scan scan(transaction, workspace, search, wanted);
  std::vector<Ranked> ranked = scan.over({search.experiments.begin(), search.experiments.end()});

  Page<Run> page;
  auto begin = std::min(ranked.size(), static_cast<std::size_t>(offset)), end = std::min(ranked.size(), wanted - 1);
  page.items = runsOf(transaction, std::span(ranked).subspan(begin, end - begin));
  bool more = begin + page.items.size() < ranked.size();
  if (more) page.nextPageToken = filter::pageToken(offset + static_cast<std::int64_t>(page.items.size()));
  return page;
}

std::int64_t countRuns(db::Transaction& transaction, std::string_view workspace, const RunSearch& search) {
  RunSearch unordered{.filter = search.filter, .view = search.view};
  return Scan(transaction, workspace, unordered, 0).count({search.experiments.begin(), search.experiments.end()});
}

}  // namespace regesta::tracking
