#include "api/mlflow/evaluation.h"
#include "api/mlflow/evaluation_scope.h"
#include "api/tracking_scope.h"
#include "tracking/rules.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;
using evaluation::EvaluationDataset;

/// Maps travel as JSON in a text.
struct EvaluationSet {
  std::string dataset_id, name, tags;
  std::optional<std::string> schema, profile;
  std::string digest;
  std::int64_t created_time = 0, last_update_time = 0;
  std::optional<std::string> created_by, last_updated_by;
  std::vector<std::string> experiment_ids;
  static constexpr Field fields[] = {field<&EvaluationSet::dataset_id>("dataset_id"),
                                     field<&EvaluationSet::name>("name"),
                                     field<&EvaluationSet::tags>("tags"),
                                     field<&EvaluationSet::schema>("schema"),
                                     field<&EvaluationSet::profile>("profile"),
                                     field<&EvaluationSet::digest>("digest"),
                                     field<&EvaluationSet::created_time>("created_time"),
                                     field<&EvaluationSet::last_update_time>("last_update_time"),
                                     field<&EvaluationSet::created_by>("created_by"),
                                     field<&EvaluationSet::last_updated_by>("last_updated_by"),
                                     field<&EvaluationSet::experiment_ids>("experiment_ids")};
};
struct OneEvaluationSet {
  EvaluationSet dataset;
  static constexpr Field fields[] = {field<&OneEvaluationSet::dataset>("dataset")};
};
struct CreateEvaluationSet {
  std::string name, tags;
  std::vector<std::string> experiment_ids;
  static constexpr Field fields[] = {field<&CreateEvaluationSet::name>("name", required),
                                     field<&CreateEvaluationSet::tags>("tags", about("a JSON object in a text")),
                                     field<&CreateEvaluationSet::experiment_ids>("experiment_ids")};
};
struct EvaluationSetRef {
  std::string dataset_id;
  static constexpr Field fields[] = {field<&EvaluationSetRef::dataset_id>("dataset_id", required)};
};
struct SearchEvaluationSets {
  std::vector<std::string> experiment_ids;
  std::string filter_string;
  std::int64_t max_results = 1000;
  std::vector<std::string> order_by;
  std::string page_token;
  static constexpr Field fields[] = {field<&SearchEvaluationSets::experiment_ids>("experiment_ids"),
                                     field<&SearchEvaluationSets::filter_string>("filter_string"),
                                     field<&SearchEvaluationSets::max_results>("max_results"),
                                     field<&SearchEvaluationSets::order_by>("order_by"),
                                     field<&SearchEvaluationSets::page_token>("page_token")};
};
struct FoundEvaluationSets {
  std::vector<EvaluationSet> datasets;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&FoundEvaluationSets::datasets>("datasets"),
                                     field<&FoundEvaluationSets::next_page_token>("next_page_token")};
};
struct EvaluationSetTags {
  std::string dataset_id, tags;
  static constexpr Field fields[] = {
      field<&EvaluationSetTags::dataset_id>("dataset_id", required),
      field<&EvaluationSetTags::tags>("tags", required | about("a JSON object in a text"))};
};
struct EvaluationSetTag {
  std::string dataset_id, key;
  static constexpr Field fields[] = {field<&EvaluationSetTag::dataset_id>("dataset_id", required),
                                     field<&EvaluationSetTag::key>("key", required)};
};
struct EvaluationSetLinks {
  std::string dataset_id;
  std::vector<std::string> experiment_ids;
  static constexpr Field fields[] = {field<&EvaluationSetLinks::dataset_id>("dataset_id", required),
                                     field<&EvaluationSetLinks::experiment_ids>("experiment_ids")};
};
struct ExperimentIds {
  std::vector<std::string> experiment_ids;
  static constexpr Field fields[] = {field<&ExperimentIds::experiment_ids>("experiment_ids")};
};

std::vector<std::string> idsOf(const EvaluationDataset& dataset) {
  std::vector<std::string> ids;
  for (std::int64_t id : dataset.experiments) ids.push_back(std::to_string(id));
  return ids;
}

std::optional<std::string> unlessEmpty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

EvaluationSet withExperiments(const EvaluationDataset& d) {
  EvaluationSet shown{.dataset_id = d.datasetId,
                      .name = d.name,
                      .tags = tracking::packTexts(d.tags),
                      .schema = unlessEmpty(d.fields),
                      .profile = std::nullopt,
                      .digest = d.digest,
                      .created_time = d.createdAt,
                      .last_update_time = d.updatedAt,
                      .created_by = unlessEmpty(d.createdBy),
                      .last_updated_by = unlessEmpty(d.updatedBy),
                      .experiment_ids = idsOf(d)};
  if (d.records > 0) shown.profile = fmt::format(R"({{"num_records": {}}})", d.records);
  return shown;
}

/// Clients ask for the experiments when somebody needs them: others may have linked it since.
EvaluationSet wireOf(const EvaluationDataset& d) {
  EvaluationSet set = withExperiments(d);
  set.experiment_ids.clear();
  return set;
}

/// A JSON object in a text; members that are null are left out, as MLflow does.
tracking::Texts tagsOf(const std::string& text) {
  tracking::Texts tags;
  if (text.empty()) return tags;
  json::value given = parseJson(text);
  if (given.is_null()) return tags;
  if (!given.is_object()) throw Invalid("tags", "must be a JSON object in a text");
  for (const auto& [key, value] : given.get_object())
    if (!value.is_null()) tags[key] = value.is_string() ? std::string(value.get_string()) : writeJson(value);
  return tags;
}

std::vector<std::int64_t> experimentsOf(const std::vector<std::string>& texts) {
  std::vector<std::int64_t> ids;
  for (const std::string& text : texts) ids.push_back(tracking::parseExperimentId(text));
  return ids;
}

void requireAll(Call& call, db::Transaction& transaction, const std::vector<std::int64_t>& experiments) {
  for (std::int64_t id : experiments) requireExperiment(call, Verb::write, transaction, id);
}

OneEvaluationSet createDataset(Call& call, const CreateEvaluationSet& in) {
  call.require(Verb::write, in.name);
  tracking::Texts tags = tagsOf(in.tags);
  std::vector<std::int64_t> experiments = experimentsOf(in.experiment_ids);
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> OneEvaluationSet {
    requireAll(call, change.transaction, experiments);
    return {withExperiments(evaluation::createEvaluationDataset(change, call.workspace, in.name, tags, experiments))};
  });
}

OneEvaluationSet getDataset(Call& call, const EvaluationSetRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneEvaluationSet {
    return {wireOf(evaluationDatasetFor(call, Verb::read, transaction, in.dataset_id))};
  });
}

/// Datasets are named by their ids here: a refusal must not tell the name.
template <class Absent>
void requireSet(const Call& call, Verb verb, const EvaluationDataset& dataset, const Absent& absent) {
  governance::requireVisible(
      *call.identity, verb, call.workspace, "dataset",
      [&](Verb needed) { return call.identity->may(needed, call.workspace, dataset.name); }, absent);
}

/// Empty for one that the caller may not read, as for one that does not exist.
std::optional<EvaluationDataset> findVisibleSet(const Call& call, db::Transaction& transaction, const std::string& id) {
  auto found = evaluation::findEvaluationDataset(transaction, call.workspace, id);
  if (found && !call.identity->may(Verb::read, call.workspace, found->name)) found.reset();
  return found;
}

/// The same, if the caller may also change it. Throws Error{denied}.
std::optional<EvaluationDataset> findOwnSet(const Call& call, db::Transaction& transaction, const std::string& id) {
  auto found = findVisibleSet(call, transaction, id);
  if (found) requireSet(call, Verb::write, *found, tracking::Missing("evaluation dataset", id));
  return found;
}

/// None of a dataset that is not there, as MLflow answers.
ExperimentIds getExperimentIds(Call& call, const EvaluationSetRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> ExperimentIds {
    auto found = findVisibleSet(call, transaction, in.dataset_id);
    if (!found) return {};
    return {idsOf(*found)};
  });
}

/// No error if there is none, as in MLflow.
Empty deleteDataset(Call& call, const EvaluationSetRef& in) {
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto found = findOwnSet(call, change.transaction, in.dataset_id);
    if (!found) return;
    evaluation::deleteEvaluationDataset(change, *found);
  });
  return {};
}

FoundEvaluationSets searchDatasets(Call& call, const SearchEvaluationSets& in) {
  evaluation::EvaluationDatasetSearch search{.experiments = experimentsOf(in.experiment_ids),
                                             .filter = in.filter_string,
                                             .orderBy = in.order_by,
                                             .maxResults = in.max_results,
                                             .pageToken = in.page_token};
  auto page = call.core.store.read([&](db::Transaction& transaction) {
    return evaluation::searchEvaluationDatasets(transaction, call.workspace, search);
  });
  FoundEvaluationSets found;
  for (const EvaluationDataset& dataset : page.items)
    if (call.identity->may(Verb::read, call.workspace, dataset.name)) found.datasets.push_back(wireOf(dataset));
  found.next_page_token = unlessEmpty(page.nextPageToken);
  return found;
}

Empty setTags(Call& call, const EvaluationSetTags& in) {
  tracking::Texts tags = tagsOf(in.tags);
  call.core.store.write([&](db::Transaction& transaction) {
    auto dataset = findOwnSet(call, transaction, in.dataset_id);
    if (!dataset) throw error(Code::notFound, "Could not find evaluation dataset with ID {}", in.dataset_id);
    evaluation::setEvaluationTags(transaction, *dataset, tags);
  });
  return {};
}

Empty deleteTag(Call& call, const EvaluationSetTag& in) {
  call.core.store.write([&](db::Transaction& transaction) {
    auto found = findOwnSet(call, transaction, in.dataset_id);
    if (!found) return;
    evaluation::deleteEvaluationTag(transaction, *found, in.key);
  });
  return {};
}

/// EvaluationSetLinks or unlinks.
template <class Fn>
OneEvaluationSet changeLinks(Call& call, const EvaluationSetLinks& in, Fn fn) {
  std::vector<std::int64_t> experiments = experimentsOf(in.experiment_ids);
  return call.core.store.write([&](db::Transaction& transaction) -> OneEvaluationSet {
    auto dataset = findOwnSet(call, transaction, in.dataset_id);
    if (!dataset) throw error(Code::notFound, "Dataset '{}' not found", in.dataset_id);
    requireAll(call, transaction, experiments);
    fn(transaction, *dataset, experiments);
    return {withExperiments(*dataset)};
  });
}

OneEvaluationSet addExperiments(Call& call, const EvaluationSetLinks& in) {
  return changeLinks(call, in, evaluation::linkExperiments);
}
OneEvaluationSet removeExperiments(Call& call, const EvaluationSetLinks& in) {
  return changeLinks(call, in, evaluation::unlinkExperiments);
}

}  // namespace

evaluation::EvaluationDataset evaluationDatasetFor(Call& call, Verb verb, db::Transaction& transaction,
                                                   const std::string& id) {
  EvaluationDataset dataset = evaluation::getEvaluationDataset(transaction, call.workspace, id);
  requireSet(call, verb, dataset, tracking::Missing("evaluation dataset", id));
  return dataset;
}

std::span<const Route> evaluationDatasetRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/datasets/create", "Create an evaluation dataset", writes("evaluation datasets"),
           createDataset),
      post("/api/3.0/mlflow/datasets/search", "Search evaluation datasets", scanning(reads("evaluation datasets")),
           searchDatasets),
      get("/api/3.0/mlflow/datasets/search", "Search evaluation datasets by query string",
          scanning(reads("evaluation datasets")), searchDatasets),
      get("/api/3.0/mlflow/datasets/{dataset_id}", "Get an evaluation dataset", reads("evaluation datasets"),
          getDataset),
      del("/api/3.0/mlflow/datasets/{dataset_id}", "Delete an evaluation dataset", writes("evaluation datasets"),
          deleteDataset),
      patch("/api/3.0/mlflow/datasets/{dataset_id}/tags", "Set tags of an evaluation dataset",
            writes("evaluation datasets"), setTags),
      del("/api/3.0/mlflow/datasets/{dataset_id}/tags/{key...}", "Delete a tag of an evaluation dataset",
          writes("evaluation datasets"), deleteTag),
      get("/api/3.0/mlflow/datasets/{dataset_id}/experiment-ids", "Get the experiment IDs of an evaluation dataset",
          reads("evaluation datasets"), getExperimentIds),
      post("/api/3.0/mlflow/datasets/{dataset_id}/add-experiments", "Add experiments to an evaluation dataset",
           writes("evaluation datasets"), addExperiments),
      post("/api/3.0/mlflow/datasets/{dataset_id}/remove-experiments", "Remove experiments from an evaluation dataset",
           writes("evaluation datasets"), removeExperiments),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
