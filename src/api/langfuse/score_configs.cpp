#include "api/langfuse/score_configs.h"

#include "api/langfuse/prompt_list.h"
#include "base/time.h"
#include "quality/score_config.h"

namespace regesta::api::langfuse {
namespace {

struct Category {
  std::string label;
  double value = 0;
  static constexpr Field fields[] = {field<&Category::label>("label", required),
                                     field<&Category::value>("value", required)};
};
struct NewScoreConfig {
  std::string name, dataType, description;
  std::optional<double> minValue, maxValue;
  std::vector<Category> categories;
  static constexpr Field fields[] = {
      field<&NewScoreConfig::name>("name", required),     field<&NewScoreConfig::dataType>("dataType", required),
      field<&NewScoreConfig::description>("description"), field<&NewScoreConfig::minValue>("minValue"),
      field<&NewScoreConfig::maxValue>("maxValue"),       field<&NewScoreConfig::categories>("categories")};
};
struct ScoreConfigChange {
  std::string configId;
  std::optional<std::string> name, description;
  std::optional<double> minValue, maxValue;
  std::optional<std::vector<Category>> categories;
  std::optional<bool> isArchived;
  static constexpr Field fields[] = {
      field<&ScoreConfigChange::configId>("configId", required), field<&ScoreConfigChange::name>("name"),
      field<&ScoreConfigChange::description>("description"),     field<&ScoreConfigChange::minValue>("minValue"),
      field<&ScoreConfigChange::maxValue>("maxValue"),           field<&ScoreConfigChange::categories>("categories"),
      field<&ScoreConfigChange::isArchived>("isArchived")};
};
struct ScoreConfigPath {
  std::string configId;
  static constexpr Field fields[] = {field<&ScoreConfigPath::configId>("configId", required)};
};
struct ScoreConfigQuery {
  std::int64_t page = 1, limit = 50;
  static constexpr Field fields[] = {field<&ScoreConfigQuery::page>("page", atLeast(1) | atMost(1'000'000)),
                                     field<&ScoreConfigQuery::limit>("limit", atLeast(1) | atMost(100))};
};

using Categories = std::vector<std::pair<std::string, double>>;

Categories categoriesOf(const std::vector<Category>& request) {
  Categories categories;
  for (const Category& one : request) categories.emplace_back(one.label, one.value);
  return categories;
}

json::value orNull(const std::optional<double>& number) { return number ? json::value(*number) : json::value(); }

/// All members always: absent ones are null, as Langfuse shows them.
json::object shown(const quality::ScoreConfig& config, std::string_view project) {
  json::array categories;
  for (const auto& [label, value] : config.categories)
    categories.emplace_back(json::object{{"label", label}, {"value", value}});
  return {{"id", config.id},
          {"name", config.name},
          {"projectId", project},
          {"dataType", config.type},
          {"isArchived", config.archived},
          {"minValue", orNull(config.least)},
          {"maxValue", orNull(config.most)},
          {"categories", categories.empty() ? json::value() : json::value(std::move(categories))},
          {"description", config.description.empty() ? json::value() : json::value(config.description)},
          {"createdAt", formatTime(config.createdAt)},
          {"updatedAt", formatTime(config.updatedAt)}};
}

Plain answerOf(const json::object& body) {
  Plain answer;
  answer.body = writeJson(body);
  return answer;
}

quality::ScoreConfig configFor(Call& call, db::Transaction& transaction, const std::string& id) {
  auto found = quality::findScoreConfig(transaction, *call.identity, call.workspace, id);
  if (!found) throw error(Code::notFound, "Score config not found within authorized project: '{}'", id);
  return *std::move(found);
}

/// A config rules over everybody's scores in the workspace.
void requireAllNames(Call& call) { call.require(access::Verb::write, "*"); }

Plain createConfig(Call& call, const NewScoreConfig& request) {
  requireAllNames(call);
  quality::ScoreConfig made{.name = request.name,
                            .type = request.dataType,
                            .least = request.minValue,
                            .most = request.maxValue,
                            .categories = categoriesOf(request.categories),
                            .description = request.description};
  made = call.core.store.change(
      call.actor(), [&](registry::Change& change) { return quality::createScoreConfig(change, call.workspace, made); });
  return answerOf(shown(made, call.workspace));
}

Plain getConfig(Call& call, const ScoreConfigPath& path) {
  return answerOf(shown(
      call.core.store.read([&](db::Transaction& transaction) { return configFor(call, transaction, path.configId); }),
      call.workspace));
}

Plain changeConfig(Call& call, const ScoreConfigChange& request) {
  requireAllNames(call);
  auto changed = call.core.store.change(call.actor(), [&](registry::Change& change) {
    quality::ScoreConfig config = configFor(call, change.transaction, request.configId);
    if (request.name) config.name = *request.name;
    if (request.description) config.description = *request.description;
    if (request.minValue) config.least = request.minValue;
    if (request.maxValue) config.most = request.maxValue;
    if (request.categories && config.type == "BOOLEAN")
      throw Invalid("categories", "must be empty for a BOOLEAN config: the server sets True and False");
    if (request.categories) config.categories = categoriesOf(*request.categories);
    if (request.isArchived) config.archived = *request.isArchived;
    return quality::changeScoreConfig(change, call.workspace, std::move(config));
  });
  return answerOf(shown(changed, call.workspace));
}

Plain listConfigs(Call& call, const ScoreConfigQuery& query) {
  return call.core.store.read([&](db::Transaction& transaction) {
    bool mayRead = quality::mayReadScoreConfigs(*call.identity, call.workspace);
    std::int64_t total = mayRead ? quality::countScoreConfigs(transaction, call.workspace) : 0;
    json::array data;
    if (mayRead)
      for (const auto& config :
           quality::listScoreConfigs(transaction, call.workspace, query.limit, (query.page - 1) * query.limit))
        data.emplace_back(shown(config, call.workspace));
    json::value meta = parseJson(writeAs(pageOf(query.page, query.limit, static_cast<std::size_t>(total))));
    return answerOf({{"data", std::move(data)}, {"meta", std::move(meta)}});
  });
}

const Route routes[] = {
    post("/api/public/score-configs", "Create a score configuration", writes("scores"), createConfig),
    get("/api/public/score-configs", "List score configurations", scanning(reads("scores")), listConfigs),
    get("/api/public/score-configs/{configId}", "Get a score configuration", reads("scores"), getConfig),
    patch("/api/public/score-configs/{configId}", "Update a score configuration", writes("scores"), changeConfig),
};

}  // namespace

std::span<const Route> scoreConfigRoutes() { return routes; }

}  // namespace regesta::api::langfuse
