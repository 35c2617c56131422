#include "api/mlflow/model_search.h"

#include "api/mlflow/search_parts.h"
#include "base/error.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using filter::Cell;
using filter::Condition;
using filter::Grammar;
using filter::OrderBy;
using registry::Asset;

constexpr std::size_t batch = 500;
constexpr std::int64_t pageMost = 1000;

const Grammar& filterGrammar() {
  static const Grammar grammar{.attributes = {{"name", "name", false, true}}, .tags = true, .noun = "registered model"};
  return grammar;
}
const Grammar& orderGrammar() {
  static const Grammar grammar{
      .attributes = {{"name", "name"}, {"timestamp", "updated", true}, {"last_updated_timestamp", "updated", true}},
      .noun = "registered model"};
  return grammar;
}

Cell cellOf(const Asset& asset, std::string_view key) {
  return key == "name" ? Cell(asset.key.name) : Cell(static_cast<double>(asset.updatedAt));
}

/// The state of one search: its conditions, its order and the number of rows still needed.
struct Search {
  const Call& call;
  std::vector<Condition> conditions;
  std::vector<OrderBy> order;
  registry::Kind kind = registry::Kind::model;
  std::size_t needed = 0;  ///< offset + page + 1

  bool takes(const Asset& asset) const {
    for (const Condition& condition : conditions)
      if (condition.field == filter::Field::attribute && !filter::matches(condition, asset.key.name)) return false;
    return tagsMatch(conditions, asset.tags) && call.identity->may(Verb::read, call.workspace, asset.key.name);
  }
  /// Rows come by name: in that order the first `needed` are enough.
  bool byName() const { return order.empty() || (order[0].key == "name" && order[0].ascending); }
  bool before(const Asset& a, const Asset& b) const {
    for (const OrderBy& item : order) {
      Cell left = cellOf(a, item.key), right = cellOf(b, item.key);
      if (!filter::sameOrder(left, right)) return filter::comesBefore(left, right, item.ascending);
    }
    return a.key.name < b.key.name;
  }
};

std::vector<Asset> collect(db::Transaction& transaction, const Search& search) {
  std::vector<Asset> found;
  if (std::optional<std::string> name = equalTo(search.conditions, "name")) {
    std::optional<Asset> asset = registry::findAsset(transaction, {search.call.workspace, search.kind, *name});
    if (asset && search.takes(*asset)) found.push_back(*std::move(asset));
    return found;
  }
  for (std::string after;;) {
    std::vector<Asset> page = registry::listAssets(transaction, search.call.workspace, search.kind, after, batch);
    bool last = page.size() < batch;
    if (!page.empty()) after = page.back().key.name;
    for (Asset& asset : page)
      if (search.takes(asset)) found.push_back(std::move(asset));
    if (last || (search.byName() && found.size() >= search.needed)) break;
  }
  if (!search.byName())
    std::sort(found.begin(), found.end(), [&](const Asset& a, const Asset& b) { return search.before(a, b); });
  return found;
}

}  // namespace

wire::ModelList searchRegisteredModels(Call& call, const wire::SearchRequest& in) {
  std::int64_t page = in.max_results.value_or(100);
  if (page > pageMost)
    throw error(Code::invalid,
                "Invalid value for request parameter max_results. It must be at most {}, but got value {}", pageMost,
                page);
  if (page < 1)
    throw error(Code::invalid, "Invalid value for max_results. It must be a positive integer, but got {}", page);
  Search search{call, filter::parseFilter(in.filter, filterGrammar()), parseOrder(in.order_by, orderGrammar())};
  if (takePromptCondition(search.conditions)) search.kind = registry::Kind::prompt;
  std::size_t offset = static_cast<std::size_t>(filter::parsePageToken(in.page_token));
  std::size_t size = static_cast<std::size_t>(page);
  search.needed = offset + size + 1;
  return call.core.store.read([&](db::Transaction& transaction) {
    wire::ModelList list;
    std::vector<Asset> found = collect(transaction, search);
    for (std::size_t i = offset; i < std::min(found.size(), offset + size); ++i)
      list.registered_models.push_back(wire::modelOf(transaction, found[i]));
    if (found.size() > offset + size)
      list.next_page_token = filter::pageToken(static_cast<std::int64_t>(offset + size));
    return list;
  });
}

}  // namespace regesta::api::mlflow
