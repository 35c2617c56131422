#include "api/mlflow/evaluation.h"
#include "api/mlflow/evaluation_scope.h"
#include "base/limits_evaluation.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

struct UpsertRecords {
  std::string dataset_id, records;
  static constexpr Field fields[] = {
      field<&UpsertRecords::dataset_id>("dataset_id", required),
      field<&UpsertRecords::records>("records", required | about("a JSON list of records in a text"))};
};
struct UpsertedRecords {
  std::int64_t inserted_count = 0, updated_count = 0;
  static constexpr Field fields[] = {field<&UpsertedRecords::inserted_count>("inserted_count"),
                                     field<&UpsertedRecords::updated_count>("updated_count")};
};
struct ListRecords {
  std::string dataset_id;
  std::int64_t max_results = limits::evaluationPage;
  std::string page_token;
  static constexpr Field fields[] = {field<&ListRecords::dataset_id>("dataset_id", required),
                                     field<&ListRecords::max_results>("max_results"),
                                     field<&ListRecords::page_token>("page_token")};
};
struct RecordList {
  std::string records;
  std::optional<std::string> next_page_token;
  static constexpr Field fields[] = {field<&RecordList::records>("records", about("a JSON list of records in a text")),
                                     field<&RecordList::next_page_token>("next_page_token")};
};
struct DeleteRecords {
  std::string dataset_id;
  std::vector<std::string> dataset_record_ids;
  static constexpr Field fields[] = {field<&DeleteRecords::dataset_id>("dataset_id", required),
                                     field<&DeleteRecords::dataset_record_ids>("dataset_record_ids")};
};
struct DeletedRecords {
  std::int64_t deleted_count = 0;
  static constexpr Field fields[] = {field<&DeletedRecords::deleted_count>("deleted_count")};
};

json::object wireOf(const evaluation::EvaluationRecord& record, const std::string& datasetId) {
  json::object shown = record.body;
  shown["dataset_record_id"] = record.recordId;
  shown["dataset_id"] = datasetId;
  shown["created_time"] = record.createdAt;
  shown["last_update_time"] = record.updatedAt;
  return shown;
}

UpsertedRecords upsert(Call& call, const UpsertRecords& in) {
  json::value records = parseJson(in.records);
  evaluation::Upserted done = call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto dataset = evaluationDatasetFor(call, Verb::write, change.transaction, in.dataset_id);
    return evaluation::upsertRecords(change, std::move(dataset), records);
  });
  return {done.inserted, done.updated};
}

RecordList list(Call& call, const ListRecords& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> RecordList {
    auto dataset = evaluationDatasetFor(call, Verb::read, transaction, in.dataset_id);
    std::int64_t most = in.max_results == 0 ? limits::evaluationPage : in.max_results;
    auto page = evaluation::listRecords(transaction, dataset, most, in.page_token);
    json::array records;
    for (const evaluation::EvaluationRecord& record : page.items)
      records.emplace_back(wireOf(record, dataset.datasetId));
    RecordList found{.records = writeJson(records), .next_page_token = std::nullopt};
    if (!page.nextPageToken.empty()) found.next_page_token = page.nextPageToken;
    return found;
  });
}

DeletedRecords remove(Call& call, const DeleteRecords& in) {
  return {call.core.store.change(call.actor(), [&](registry::Change& change) {
    auto dataset = evaluationDatasetFor(call, Verb::write, change.transaction, in.dataset_id);
    return evaluation::deleteRecords(change, std::move(dataset), in.dataset_record_ids);
  })};
}

}  // namespace

std::span<const Route> evaluationRecordRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/datasets/{dataset_id}/records", "Insert or update records of an evaluation dataset",
           writes("evaluation datasets"), upsert),
      get("/api/3.0/mlflow/datasets/{dataset_id}/records", "List records of an evaluation dataset",
          scanning(reads("evaluation datasets")), list),
      del("/api/3.0/mlflow/datasets/{dataset_id}/records", "Delete records of an evaluation dataset",
          writes("evaluation datasets"), remove),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
