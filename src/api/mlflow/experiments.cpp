#include "api/mlflow/experiments.h"

#include "api/mlflow/tracking_wire.h"
#include "api/tracking_scope.h"
#include "governance/gate.h"
#include "tracking/experiment.h"
#include "tracking/input.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using tracking::parseExperimentId;
using wire::KeyValue;

struct Experiment {
  std::string experiment_id, name, artifact_location, lifecycle_stage;
  std::int64_t last_update_time = 0, creation_time = 0;
  std::vector<KeyValue> tags;
  std::string workspace;
  static constexpr Field fields[] = {field<&Experiment::experiment_id>("experiment_id"),
                                     field<&Experiment::name>("name"),
                                     field<&Experiment::artifact_location>("artifact_location"),
                                     field<&Experiment::lifecycle_stage>("lifecycle_stage"),
                                     field<&Experiment::last_update_time>("last_update_time"),
                                     field<&Experiment::creation_time>("creation_time"),
                                     field<&Experiment::tags>("tags"),
                                     field<&Experiment::workspace>("workspace")};
};
struct OneExperiment {
  Experiment experiment;
  static constexpr Field fields[] = {field<&OneExperiment::experiment>("experiment")};
};
struct ExperimentRef {
  std::string experiment_id;
  static constexpr Field fields[] = {field<&ExperimentRef::experiment_id>("experiment_id", required)};
};
struct ExperimentName {
  std::string experiment_name;
  static constexpr Field fields[] = {field<&ExperimentName::experiment_name>("experiment_name", required)};
};
struct CreateExperiment {
  std::string name, artifact_location;
  std::vector<KeyValue> tags;
  static constexpr Field fields[] = {field<&CreateExperiment::name>("name", required),
                                     field<&CreateExperiment::artifact_location>("artifact_location"),
                                     field<&CreateExperiment::tags>("tags")};
};
struct CreatedExperiment {
  std::string experiment_id;
  static constexpr Field fields[] = {field<&CreatedExperiment::experiment_id>("experiment_id")};
};
struct UpdateExperiment {
  std::string experiment_id, new_name;
  static constexpr Field fields[] = {field<&UpdateExperiment::experiment_id>("experiment_id", required),
                                     field<&UpdateExperiment::new_name>("new_name", required)};
};
struct SearchExperiments {
  std::int64_t max_results = 0;
  std::string page_token, filter, view_type = "ACTIVE_ONLY";
  std::vector<std::string> order_by;
  static constexpr Field fields[] = {
      field<&SearchExperiments::max_results>("max_results"), field<&SearchExperiments::page_token>("page_token"),
      field<&SearchExperiments::filter>("filter"), field<&SearchExperiments::order_by>("order_by"),
      field<&SearchExperiments::view_type>("view_type", oneOf(wire::viewWords))};
};
struct FoundExperiments {
  std::vector<Experiment> experiments;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&FoundExperiments::experiments>("experiments"),
                                     field<&FoundExperiments::next_page_token>("next_page_token")};
};
struct SetExperimentTag {
  std::string experiment_id, key, value;
  static constexpr Field fields[] = {field<&SetExperimentTag::experiment_id>("experiment_id", required),
                                     field<&SetExperimentTag::key>("key", required),
                                     field<&SetExperimentTag::value>("value")};
};
struct DeleteExperimentTag {
  std::string experiment_id, key;
  static constexpr Field fields[] = {field<&DeleteExperimentTag::experiment_id>("experiment_id", required),
                                     field<&DeleteExperimentTag::key>("key", required)};
};
struct SearchDatasets {
  std::vector<std::string> experiment_ids;
  static constexpr Field fields[] = {field<&SearchDatasets::experiment_ids>("experiment_ids")};
};
struct DatasetSummary {
  std::string experiment_id, name, digest;
  std::optional<std::string> context;
  static constexpr Field fields[] = {field<&DatasetSummary::experiment_id>("experiment_id"),
                                     field<&DatasetSummary::name>("name"), field<&DatasetSummary::digest>("digest"),
                                     field<&DatasetSummary::context>("context")};
};
struct FoundDatasets {
  std::vector<DatasetSummary> dataset_summaries;
  static constexpr Field fields[] = {field<&FoundDatasets::dataset_summaries>("dataset_summaries")};
};

Experiment wireOf(const tracking::Experiment& e) {
  return {std::to_string(e.id), e.name,      e.artifactLocation,   e.deleted ? "deleted" : "active",
          e.updatedAt,          e.createdAt, wire::listOf(e.tags), e.workspace};
}

CreatedExperiment createExperiment(Call& call, const CreateExperiment& in) {
  call.require(Verb::write, in.name);
  auto made = call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireLocation(call, change.transaction, in.artifact_location);
    return tracking::createExperiment(change, call.workspace, in.name, in.artifact_location, wire::textsOf(in.tags),
                                      call.core.artifactRoot);
  });
  return {std::to_string(made.id)};
}

OneExperiment getExperiment(Call& call, const ExperimentRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneExperiment {
    std::int64_t id = parseExperimentId(in.experiment_id);
    requireExperiment(call, Verb::read, transaction, id);
    return {wireOf(tracking::getExperiment(transaction, call.workspace, id))};
  });
}

OneExperiment getExperimentByName(Call& call, const ExperimentName& in) {
  call.require(Verb::read, in.experiment_name);
  auto found = call.core.store.read([&](db::Transaction& transaction) {
    return tracking::findExperimentByName(transaction, call.workspace, in.experiment_name);
  });
  if (!found) throw error(Code::notFound, "Could not find experiment with name '{}'", in.experiment_name);
  return {wireOf(*found)};
}

Empty deleteExperiment(Call& call, const ExperimentRef& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.transaction, id);
    tracking::deleteExperiment(
        change, call.workspace, id,
        governance::Gate::removal(change, *call.identity, call.workspace, fmt::format("experiment/{}", id)));
  });
  return {};
}

Empty restoreExperiment(Call& call, const ExperimentRef& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.transaction, id);
    tracking::restoreExperiment(change, call.workspace, id);
  });
  return {};
}

Empty updateExperiment(Call& call, const UpdateExperiment& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  call.require(Verb::write, in.new_name);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    requireExperiment(call, Verb::write, change.transaction, id);
    tracking::renameExperiment(change, call.workspace, id, in.new_name);
  });
  return {};
}

Empty setExperimentTag(Call& call, const SetExperimentTag& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  call.core.store.write([&](db::Transaction& transaction) {
    requireExperiment(call, Verb::write, transaction, id);
    tracking::setExperimentTag(transaction, call.workspace, id, in.key, in.value);
  });
  return {};
}

Empty deleteExperimentTag(Call& call, const DeleteExperimentTag& in) {
  std::int64_t id = parseExperimentId(in.experiment_id);
  call.core.store.write([&](db::Transaction& transaction) {
    requireExperiment(call, Verb::write, transaction, id);
    tracking::deleteExperimentTag(transaction, call.workspace, id, in.key);
  });
  return {};
}

FoundExperiments searchExperiments(Call& call, const SearchExperiments& in) {
  tracking::ExperimentSearch search{
      .filter = in.filter, .orderBy = in.order_by, .maxResults = in.max_results, .pageToken = in.page_token};
  search.view = wire::viewOf(in.view_type);
  auto page = call.core.store.read(
      [&](db::Transaction& transaction) { return tracking::searchExperiments(transaction, call.workspace, search); });
  FoundExperiments found;
  for (const auto& experiment : page.items)
    if (call.identity->may(Verb::read, call.workspace, experiment.name))
      found.experiments.push_back(wireOf(experiment));
  if (!page.nextPageToken.empty()) found.next_page_token = page.nextPageToken;
  return found;
}

FoundDatasets searchDatasets(Call& call, const SearchDatasets& in) {
  constexpr std::size_t most = 20;
  if (in.experiment_ids.empty())
    throw Error(Code::invalid, "SearchDatasets request must specify at least one experiment_id.");
  if (in.experiment_ids.size() > most)
    throw error(Code::invalid,
                "SearchDatasets request cannot specify more than {} experiment_ids. Received {} experiment_ids.", most,
                in.experiment_ids.size());
  std::vector<std::int64_t> ids;
  for (const std::string& id : in.experiment_ids) ids.push_back(parseExperimentId(id));
  auto summaries = call.core.store.read([&](db::Transaction& transaction) {
    return tracking::searchDatasets(transaction, call.workspace, readable(call, transaction, ids));
  });
  FoundDatasets found;
  for (const auto& s : summaries)
    found.dataset_summaries.push_back(
        {std::to_string(s.experiment), s.name, s.digest, s.context.empty() ? std::nullopt : std::optional(s.context)});
  return found;
}

}  // namespace

std::span<const Route> experimentRoutes() {
  static const Route routes[] = {
      post("/api/2.0/mlflow/experiments/create", "Create an experiment", writes("experiments"), createExperiment),
      get("/api/2.0/mlflow/experiments/get", "Get an experiment by ID", reads("experiments"), getExperiment),
      get("/api/2.0/mlflow/experiments/get-by-name", "Get an experiment by name", reads("experiments"),
          getExperimentByName),
      get("/api/2.0/mlflow/experiments/search", "Search experiments by query string", scanning(reads("experiments")),
          searchExperiments),
      post("/api/2.0/mlflow/experiments/search", "Search experiments", scanning(reads("experiments")),
           searchExperiments),
      post("/api/2.0/mlflow/experiments/delete", "Delete an experiment", writes("experiments"), deleteExperiment),
      post("/api/2.0/mlflow/experiments/restore", "Restore a deleted experiment", writes("experiments"),
           restoreExperiment),
      post("/api/2.0/mlflow/experiments/update", "Rename an experiment", writes("experiments"), updateExperiment),
      post("/api/2.0/mlflow/experiments/set-experiment-tag", "Set an experiment tag", writes("experiments"),
           setExperimentTag),
      post("/api/2.0/mlflow/experiments/delete-experiment-tag", "Delete an experiment tag", writes("experiments"),
           deleteExperimentTag),
      post("/api/2.0/mlflow/experiments/search-datasets", "Search the datasets that runs used",
           scanning(reads("experiments")), searchDatasets),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
