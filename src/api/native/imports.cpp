#include "api/native/imports.h"

#include "api/native/import_batch.h"
#include "api/tracking_scope.h"
#include "base/text.h"
#include "registry/reference.h"
#include "tracking/artifact.h"
#include "tracking/seal.h"

namespace regesta::api::native {
namespace {

constexpr std::string_view importedSuffix = " (imported)";
constexpr std::string_view defaultExperiment = "0";

bool isTaken(db::Transaction& transaction, std::string_view workspace, std::string_view name, std::int64_t except) {
  auto holder = tracking::findExperimentByName(transaction, workspace, name);
  return holder && holder->id != except;
}

tracking::ImportedExperiment importedOf(const ExperimentItem& item) {
  return {
      parseInteger(item.id).value_or(0), item.name, item.deleted, item.createdAt, item.updatedAt, textsOf(item.tags)};
}

ImportOutcome renew(Call& call, registry::Change& change, ImportBatch& batch, const ExperimentItem& item,
                    std::int64_t id) {
  tracking::ImportedExperiment imported = importedOf(item);
  tracking::Experiment present = tracking::getExperiment(change.transaction, call.workspace, id);
  if (id == 0 || isTaken(change.transaction, call.workspace, item.name, id)) imported.name = present.name;
  if (id == 0) imported.deleted = false;  // clients expect it
  tracking::renewExperiment(change, call.workspace, id, imported, batch.remover(change));
  batch.put(change, item.id, std::to_string(id), item.digest);
  return {item.id, std::to_string(id), "updated", std::nullopt, std::nullopt};
}

ImportOutcome importOne(Call& call, registry::Change& change, ImportBatch& batch, const ExperimentItem& item) {
  if (auto known = batch.find(change.transaction, item.id))
    return renew(call, change, batch, item, parseInteger(known->target).value_or(-1));
  if (item.id == defaultExperiment && tracking::findExperiment(change.transaction, call.workspace, 0)) {
    ImportOutcome outcome = renew(call, change, batch, item, 0);
    outcome.state = "created";
    return outcome;
  }
  tracking::ImportedExperiment imported = importedOf(item);
  std::vector<std::string> notes;
  if (isTaken(change.transaction, call.workspace, imported.name, -1)) {
    imported.name += importedSuffix;
    notes.push_back(fmt::format("an experiment '{}' exists here: imported as '{}'", item.name, imported.name));
  }
  tracking::Experiment made = tracking::importExperiment(change, call.core.store.database().dialect(), call.workspace,
                                                         imported, call.core.artifactRoot, batch.remover(change));
  std::string target = std::to_string(made.id);
  if (target != item.id) notes.push_back(fmt::format("the number {} is taken here: imported as {}", item.id, target));
  batch.put(change, item.id, target, item.digest);
  return {item.id, target, "created", optionalText(join(notes, "; ")), std::nullopt};
}

tracking::Metric pointOf(const MetricItem& item) { return {item.key, item.value, item.timestamp, item.step}; }

tracking::NewInput inputOf(const DatasetItem& item) {
  return {{.name = item.name,
           .digest = item.digest,
           .sourceType = item.sourceType,
           .source = item.source,
           .schema = item.schema,
           .profile = item.profile},
          textsOf(item.tags)};
}

tracking::ImportedRun importedOf(const RunItem& item, std::int64_t experiment) {
  auto status = tracking::parseStatus(item.status);
  if (!status) throw Invalid("status", "must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED", item.status);
  tracking::ImportedRun run{.runId = item.id,
                            .experiment = experiment,
                            .name = item.name,
                            .userId = item.user,
                            .status = *status,
                            .startTime = item.startTime,
                            .endTime = item.endTime,
                            .deletedAt = item.deletedAt,
                            .deleted = item.deleted,
                            .params = textsOf(item.params),
                            .tags = textsOf(item.tags),
                            .models = item.models,
                            .complete = item.complete};
  for (const MetricItem& metric : item.metrics) run.metrics.push_back({pointOf(metric), "", "", ""});
  for (const DatasetItem& input : item.inputs) run.inputs.push_back(inputOf(input));
  for (const OutputItem& output : item.outputs) run.outputs.push_back({output.model, output.step});
  return run;
}

/// Objects of this server that an import did not bring stay as they are.
void requireImported(const ImportBatch& batch, db::Transaction& transaction, std::string_view what,
                     const std::string& id, bool exists) {
  if (exists && !batch.find(transaction, id))
    throw error(Code::exists, "{} '{}' exists here and does not come from this source", what, id);
}

tracking::ModelStatus modelStatus(std::string_view name) {
  if (name == "READY") return tracking::ModelStatus::ready;
  if (name == "UPLOAD_FAILED") return tracking::ModelStatus::uploadFailed;
  return tracking::ModelStatus::pending;
}

tracking::ImportedLoggedModel importedOf(const LoggedModelItem& item, std::int64_t experiment) {
  tracking::ImportedLoggedModel model{.modelId = item.id,
                                      .experiment = experiment,
                                      .name = item.name,
                                      .modelType = item.modelType,
                                      .sourceRun = item.sourceRun,
                                      .status = modelStatus(item.status),
                                      .deleted = item.deleted,
                                      .createdAt = item.createdAt,
                                      .updatedAt = item.updatedAt,
                                      .params = textsOf(item.params),
                                      .tags = textsOf(item.tags)};
  for (const MetricItem& metric : item.metrics)
    model.metrics.push_back({pointOf(metric), metric.runId, metric.datasetName, metric.datasetDigest});
  return model;
}

/// The folder in the artifact tree of a run or logged model that was imported.
std::string folderOf(const Call& call, db::Transaction& transaction, const ImportFiles& request) {
  if (request.owner != "run" && request.owner != "logged-model")
    throw Invalid("owner", "must be run or logged-model", request.owner);
  if (!registry::findImportItem(transaction, call.workspace, request.source, request.owner, request.id))
    throw error(Code::notFound, "{} '{}' was not imported from this source", request.owner, request.id);
  std::string uri = request.owner == "run"
                        ? tracking::getRun(transaction, call.workspace, request.id).artifactUri
                        : tracking::getLoggedModel(transaction, call.workspace, request.id, true).artifactUri;
  auto folder = registry::treePath(uri, call.workspace);
  if (!folder)
    throw error(Code::unsupported,
                "the artifacts of {} '{}' are kept at {}, not by this server: copy its files there yourself",
                request.owner, request.id, uri);
  return *folder;
}

}  // namespace

Page<ImportSourceAnswer> listImports(Call& call, const PageQuery& query) {
  requireImporter(call);
  auto sources = call.core.store.read(
      [&](db::Transaction& transaction) { return registry::listImportSources(transaction, call.workspace); });
  return pageOf(
      sources, query.pageToken, query.pageSize, [](const registry::ImportSource& source) { return source.name; },
      [](const registry::ImportSource& source) {
        return ImportSourceAnswer{source.name, source.items, timeText(source.importedAt)};
      });
}

Page<ImportItemAnswer> listImportItems(Call& call, const ImportItemQuery& query) {
  registry::checkImportSource(query.source);
  requireImporter(call);
  std::size_t rows = rowsOf(query.pageSize);
  auto items = call.core.store.read([&](db::Transaction& transaction) {
    return registry::listImportItems(transaction, call.workspace, query.source, query.kind, readToken(query.pageToken),
                                     rows + 1);
  });
  Page<ImportItemAnswer> page;
  for (std::size_t at = 0; at < std::min(rows, items.size()); ++at)
    page.items.push_back({items[at].id, items[at].target, items[at].digest});
  if (items.size() > rows) page.nextPageToken = makeToken(page.items.back().id);
  return page;
}

ImportAnswer importExperiments(Call& call, const ImportExperiments& request) {
  ImportBatch batch(call, request.source, "experiment");
  return batch.run(request.items, [&](registry::Change& change, const ExperimentItem& item) {
    return importOne(call, change, batch, item);
  });
}

ImportAnswer importRuns(Call& call, const ImportRuns& request) {
  ImportBatch batch(call, request.source, "run");
  return batch.run(request.items, [&](registry::Change& change, const RunItem& item) {
    std::int64_t experiment = batch.experimentOf(change.transaction, item.experiment);
    bool exists = tracking::findRun(change.transaction, call.workspace, item.id).has_value();
    requireImported(batch, change.transaction, "run", item.id, exists);
    tracking::Run run =
        tracking::importRun(change, call.workspace, importedOf(item, experiment), batch.remover(change));
    batch.put(change, item.id, item.id, item.complete ? item.digest : "");
    ImportOutcome outcome{item.id, item.id, exists ? "updated" : "created", std::nullopt, std::nullopt};
    if (item.complete) outcome.points = tracking::historyDigest(change.transaction, run).points;
    return outcome;
  });
}

ImportAnswer importLoggedModels(Call& call, const ImportLoggedModels& request) {
  ImportBatch batch(call, request.source, "logged-model");
  return batch.run(request.items, [&](registry::Change& change, const LoggedModelItem& item) {
    std::int64_t experiment = batch.experimentOf(change.transaction, item.experiment);
    bool exists = tracking::findLoggedModel(change.transaction, item.id).has_value();
    requireImported(batch, change.transaction, "logged model", item.id, exists);
    tracking::importLoggedModel(change, call.workspace, importedOf(item, experiment), batch.remover(change));
    batch.put(change, item.id, item.id, item.complete ? item.digest : "");
    return ImportOutcome{item.id, item.id, exists ? "updated" : "created", std::nullopt, std::nullopt};
  });
}

ImportFilesAnswer importFiles(Call& call, const ImportFiles& request) {
  registry::checkImportSource(request.source);
  requireImporter(call);
  ImportFilesAnswer answer;
  std::vector<const ImportFile*> present;
  for (const ImportFile& file : request.files) {
    auto reader = call.core.blobs.open(file.digest);
    if (reader && reader->size() == static_cast<std::uint64_t>(file.size))
      present.push_back(&file);
    else
      answer.missing.push_back(file.digest);
  }
  if (present.empty()) return answer;
  ImportFilesAnswer stored = call.core.store.change(call.actor(), [&](registry::Change& change) {
    ImportFilesAnswer here;
    std::string folder = folderOf(call, change.transaction, request);
    governance::Scope scope = scopeOf(call, change.transaction);
    for (const ImportFile* file : present) {
      if (!scope.blob(file->digest)) {
        here.missing.push_back(file->digest);
        continue;
      }
      try {
        std::string path = registry::safePath(file->path);
        if (path.empty()) throw registry::PathError("must name a file");
        tracking::putArtifact(change, call.workspace, folder + '/' + path,
                              {file->digest, static_cast<std::uint64_t>(file->size)});
        here.stored += 1;
      } catch (const Error& fault) {  // an unsafe path, or a file of a version, which does not change
        if (!ImportBatch::isRefusal(fault)) throw;
        here.refused.push_back({file->path, "", "refused", fault.message, std::nullopt});
      }
    }
    return here;
  });
  answer.stored = stored.stored;
  answer.missing.insert(answer.missing.end(), stored.missing.begin(), stored.missing.end());
  answer.refused = std::move(stored.refused);
  return answer;
}

ImportFinishAnswer finishImport(Call& call, const ImportFinish& request) {
  registry::checkImportSource(request.source);
  requireImporter(call);
  return call.core.store.change(call.actor(), [&](registry::Change& change) {
    ImportFinishAnswer answer;
    json::object counts;
    for (const registry::ImportCount& count :
         registry::countImportItems(change.transaction, call.workspace, request.source)) {
      answer.counts.push_back({count.kind, count.items, count.incomplete});
      counts[count.kind] = count.items;
    }
    answer.digest = registry::digestOfImport(change.transaction, call.workspace, request.source);
    change.record(registry::Action::stateRecorded, call.workspace, "import/" + request.source,
                  {{"about", "import.finished"},
                   {"origin", request.origin},
                   {"digest", answer.digest},
                   {"counts", std::move(counts)}});
    return answer;
  });
}

}  // namespace regesta::api::native
