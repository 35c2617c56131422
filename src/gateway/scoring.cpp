#include "gateway/scoring.h"

namespace regesta::gateway {

Scoring saveScoring(registry::Change& change, std::string_view workspace, const Scoring& told) {
  json::object body{{"experiment", told.experiment}, {"sample_rate", told.sampleRate}};
  if (told.filter) body.emplace("filter", *told.filter);
  Scoring saved = told;
  if (std::optional<Item> item = findNamed(change.transaction, workspace, scorings, told.scorerId)) {
    item->body = std::move(body);
    updateItem(change, *item);
    saved.configId = item->id;
    return saved;
  }
  saved.configId = newId(scorings);
  Item item{.workspace = std::string(workspace),
            .kind = std::string(scorings.name),
            .id = saved.configId,
            .name = told.scorerId,
            .body = std::move(body)};
  insertItem(change, item);
  return saved;
}

void removeScoring(registry::Change& change, std::string_view workspace, std::string_view scorerId) {
  if (std::optional<Item> item = findNamed(change.transaction, workspace, scorings, scorerId))
    removeItem(change, *item);
}

std::optional<Scoring> findScoring(db::Transaction& transaction, std::string_view workspace,
                                   std::string_view scorerId) {
  std::optional<Item> item = findNamed(transaction, workspace, scorings, scorerId);
  if (!item) return std::nullopt;
  Scoring found{.configId = item->id,
                .scorerId = item->name,
                .experiment = item->body.at("experiment").as_int64(),
                .sampleRate = item->body.at("sample_rate").to_number<double>()};
  if (item->body.contains("filter")) found.filter = memberText(item->body, "filter");
  return found;
}

}  // namespace regesta::gateway
