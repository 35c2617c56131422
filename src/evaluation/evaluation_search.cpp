#include <algorithm>

#include "evaluation/evaluation_dataset.h"
#include "filter/query_error.h"
#include "tracking/ranking.h"

namespace regesta::evaluation {
namespace {

using filter::Cell;
using filter::Field;
using filter::QueryRule;

const filter::Grammar& grammar() {
  static const filter::Grammar it{.attributes = {{"name", "name", false, true},
                                                 {"created_time", "created_time", true},
                                                 {"last_update_time", "last_update_time", true},
                                                 {"created_by", "created_by"},
                                                 {"last_updated_by", "last_updated_by"}},
                                  .tags = true,
                                  .noun = "evaluation dataset"};
  return it;
}

Cell textCell(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

Cell cellOf(const EvaluationDataset& dataset, Field field, const std::string& key) {
  if (field == Field::tag) {
    auto tag = dataset.tags.find(key);
    return tag == dataset.tags.end() ? Cell() : Cell(tag->second);
  }
  if (key == "name") return dataset.name;
  if (key == "created_by") return textCell(dataset.createdBy);
  if (key == "last_updated_by") return textCell(dataset.updatedBy);
  return static_cast<double>(key == "created_time" ? dataset.createdAt : dataset.updatedAt);
}

std::vector<filter::OrderBy> orderOf(const std::vector<std::string>& texts) {
  filter::checkOrderCount(texts.size());
  std::vector<filter::OrderBy> order;
  for (const std::string& text : texts) {
    order.push_back(filter::parseOrderBy(text, grammar()));
    if (order.back().field != Field::attribute)
      filter::refuseOrder(QueryRule::orderField, "must name an attribute, not a tag", text, {"tag"});
    if (order.back().key.ends_with("_by"))
      filter::refuseOrder(QueryRule::attribute, "must name a field to order by: name, created_time, last_update_time",
                          order.back().key, {"name", "created_time", "last_update_time"});
  }
  if (order.empty()) order = {{Field::attribute, "created_time", false}};
  return order;
}

bool linked(const EvaluationDataset& dataset, const std::vector<std::int64_t>& experiments) {
  return experiments.empty() ||
         std::ranges::find_first_of(dataset.experiments, experiments) != dataset.experiments.end();
}

struct Ranked {
  EvaluationDataset dataset;
  std::vector<Cell> cells;
};

}  // namespace

tracking::Page<EvaluationDataset> searchEvaluationDatasets(db::Transaction& transaction, std::string_view workspace,
                                                           const EvaluationDatasetSearch& search) {
  tracking::checkMaxResults(search.maxResults);
  auto conditions = filter::parseFilter(search.filter, grammar());
  auto order = orderOf(search.orderBy);
  std::int64_t offset = tracking::pageOffset(search.pageToken);
  auto before = [&](const Ranked& a, const Ranked& b) {
    int way = tracking::compareCells(a.cells, b.cells, order);
    return way != 0 ? way < 0 : a.dataset.row > b.dataset.row;
  };
  auto wanted = static_cast<std::size_t>(offset + search.maxResults + 1);
  tracking::Best<Ranked, decltype(before)> best(wanted, before);
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM evaluation_dataset WHERE workspace = $1", evaluationDatasetColumns), {workspace});
  while (rows.next()) {
    Ranked ranked{readEvaluationDataset(rows), {}};
    auto fits = [&](const filter::Condition& c) { return filter::matches(c, cellOf(ranked.dataset, c.field, c.key)); };
    if (!linked(ranked.dataset, search.experiments) || !std::ranges::all_of(conditions, fits)) continue;
    for (const auto& by : order) ranked.cells.push_back(cellOf(ranked.dataset, by.field, by.key));
    best.offer(std::move(ranked));
  }
  return tracking::pageOf(best.sorted(), offset, search.maxResults, &Ranked::dataset);
}

}  // namespace regesta::evaluation
