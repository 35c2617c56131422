#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/shape.h"
#include "base/error.h"
#include "db/database.h"
#include "tracking/input.h"
#include "tracking/record.h"
#include "tracking/run.h"

/// The tracking half of MLflow's messages, as in service.proto, and conversions from core types.
namespace regesta::api::mlflow::wire {

struct KeyValue {
  std::string key, value;
  static constexpr Field fields[] = {field<&KeyValue::key>("key"), field<&KeyValue::value>("value")};
};

struct Metric {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
  std::optional<std::string> dataset_name, dataset_digest, model_id, run_id;
  static constexpr Field fields[] = {field<&Metric::key>("key"),
                                     field<&Metric::value>("value"),
                                     field<&Metric::timestamp>("timestamp"),
                                     field<&Metric::step>("step"),
                                     field<&Metric::dataset_name>("dataset_name"),
                                     field<&Metric::dataset_digest>("dataset_digest"),
                                     field<&Metric::model_id>("model_id"),
                                     field<&Metric::run_id>("run_id")};
};

struct Dataset {
  std::string name, digest, source_type, source;
  std::optional<std::string> schema, profile;
  static constexpr Field fields[] = {field<&Dataset::name>("name", required),
                                     field<&Dataset::digest>("digest", required),
                                     field<&Dataset::source_type>("source_type", present),
                                     field<&Dataset::source>("source", present),
                                     field<&Dataset::schema>("schema"),
                                     field<&Dataset::profile>("profile")};
};

struct DatasetInput {
  std::vector<KeyValue> tags;
  Dataset dataset;
  static constexpr Field fields[] = {field<&DatasetInput::tags>("tags"),
                                     field<&DatasetInput::dataset>("dataset", required)};
};

struct ModelInput {
  std::string model_id;
  static constexpr Field fields[] = {field<&ModelInput::model_id>("model_id", required)};
};

struct ModelOutput {
  std::string model_id;
  std::int64_t step = 0;
  static constexpr Field fields[] = {field<&ModelOutput::model_id>("model_id", required),
                                     field<&ModelOutput::step>("step")};
};

struct RunInfo {
  std::string run_uuid, run_id, run_name, experiment_id, user_id, status;
  std::int64_t start_time = 0;
  std::optional<std::int64_t> end_time;
  std::string artifact_uri, lifecycle_stage;
  static constexpr Field fields[] = {
      field<&RunInfo::run_uuid>("run_uuid"),         field<&RunInfo::run_id>("run_id"),
      field<&RunInfo::run_name>("run_name"),         field<&RunInfo::experiment_id>("experiment_id"),
      field<&RunInfo::user_id>("user_id"),           field<&RunInfo::status>("status"),
      field<&RunInfo::start_time>("start_time"),     field<&RunInfo::end_time>("end_time"),
      field<&RunInfo::artifact_uri>("artifact_uri"), field<&RunInfo::lifecycle_stage>("lifecycle_stage")};
};

struct RunData {
  std::vector<Metric> metrics;
  std::vector<KeyValue> params, tags;
  static constexpr Field fields[] = {field<&RunData::metrics>("metrics"), field<&RunData::params>("params"),
                                     field<&RunData::tags>("tags")};
};

struct RunInputs {
  std::vector<DatasetInput> dataset_inputs;
  std::vector<ModelInput> model_inputs;
  static constexpr Field fields[] = {field<&RunInputs::dataset_inputs>("dataset_inputs"),
                                     field<&RunInputs::model_inputs>("model_inputs")};
};

struct RunOutputs {
  std::vector<ModelOutput> model_outputs;
  static constexpr Field fields[] = {field<&RunOutputs::model_outputs>("model_outputs")};
};

struct Run {
  RunInfo info;
  RunData data;
  RunInputs inputs;
  std::optional<RunOutputs> outputs;
  static constexpr Field fields[] = {field<&Run::info>("info"), field<&Run::data>("data"),
                                     field<&Run::inputs>("inputs"), field<&Run::outputs>("outputs")};
};

struct FileInfo {
  std::string path;
  bool is_dir = false;
  std::optional<std::int64_t> file_size;
  static constexpr Field fields[] = {field<&FileInfo::path>("path"), field<&FileInfo::is_dir>("is_dir"),
                                     field<&FileInfo::file_size>("file_size")};
};

struct FileList {
  std::string root_uri;
  std::vector<FileInfo> files;
  static constexpr Field fields[] = {field<&FileList::root_uri>("root_uri"), field<&FileList::files>("files")};
};

/// A request about one run. Old clients send run_uuid.
struct RunRef {
  std::string run_id, run_uuid;
  static constexpr Field fields[] = {field<&RunRef::run_id>("run_id"), field<&RunRef::run_uuid>("run_uuid")};
};

/// run_id, otherwise run_uuid. Throws Invalid{field "run_id"} if both are missing.
template <class Request>
const std::string& runIdOf(const Request& request) {
  const std::string& id = request.run_id.empty() ? request.run_uuid : request.run_id;
  if (id.empty()) throw Invalid("run_id", "is required");
  return id;
}

/// Reads each dataset once for all runs of a page.
class Datasets {
 public:
  explicit Datasets(db::Transaction& transaction) : transaction_(transaction) {}
  const tracking::Dataset& of(std::int64_t row);

 private:
  db::Transaction& transaction_;
  std::map<std::int64_t, tracking::Dataset> known_;
};

inline constexpr std::string_view viewWords[] = {"ACTIVE_ONLY", "DELETED_ONLY", "ALL"};
tracking::View viewOf(std::string_view word);  ///< empty: active only

std::vector<KeyValue> listOf(tracking::Texts texts);
/// The last one counts if a key is repeated.
tracking::Texts textsOf(const std::vector<KeyValue>& list);
std::vector<tracking::Pair> pairsOf(const std::vector<KeyValue>& list);
Metric metricOf(tracking::Metric metric);
RunInfo infoOf(const tracking::Run& run);
Run runOf(tracking::Run run, Datasets& datasets);

}  // namespace regesta::api::mlflow::wire
