#include "filter/query_error.h"
#include "tracking/experiment.h"
#include "tracking/ranking.h"

namespace regesta::tracking {
namespace {

using filter::Cell;
using filter::Field;
using filter::QueryRule;

const filter::Grammar& grammar() {
  static const filter::Grammar it{.attributes = {{"name", "name"},
                                                 {"experiment_id", "experiment_id", false, true},
                                                 {"creation_time", "creation_time", true},
                                                 {"last_update_time", "last_update_time", true}},
                                  .tags = true,
                                  .noun = "experiment"};
  return it;
}

Cell cellOf(const Experiment& experiment, Field field, const std::string& key) {
  if (field == Field::tag) {
    auto tag = experiment.tags.find(key);
    return tag == experiment.tags.end() ? Cell() : Cell(tag->second);
  }
  if (key == "name") return experiment.name;
  if (key == "experiment_id") return std::to_string(experiment.id);
  if (key == "creation_time") return static_cast<double>(experiment.createdAt);
  return static_cast<double>(experiment.updatedAt);
}

struct Ranked {
  Experiment experiment;
  std::vector<Cell> cells;
};

/// Ids are ordered as numbers though filters compare them as texts.
Cell orderCell(const Experiment& experiment, const filter::OrderBy& by) {
  if (by.key == "experiment_id") return static_cast<double>(experiment.id);
  return cellOf(experiment, by.field, by.key);
}

std::vector<filter::OrderBy> orderOf(const std::vector<std::string>& texts) {
  filter::checkOrderCount(texts.size());
  std::vector<filter::OrderBy> order;
  for (const std::string& text : texts) {
    order.push_back(filter::parseOrderBy(text, grammar()));
    if (order.back().field != Field::attribute)
      filter::refuseOrder(QueryRule::orderField, "must name an attribute, not a tag", text, {"tag"});
  }
  if (texts.empty()) order = {{Field::attribute, "creation_time", false}, {Field::attribute, "experiment_id", true}};
  bool byId =
      std::any_of(order.begin(), order.end(), [](const filter::OrderBy& by) { return by.key == "experiment_id"; });
  if (!byId) order.push_back({Field::attribute, "experiment_id", false});
  return order;
}

}  // namespace

Page<Experiment> searchExperiments(db::Transaction& transaction, std::string_view workspace,
                                   const ExperimentSearch& search) {
  checkMaxResults(search.maxResults);
  auto conditions = filter::parseFilter(search.filter, grammar());
  auto order = orderOf(search.orderBy);
  std::int64_t offset = pageOffset(search.pageToken);

  auto before = [&](const Ranked& a, const Ranked& b) { return compareCells(a.cells, b.cells, order) < 0; };
  auto wanted = static_cast<std::size_t>(offset + search.maxResults + 1);
  Best<Ranked, decltype(before)> best(wanted, before);
  for (Experiment& experiment : listExperiments(transaction, workspace, search.view)) {
    bool fits = std::all_of(conditions.begin(), conditions.end(), [&](const filter::Condition& c) {
      return filter::matches(c, cellOf(experiment, c.field, c.key));
    });
    if (!fits) continue;
    Ranked ranked{std::move(experiment), {}};
    for (const auto& by : order) ranked.cells.push_back(orderCell(ranked.experiment, by));
    best.offer(std::move(ranked));
  }
  return pageOf(best.sorted(), offset, search.maxResults, &Ranked::experiment);
}

}  // namespace regesta::tracking
