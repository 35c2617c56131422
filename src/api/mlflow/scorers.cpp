#include "evaluation/scorer.h"

#include "api/mlflow/evaluation.h"
#include "api/tracking_scope.h"
#include "telemetry/trace_search.h"
#include "tracking/experiment.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using tracking::parseExperimentId;

struct RegisterScorer {
  std::string experiment_id, name, serialized_scorer;
  static constexpr Field fields[] = {field<&RegisterScorer::experiment_id>("experiment_id", required),
                                     field<&RegisterScorer::name>("name", required),
                                     field<&RegisterScorer::serialized_scorer>("serialized_scorer", required)};
};
struct Registered {
  std::int64_t version = 0;
  std::string scorer_id, experiment_id, name, serialized_scorer;
  std::int64_t creation_time = 0;
  static constexpr Field fields[] = {field<&Registered::version>("version"),
                                     field<&Registered::scorer_id>("scorer_id"),
                                     field<&Registered::experiment_id>("experiment_id"),
                                     field<&Registered::name>("name"),
                                     field<&Registered::serialized_scorer>("serialized_scorer"),
                                     field<&Registered::creation_time>("creation_time")};
};
/// Here an experiment's id is a number, unlike everywhere else.
struct Scorer {
  std::int64_t experiment_id = 0;
  std::string scorer_name;
  std::int64_t scorer_version = 0;
  std::string serialized_scorer;
  std::int64_t creation_time = 0;
  std::string scorer_id;
  static constexpr Field fields[] = {
      field<&Scorer::experiment_id>("experiment_id"),   field<&Scorer::scorer_name>("scorer_name"),
      field<&Scorer::scorer_version>("scorer_version"), field<&Scorer::serialized_scorer>("serialized_scorer"),
      field<&Scorer::creation_time>("creation_time"),   field<&Scorer::scorer_id>("scorer_id")};
};
struct OneScorer {
  Scorer scorer;
  static constexpr Field fields[] = {field<&OneScorer::scorer>("scorer")};
};
struct Scorers {
  std::vector<Scorer> scorers;
  static constexpr Field fields[] = {field<&Scorers::scorers>("scorers")};
};
struct ListScorers {
  std::string experiment_id;
  std::optional<std::vector<std::string>> experiment_ids;
  static constexpr Field fields[] = {
      field<&ListScorers::experiment_id>("experiment_id", about("neither of the two: all experiments")),
      field<&ListScorers::experiment_ids>("experiment_ids")};
};
struct ScorerName {
  std::string experiment_id, name;
  static constexpr Field fields[] = {field<&ScorerName::experiment_id>("experiment_id", required),
                                     field<&ScorerName::name>("name", required)};
};
struct ScorerRef {
  std::string experiment_id, name;
  std::optional<std::int64_t> version;
  static constexpr Field fields[] = {field<&ScorerRef::experiment_id>("experiment_id", required),
                                     field<&ScorerRef::name>("name", required),
                                     field<&ScorerRef::version>("version", atLeast(1))};
};

struct OnlineConfigQuery {
  std::vector<std::string> scorer_ids;
  static constexpr Field fields[] = {field<&OnlineConfigQuery::scorer_ids>("scorer_ids", required)};
};
struct OnlineConfig {
  std::string online_scoring_config_id, scorer_id;
  double sample_rate = 0;
  std::string experiment_id;
  std::optional<std::string> filter_string;
  static constexpr Field fields[] = {
      field<&OnlineConfig::online_scoring_config_id>("online_scoring_config_id"),
      field<&OnlineConfig::scorer_id>("scorer_id"), field<&OnlineConfig::sample_rate>("sample_rate"),
      field<&OnlineConfig::experiment_id>("experiment_id"), field<&OnlineConfig::filter_string>("filter_string")};
};
struct OneOnlineConfig {
  OnlineConfig config;
  static constexpr Field fields[] = {field<&OneOnlineConfig::config>("config")};
};
/// Clients need the list even if it is empty.
struct OnlineConfigs {
  RawJson configs;
  static constexpr Field fields[] = {field<&OnlineConfigs::configs>("configs")};
};
struct SetOnlineConfig {
  std::string experiment_id, name;
  double sample_rate = 0;
  std::optional<std::string> filter_string;
  static constexpr Field fields[] = {field<&SetOnlineConfig::experiment_id>("experiment_id", required),
                                     field<&SetOnlineConfig::name>("name", required),
                                     field<&SetOnlineConfig::sample_rate>("sample_rate", required | about("0 to 1")),
                                     field<&SetOnlineConfig::filter_string>("filter_string")};
};

Scorer wireOf(const evaluation::Scorer& s) {
  return {s.experiment, s.name, s.version, s.body, s.createdAt, s.scorerId};
}

Scorers wireOf(const std::vector<evaluation::Scorer>& scorers) {
  Scorers shown;
  for (const evaluation::Scorer& scorer : scorers) shown.scorers.push_back(wireOf(scorer));
  return shown;
}

Registered registerScorer(Call& call, const RegisterScorer& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  evaluation::Scorer made = call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.transaction, id);
    return evaluation::registerScorer(change, call.workspace, id, in.name, in.serialized_scorer);
  });
  return {made.version, made.scorerId, std::to_string(made.experiment), made.name, made.body, made.createdAt};
}

/// The experiments that the request is about, and that the caller may read.
std::vector<std::int64_t> experimentsOf(Call& call, db::Transaction& transaction, const ListScorers& in) {
  std::vector<std::int64_t> ids;
  if (in.experiment_ids) {
    for (const std::string& id : *in.experiment_ids) ids.push_back(parseExperimentId(id));
  } else {
    for (const auto& one : tracking::listExperiments(transaction, call.workspace, tracking::View::activeOnly))
      ids.push_back(one.id);
  }
  std::erase_if(ids, [&](std::int64_t id) {
    auto found = tracking::findExperiment(transaction, call.workspace, id);
    return !found || found->deleted;
  });
  return readable(call, transaction, ids);
}

Scorers listScorers(Call& call, const ListScorers& in) {
  if (!in.experiment_id.empty() && in.experiment_ids)
    throw Error(Code::invalid, "Cannot specify both 'experiment_id' and 'experiment_ids'.");
  return call.core.store.read([&](db::Transaction& transaction) -> Scorers {
    if (!in.experiment_id.empty()) {
      std::int64_t id = parseExperimentId(in.experiment_id);
      requireExperiment(call, Verb::read, transaction, id);
      return wireOf(evaluation::listScorers(transaction, call.workspace, id));
    }
    std::vector<evaluation::Scorer> all;
    for (std::int64_t id : experimentsOf(call, transaction, in))
      for (evaluation::Scorer& one : evaluation::listScorers(transaction, call.workspace, id))
        all.push_back(std::move(one));
    return wireOf(all);
  });
}

Scorers listVersions(Call& call, const ScorerName& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  return call.core.store.read([&](db::Transaction& transaction) -> Scorers {
    requireExperiment(call, Verb::read, transaction, id);
    return wireOf(evaluation::scorerVersions(transaction, call.workspace, id, in.name));
  });
}

OneScorer getScorer(Call& call, const ScorerRef& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  return call.core.store.read([&](db::Transaction& transaction) -> OneScorer {
    requireExperiment(call, Verb::read, transaction, id);
    return {wireOf(evaluation::getScorer(transaction, call.workspace, id, in.name, in.version))};
  });
}

Empty deleteScorer(Call& call, const ScorerRef& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.transaction, id);
    evaluation::deleteScorer(change, call.workspace, id, in.name, in.version);
  });
  return {};
}

OnlineConfig wireOf(const gateway::Scoring& s) {
  return {s.configId, s.scorerId, s.sampleRate, std::to_string(s.experiment), s.filter};
}

/// Nothing is scored online here: clients read what they set.
OneOnlineConfig setOnlineConfig(Call& call, const SetOnlineConfig& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneOnlineConfig {
    requireExperiment(call, Verb::write, change.transaction, id);
    if (in.filter_string) telemetry::countTraces(change.transaction, call.workspace, {}, {*in.filter_string});
    return {wireOf(evaluation::setScoring(change, call.workspace, id, in.name, in.sample_rate, in.filter_string))};
  });
}

OnlineConfigs listOnlineConfigs(Call& call, const OnlineConfigQuery& in) {
  return call.core.store.read([&](db::Transaction& transaction) {
    OnlineConfigs found;
    JsonWriter list(found.configs.text);
    list.array();
    for (const std::string& scorer : in.scorer_ids)
      if (auto scoring = gateway::findScoring(transaction, call.workspace, scorer);
          scoring && !readable(call, transaction, {scoring->experiment}).empty())
        list.raw(writeAs(wireOf(*scoring)));
    list.end();
    return found;
  });
}

}  // namespace

std::span<const Route> scorerRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/scorers/register", "Register a scorer", writes("scorers"), registerScorer),
      get("/api/3.0/mlflow/scorers/list", "List scorers of an experiment", scanning(reads("scorers")), listScorers),
      get("/api/3.0/mlflow/scorers/versions", "List versions of a scorer", scanning(reads("scorers")), listVersions),
      get("/api/3.0/mlflow/scorers/get", "Get a scorer", reads("scorers"), getScorer),
      get("/api/3.0/mlflow/scorers/online-configs", "List online scoring configurations", scanning(reads("scorers")),
          listOnlineConfigs),
      put("/api/3.0/mlflow/scorers/online-config", "Set the online scoring configuration of a scorer",
          writes("scorers"), setOnlineConfig),
      del("/api/3.0/mlflow/scorers/delete", "Delete a scorer", writes("scorers"), deleteScorer),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
