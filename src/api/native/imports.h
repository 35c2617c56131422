#pragma once
#include "api/native/common.h"

/// Imports from other servers (cli/import): items with their identifiers and times at the source. Only administrators.
namespace regesta::api::native {

struct ImportPath {
  std::string source;
  static constexpr Field fields[] = {field<&ImportPath::source>("source", required)};
};
struct ImportItemQuery {
  std::string source, kind, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&ImportItemQuery::source>("source", required),
      field<&ImportItemQuery::kind>("kind", required | about("experiment, run, logged-model, model, version, trace …")),
      field<&ImportItemQuery::pageToken>("page_token"), field<&ImportItemQuery::pageSize>("page_size", pageRule)};
};
struct ImportItemAnswer {
  std::string id, target, digest;
  static constexpr Field fields[] = {
      field<&ImportItemAnswer::id>("id", about("at the source")),
      field<&ImportItemAnswer::target>("target", about("here")),
      field<&ImportItemAnswer::digest>("digest", about("of what was read; empty: only a part has arrived"))};
};
struct ImportSourceAnswer {
  std::string source;
  std::int64_t items = 0;
  std::optional<std::string> importedAt;
  static constexpr Field fields[] = {field<&ImportSourceAnswer::source>("source"),
                                     field<&ImportSourceAnswer::items>("items"),
                                     field<&ImportSourceAnswer::importedAt>("imported_at")};
};

struct ImportOutcome {
  std::string id, target, state;
  std::optional<std::string> note;
  std::optional<std::int64_t> points;
  static constexpr Field fields[] = {
      field<&ImportOutcome::id>("id"), field<&ImportOutcome::target>("target"),
      field<&ImportOutcome::state>("state", about("created, updated or refused")),
      field<&ImportOutcome::note>("note", about("why it was refused, or how it differs from the source")),
      field<&ImportOutcome::points>("points", about("metric points in the history of a complete run"))};
};
struct ImportAnswer {
  std::vector<ImportOutcome> items;
  static constexpr Field fields[] = {field<&ImportAnswer::items>("items")};
};

inline constexpr Rule idRule = required | atMost(512) | about("at the source");
inline constexpr Rule digestRule = required | atMost(64) | about("SHA-256 of what was read from the source");

struct ExperimentItem {
  std::string id, digest, name;
  bool deleted = false;
  std::int64_t createdAt = 0, updatedAt = 0;
  TextMap tags;
  static constexpr Field fields[] = {field<&ExperimentItem::id>("id", idRule),
                                     field<&ExperimentItem::digest>("digest", digestRule),
                                     field<&ExperimentItem::name>("name", required),
                                     field<&ExperimentItem::deleted>("deleted"),
                                     field<&ExperimentItem::createdAt>("created_at"),
                                     field<&ExperimentItem::updatedAt>("updated_at"),
                                     field<&ExperimentItem::tags>("tags")};
};
struct ImportExperiments {
  std::string source;
  std::vector<ExperimentItem> items;
  static constexpr std::string_view documentation =
      "An experiment keeps its number if no experiment here has it. The experiment 0 becomes the experiment 0 here. "
      "An experiment whose name is taken gets the suffix \" (imported)\". Repeating the call brings earlier imports up "
      "to date.";
  static constexpr Field fields[] = {field<&ImportExperiments::source>("source", required),
                                     field<&ImportExperiments::items>("items", atMost(1000))};
};

struct MetricItem {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
  std::string runId, datasetName, datasetDigest;
  static constexpr Field fields[] = {
      field<&MetricItem::key>("key", required),
      field<&MetricItem::value>("value", present),
      field<&MetricItem::timestamp>("timestamp"),
      field<&MetricItem::step>("step"),
      field<&MetricItem::runId>("run_id", about("of a logged model's metric")),
      field<&MetricItem::datasetName>("dataset_name", about("of a logged model's metric")),
      field<&MetricItem::datasetDigest>("dataset_digest", about("of a logged model's metric"))};
};
struct DatasetItem {
  std::string name, digest, sourceType, source, schema, profile;
  TextMap tags;
  static constexpr Field fields[] = {field<&DatasetItem::name>("name", required),
                                     field<&DatasetItem::digest>("digest", present),
                                     field<&DatasetItem::sourceType>("source_type"),
                                     field<&DatasetItem::source>("source"),
                                     field<&DatasetItem::schema>("schema"),
                                     field<&DatasetItem::profile>("profile"),
                                     field<&DatasetItem::tags>("tags")};
};
struct OutputItem {
  std::string model;
  std::int64_t step = 0;
  static constexpr Field fields[] = {field<&OutputItem::model>("model", required), field<&OutputItem::step>("step")};
};
struct RunItem {
  std::string id, digest, experiment, name, user, status;
  std::int64_t startTime = 0;
  std::optional<std::int64_t> endTime, deletedAt;
  bool deleted = false, complete = true;
  TextMap params, tags;
  std::vector<MetricItem> metrics;
  std::vector<DatasetItem> inputs;
  std::vector<std::string> models;
  std::vector<OutputItem> outputs;
  static constexpr Field fields[] = {
      field<&RunItem::id>("id", idRule),
      field<&RunItem::digest>("digest", digestRule),
      field<&RunItem::experiment>("experiment", required | about("its number at the source")),
      field<&RunItem::name>("name"),
      field<&RunItem::user>("user"),
      field<&RunItem::status>("status", required | about("RUNNING, SCHEDULED, FINISHED, FAILED or KILLED")),
      field<&RunItem::startTime>("start_time"),
      field<&RunItem::endTime>("end_time"),
      field<&RunItem::deletedAt>("deleted_at"),
      field<&RunItem::deleted>("deleted"),
      field<&RunItem::complete>("complete", about("false: further metrics or files of the run follow; absent: true")),
      field<&RunItem::params>("params"),
      field<&RunItem::tags>("tags"),
      field<&RunItem::metrics>("metrics", about("any part of the history")),
      field<&RunItem::inputs>("inputs"),
      field<&RunItem::models>("models", about("logged models that the run read")),
      field<&RunItem::outputs>("outputs", about("logged models that the run produced"))};
};
struct ImportRuns {
  std::string source;
  std::vector<RunItem> items;
  static constexpr std::string_view documentation =
      "A run keeps its id. It is sealed with reason \"imported\" once it is complete. Metric points that are here "
      "already change nothing, so any call may be repeated.";
  static constexpr Field fields[] = {field<&ImportRuns::source>("source", required),
                                     field<&ImportRuns::items>("items", atMost(1000))};
};

struct LoggedModelItem {
  std::string id, digest, experiment, name, modelType, sourceRun, status;
  bool deleted = false, complete = true;
  std::int64_t createdAt = 0, updatedAt = 0;
  TextMap params, tags;
  std::vector<MetricItem> metrics;
  static constexpr Field fields[] = {
      field<&LoggedModelItem::complete>("complete", about("false: its files follow; absent: true")),
      field<&LoggedModelItem::id>("id", idRule),
      field<&LoggedModelItem::digest>("digest", digestRule),
      field<&LoggedModelItem::experiment>("experiment", required | about("its number at the source")),
      field<&LoggedModelItem::name>("name", required),
      field<&LoggedModelItem::modelType>("model_type"),
      field<&LoggedModelItem::sourceRun>("source_run"),
      field<&LoggedModelItem::status>("status", about("PENDING, READY or UPLOAD_FAILED")),
      field<&LoggedModelItem::deleted>("deleted"),
      field<&LoggedModelItem::createdAt>("created_at"),
      field<&LoggedModelItem::updatedAt>("updated_at"),
      field<&LoggedModelItem::params>("params"),
      field<&LoggedModelItem::tags>("tags"),
      field<&LoggedModelItem::metrics>("metrics")};
};
struct ImportLoggedModels {
  std::string source;
  std::vector<LoggedModelItem> items;
  static constexpr Field fields[] = {field<&ImportLoggedModels::source>("source", required),
                                     field<&ImportLoggedModels::items>("items", atMost(1000))};
};

struct ImportFile {
  std::string path, digest;
  std::int64_t size = 0;
  static constexpr Field fields[] = {field<&ImportFile::path>("path", required | about("below the owner's artifacts")),
                                     field<&ImportFile::digest>("digest", required | atMost(64)),
                                     field<&ImportFile::size>("size", atLeast(0))};
};
struct ImportFiles {
  std::string source, owner, id;
  std::vector<ImportFile> files;
  static constexpr std::string_view documentation =
      "Makes files of content that the caller uploaded, or may read. Answers which digests must be uploaded first.";
  static constexpr Field fields[] = {field<&ImportFiles::source>("source", required),
                                     field<&ImportFiles::owner>("owner", required | about("run or logged-model")),
                                     field<&ImportFiles::id>("id", idRule),
                                     field<&ImportFiles::files>("files", atMost(1000))};
};
struct ImportFilesAnswer {
  std::int64_t stored = 0;
  std::vector<std::string> missing;
  std::vector<ImportOutcome> refused;
  static constexpr Field fields[] = {
      field<&ImportFilesAnswer::stored>("stored"), field<&ImportFilesAnswer::missing>("missing", about("digests")),
      field<&ImportFilesAnswer::refused>("refused", about("files with a path that is not allowed"))};
};

struct ImportFinish {
  std::string source, origin;
  static constexpr Field fields[] = {
      field<&ImportFinish::source>("source", required),
      field<&ImportFinish::origin>("origin", atMost(1024) | about("where it was read, without credentials"))};
};
struct ImportCountAnswer {
  std::string kind;
  std::int64_t items = 0, incomplete = 0;
  static constexpr Field fields[] = {field<&ImportCountAnswer::kind>("kind"), field<&ImportCountAnswer::items>("items"),
                                     field<&ImportCountAnswer::incomplete>("incomplete")};
};
struct ImportFinishAnswer {
  std::string digest;
  std::vector<ImportCountAnswer> counts;
  static constexpr Field fields[] = {
      field<&ImportFinishAnswer::digest>("digest", about("of every item of the source, as the ledger has it")),
      field<&ImportFinishAnswer::counts>("counts")};
};

Page<ImportSourceAnswer> listImports(Call& call, const PageQuery& query);
Page<ImportItemAnswer> listImportItems(Call& call, const ImportItemQuery& query);
ImportAnswer importExperiments(Call& call, const ImportExperiments& request);
ImportAnswer importRuns(Call& call, const ImportRuns& request);
ImportAnswer importLoggedModels(Call& call, const ImportLoggedModels& request);
ImportFilesAnswer importFiles(Call& call, const ImportFiles& request);
/// Recorded as "state.recorded" about "import.finished".
ImportFinishAnswer finishImport(Call& call, const ImportFinish& request);

}  // namespace regesta::api::native
