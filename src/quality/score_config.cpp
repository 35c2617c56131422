#include "quality/score_config.h"

#include <algorithm>
#include <cctype>

#include "access/grants.h"
#include "base/error.h"
#include "base/id.h"

namespace regesta::quality {
namespace {

constexpr std::size_t nameLength = 35;  // Langfuse's own
constexpr std::size_t descriptionLength = 10'000;
constexpr std::size_t labelLength = 500;
constexpr std::size_t categoryCount = 100;
constexpr std::int64_t configCount = 10'000;

constexpr std::string_view types[] = {"NUMERIC", "BOOLEAN", "CATEGORICAL", "TEXT"};

void checkName(std::string_view name) {
  bool plain = std::ranges::all_of(name, [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("_ .()-").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (name.empty() || name.size() > nameLength || !plain)
    throw Invalid("name", fmt::format("must be 1 to {} letters, digits, spaces and any of . _ - ( )", nameLength));
}

void checkCategories(const ScoreConfig& config) {
  if (config.categories.empty()) throw Invalid("categories", "must not be empty for a CATEGORICAL config");
  if (config.categories.size() > categoryCount)
    throw Invalid("categories", fmt::format("must be at most {}", categoryCount));
  for (auto one = config.categories.begin(); one != config.categories.end(); ++one) {
    if (one->first.empty() || one->first.size() > labelLength)
      throw Invalid("categories", fmt::format("must have labels of 1 to {} bytes", labelLength));
    bool again = std::any_of(config.categories.begin(), one, [&](const auto& earlier) {
      return earlier.first == one->first || earlier.second == one->second;
    });
    if (again) throw Invalid("categories", "must not have a label or a value twice");
  }
}

void check(const ScoreConfig& config) {
  checkName(config.name);
  if (std::ranges::find(types, config.type) == std::end(types))
    throw Invalid("dataType", "must be NUMERIC, BOOLEAN, CATEGORICAL or TEXT");
  if (config.description.size() > descriptionLength)
    throw Invalid("description", fmt::format("must have at most {} bytes", descriptionLength));
  bool numeric = config.type == "NUMERIC", categorical = config.type == "CATEGORICAL";
  if (!numeric && (config.least || config.most))
    throw Invalid(config.least ? "minValue" : "maxValue", "is for NUMERIC configs only");
  if (config.least && config.most && *config.least >= *config.most)
    throw Invalid("maxValue", "must be greater than minValue");
  if (categorical) checkCategories(config);
  if (!categorical && config.type != "BOOLEAN" && !config.categories.empty())
    throw Invalid("categories", "are for CATEGORICAL configs only");
}

std::string pack(const ScoreConfig& config) {
  json::object body{{"name", config.name},
                    {"dataType", config.type},
                    {"description", config.description},
                    {"isArchived", config.archived}};
  if (config.least) body["minValue"] = *config.least;
  if (config.most) body["maxValue"] = *config.most;
  json::array categories;
  for (const auto& [label, value] : config.categories)
    categories.emplace_back(json::object{{"label", label}, {"value", value}});
  body["categories"] = std::move(categories);
  return writeJson(body);
}

constexpr std::string_view columns = "config_id, body, created_at, updated_at";

std::optional<double> numberIn(const json::object& body, std::string_view member) {
  const json::value* value = body.if_contains(member);
  return value ? std::optional(value->to_number<double>()) : std::nullopt;
}

ScoreConfig readRow(const db::Rows& rows) {
  json::object body = parseJson(rows.view(1)).as_object();
  ScoreConfig config{.id = rows.text(0),
                     .name = std::string(body.at("name").as_string()),
                     .type = std::string(body.at("dataType").as_string()),
                     .least = numberIn(body, "minValue"),
                     .most = numberIn(body, "maxValue"),
                     .description = std::string(body.at("description").as_string()),
                     .archived = body.at("isArchived").as_bool(),
                     .createdAt = rows.integer(2),
                     .updatedAt = rows.integer(3)};
  for (const json::value& one : body.at("categories").as_array())
    config.categories.emplace_back(std::string(one.at("label").as_string()), one.at("value").to_number<double>());
  return config;
}

}  // namespace

ScoreConfig createScoreConfig(registry::Change& change, std::string_view workspace, ScoreConfig asked) {
  if (asked.type == "BOOLEAN") {
    if (!asked.categories.empty())
      throw Invalid("categories", "must be empty for a BOOLEAN config: the server sets True and False");
    asked.categories = {{"True", 1}, {"False", 0}};
  }
  check(asked);
  if (countScoreConfigs(change.transaction, workspace) >= configCount)
    throw limitReached(fmt::format("workspace '{}'", workspace), configCount, "score configs");
  asked.id = randomHex(16);
  asked.createdAt = asked.updatedAt = change.now;
  change.transaction.run(
      "INSERT INTO score_config (workspace, config_id, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
      {workspace, asked.id, pack(asked), change.now});
  change.record(registry::Action::scoreConfigCreated, std::string(workspace), "score-config/" + asked.id,
                {{"name", asked.name}});
  return asked;
}

ScoreConfig changeScoreConfig(registry::Change& change, std::string_view workspace, ScoreConfig config) {
  check(config);
  config.updatedAt = change.now;
  change.transaction.run("UPDATE score_config SET body = $3, updated_at = $4 WHERE workspace = $1 AND config_id = $2",
                         {workspace, config.id, pack(config), change.now});
  change.record(registry::Action::scoreConfigChanged, std::string(workspace), "score-config/" + config.id,
                {{"name", config.name}, {"archived", config.archived}});
  return config;
}

bool mayReadScoreConfigs(const access::Identity& caller, std::string_view workspace) {
  return caller.may(access::Verb::read, workspace, access::everyName);
}

std::optional<ScoreConfig> findScoreConfig(db::Transaction& transaction, const access::Identity& caller,
                                           std::string_view workspace, std::string_view id) {
  if (!mayReadScoreConfigs(caller, workspace)) return std::nullopt;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM score_config WHERE workspace = $1 AND config_id = $2", columns), {workspace, id});
  if (!rows.next()) return std::nullopt;
  return readRow(rows);
}

std::vector<ScoreConfig> listScoreConfigs(db::Transaction& transaction, std::string_view workspace, std::int64_t limit,
                                          std::int64_t skip) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM score_config WHERE workspace = $1 ORDER BY id DESC LIMIT $2 OFFSET $3", columns),
      {workspace, limit, skip});
  std::vector<ScoreConfig> found;
  while (rows.next()) found.push_back(readRow(rows));
  return found;
}

std::int64_t countScoreConfigs(db::Transaction& transaction, std::string_view workspace) {
  db::Rows rows = transaction.query("SELECT COUNT(*) FROM score_config WHERE workspace = $1", {workspace});
  rows.next();
  return rows.integer(0);
}

std::string faultAgainst(const ScoreConfig& config, const Score& score) {
  if (config.archived) return "configId names a config that is archived";
  if (score.type != config.type)
    return fmt::format("dataType must be {} as its config says, not {}", config.type, score.type);
  if (config.least && score.value < *config.least) return fmt::format("value must be at least {}", *config.least);
  if (config.most && score.value > *config.most) return fmt::format("value must be at most {}", *config.most);
  bool known = std::ranges::any_of(config.categories, [&](const auto& one) { return one.first == score.text; });
  if (config.type == "CATEGORICAL" && !known) return "value must be one of the categories of its config";
  return {};
}

}  // namespace regesta::quality
