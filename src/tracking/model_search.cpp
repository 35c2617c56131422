#include "tracking/model_search.h"

#include <map>
#include <set>

#include "base/encoding.h"
#include "base/json.h"
#include "filter/query_error.h"
#include "tracking/ranking.h"
#include "tracking/rules.h"

namespace regesta::tracking {
namespace {

using filter::Cell;
using filter::Condition;
using filter::Field;
using filter::QueryRule;

const filter::Grammar& grammar() {
  static const filter::Grammar it{.attributes = {{"name", "name", false, true},
                                                 {"model_id", "model_id", false, true},
                                                 {"model_type", "model_type", false, true},
                                                 {"status", "status", false, true},
                                                 {"source_run_id", "source_run_id", false, true},
                                                 {"artifact_location", "artifact_location", false, true},
                                                 {"creation_timestamp", "creation_timestamp", true},
                                                 {"creation_timestamp_ms", "creation_timestamp", true},
                                                 {"creation_time", "creation_timestamp", true},
                                                 {"last_updated_timestamp", "last_updated_timestamp", true},
                                                 {"last_updated_timestamp_ms", "last_updated_timestamp", true}},
                                  .metrics = true,
                                  .params = true,
                                  .tags = true,
                                  .textLists = true,
                                  .noun = "logged model"};
  return it;
}

Cell textCell(const std::string& text) { return text.empty() ? Cell() : Cell(text); }

std::string_view statusText(ModelStatus status) {
  return status == ModelStatus::ready ? "READY" : status == ModelStatus::uploadFailed ? "UPLOAD_FAILED" : "PENDING";
}

Cell attributeCell(const LoggedModel& model, std::string_view key) {
  if (key == "name") return textCell(model.name);
  if (key == "model_id") return textCell(model.modelId);
  if (key == "model_type") return textCell(model.modelType);
  if (key == "status") return std::string(statusText(model.status));
  if (key == "source_run_id") return textCell(model.sourceRun);
  if (key == "artifact_location") return textCell(model.artifactUri);
  return static_cast<double>(key == "creation_timestamp" ? model.createdAt : model.updatedAt);
}

Cell textIn(const Texts& texts, const std::string& key) {
  auto found = texts.find(key);
  return found == texts.end() ? Cell() : Cell(found->second);
}

/// The metrics of all models of the experiments under one key (all keys when it is empty), newest first by model.
template <class Visit>
void eachMetric(db::Transaction& transaction, const std::set<std::int64_t>& experiments, std::string_view key,
                Visit visit) {
  constexpr std::string_view select =
      "SELECT m.model, m.value, m.dataset_name, m.dataset_digest FROM logged_model l JOIN model_metric m ON m.model = "
      "l.id ";
  constexpr std::string_view order = "ORDER BY m.model, m.timestamp DESC, m.step DESC, m.run_id";
  static const std::string ofKey =
      fmt::format("{}WHERE l.experiment = $1 AND l.stage = 0 AND m.key = $2 {}", select, order);
  static const std::string ofAll = fmt::format("{}WHERE l.experiment = $1 AND l.stage = 0 {}", select, order);
  for (std::int64_t experiment : experiments) {
    db::Rows rows = key.empty() ? transaction.query(ofAll, {experiment}) : transaction.query(ofKey, {experiment, key});
    while (rows.next()) visit(rows.integer(0), rows.real(1), rows.text(2), rows.text(3));
  }
}

bool onAny(const std::vector<OnDataset>& datasets, const std::string& name, const std::string& digest) {
  return datasets.empty() ||
         std::any_of(datasets.begin(), datasets.end(), [&](const OnDataset& d) { return d.fits(name, digest); });
}

/// Rows of the models that have a metric which fulfils the condition (any metric at all when it is null).
std::set<std::int64_t> modelsWith(db::Transaction& transaction, const std::set<std::int64_t>& experiments,
                                  const Condition* condition, const std::vector<OnDataset>& datasets) {
  std::set<std::int64_t> models;
  eachMetric(transaction, experiments, condition ? condition->key : "",
             [&](std::int64_t model, double value, const std::string& name, const std::string& digest) {
               if (onAny(datasets, name, digest) && (!condition || filter::matches(*condition, Cell(value))))
                 models.insert(model);
             });
  return models;
}

std::map<std::int64_t, double> latestMetric(db::Transaction& transaction, const std::set<std::int64_t>& experiments,
                                            const std::string& key, const OnDataset& dataset) {
  std::map<std::int64_t, double> latest;
  eachMetric(transaction, experiments, key,
             [&](std::int64_t model, double value, const std::string& name, const std::string& digest) {
               bool counts = (dataset.name.empty() || name == dataset.name) &&
                             (dataset.digest.empty() || digest == dataset.digest);
               if (counts) latest.emplace(model, value);
             });
  return latest;
}

/// One order key: an attribute, or the latest value of a metric, fetched once for all models.
struct OrderKey {
  filter::OrderBy by;
  std::map<std::int64_t, double> metric;

  Cell operator()(const LoggedModel& model) const {
    if (by.field != Field::metric) return attributeCell(model, by.key);
    auto found = metric.find(model.row);
    return found == metric.end() ? Cell() : Cell(found->second);
  }
};

std::string canonicalAttribute(const std::string& field) {
  for (const filter::Attribute& attribute : grammar().attributes)
    if (attribute.written == field) return std::string(attribute.canonical);
  filter::refuseOrder(QueryRule::orderKey, "must name an attribute of logged models, or metrics.NAME", field);
}

std::vector<OrderKey> orderKeys(db::Transaction& transaction, const std::set<std::int64_t>& experiments,
                                const std::vector<ModelOrder>& orders) {
  filter::checkOrderCount(orders.size());
  std::vector<OrderKey> keys;
  for (const ModelOrder& order : orders) {
    std::size_t dot = order.field.find('.');
    if (dot == std::string::npos) {
      keys.push_back({{Field::attribute, canonicalAttribute(order.field), order.ascending}, {}});
      continue;
    }
    if (order.field.substr(0, dot) != "metrics")
      filter::refuseOrder(QueryRule::orderKey, "must name an attribute of logged models, or metrics.NAME", order.field,
                          {"metrics"});
    std::string key = order.field.substr(dot + 1);
    keys.push_back({{Field::metric, key, order.ascending}, latestMetric(transaction, experiments, key, order.dataset)});
  }
  auto names = [&](std::string_view attribute) {
    return std::any_of(keys.begin(), keys.end(),
                       [&](const OrderKey& k) { return k.by.field == Field::attribute && k.by.key == attribute; });
  };
  if (!names("creation_timestamp")) keys.push_back({{Field::attribute, "creation_timestamp", false}, {}});
  if (!names("model_id")) keys.push_back({{Field::attribute, "model_id", true}, {}});
  return keys;
}

/// The query in the form that the page token carries.
json::object boundQuery(const ModelSearch& search) {
  json::array experiments, orders;
  for (const std::string& id : search.experiments) experiments.push_back(json::string(id));
  auto maybe = [](const std::string& text) { return text.empty() ? json::value(nullptr) : json::value(text); };
  for (const ModelOrder& order : search.orderBy)
    orders.push_back(json::object{{"field_name", order.field},
                                  {"ascending", order.ascending},
                                  {"dataset_name", maybe(order.dataset.name)},
                                  {"dataset_digest", maybe(order.dataset.digest)}});
  return {{"experiment_ids", std::move(experiments)},
          {"filter_string", maybe(search.filter)},
          {"order_by", orders.empty() ? json::value(nullptr) : json::value(std::move(orders))}};
}

std::int64_t boundOffset(const ModelSearch& search) {
  if (search.pageToken.empty()) return 0;
  auto text = base64Decode(search.pageToken);
  boost::system::error_code fault;
  json::value token = text ? json::parse(*text, fault) : json::value();
  if (!text || fault || !token.is_object()) filter::refusePageToken("query", search.pageToken);
  json::object query = boundQuery(search);
  for (std::string_view member : {"experiment_ids", "filter_string", "order_by"}) {
    const json::value* found = token.get_object().if_contains(member);
    json::value there = found ? *found : json::value(nullptr);
    if (there == query.at(member)) continue;
    throw filter::QueryError(QueryRule::pageTokenQuery, "page_token",
                             fmt::format("must belong to this query: its {} differs", member), {},
                             {std::string(member), json::serialize(query.at(member)), json::serialize(there)});
  }
  const json::value* offset = token.get_object().if_contains("offset");
  if (!offset || !offset->is_int64()) filter::refusePageToken("query", search.pageToken);
  return checkedOffset(offset->get_int64());
}

std::string boundToken(const ModelSearch& search, std::int64_t offset) {
  json::object token = boundQuery(search);
  token["offset"] = offset;
  return base64Encode(json::serialize(token));
}

struct Ranked {
  LoggedModel model;
  std::vector<Cell> cells;
};

/// Conditions on metrics become sets of models, the others are evaluated row by row.
class Filter {
 public:
  Filter(db::Transaction& transaction, const std::set<std::int64_t>& experiments, const ModelSearch& search) {
    for (Condition& condition : filter::parseFilter(search.filter, grammar())) {
      if (condition.field == Field::metric)
        sets_.push_back(modelsWith(transaction, experiments, &condition, search.datasets));
      else
        conditions_.push_back(std::move(condition));
    }
    if (!search.datasets.empty() && sets_.empty())
      sets_.push_back(modelsWith(transaction, experiments, nullptr, search.datasets));
  }
  bool operator()(const LoggedModel& model) const {
    for (const auto& set : sets_)
      if (!set.contains(model.row)) return false;
    return std::all_of(conditions_.begin(), conditions_.end(), [&](const Condition& c) {
      Cell cell = c.field == Field::attribute ? attributeCell(model, c.key)
                                              : textIn(c.field == Field::tag ? model.tags : model.params, c.key);
      return filter::matches(c, cell);
    });
  }

 private:
  std::vector<Condition> conditions_;
  std::vector<std::set<std::int64_t>> sets_;
};

}  // namespace

Page<LoggedModel> searchLoggedModels(db::Transaction& transaction, std::string_view workspace,
                                     const ModelSearch& search) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM logged_model WHERE experiment = $1 AND stage = 0 AND workspace = $2", loggedModelColumns);
  for (const OnDataset& dataset : search.datasets)
    if (dataset.name.empty()) throw Invalid("datasets.dataset_name", "is required");
  std::int64_t maxResults = search.maxResults == 0 ? 100 : search.maxResults;
  checkMaxResults(maxResults);
  std::int64_t offset = boundOffset(search);
  std::set<std::int64_t> experiments;
  for (const std::string& id : search.experiments) experiments.insert(parseExperimentId(id));

  Filter filter(transaction, experiments, search);
  std::vector<OrderKey> keys = orderKeys(transaction, experiments, search.orderBy);
  std::vector<filter::OrderBy> order;
  for (const OrderKey& key : keys) order.push_back(key.by);
  auto before = [&](const Ranked& a, const Ranked& b) { return compareCells(a.cells, b.cells, order) < 0; };
  auto wanted = static_cast<std::size_t>(offset + maxResults + 1);
  Best<Ranked, decltype(before)> best(wanted, before);
  for (std::int64_t experiment : experiments) {
    db::Rows rows = transaction.query(sql, {experiment, workspace});
    while (rows.next()) {
      Ranked ranked{readLoggedModel(rows), {}};
      if (!filter(ranked.model)) continue;
      for (const OrderKey& key : keys) ranked.cells.push_back(key(ranked.model));
      best.offer(std::move(ranked));
    }
  }

  Page<LoggedModel> page = pageOf(best.sorted(), offset, maxResults, &Ranked::model);
  if (!page.nextPageToken.empty()) page.nextPageToken = boundToken(search, offset + maxResults);
  return page;
}

}  // namespace regesta::tracking
