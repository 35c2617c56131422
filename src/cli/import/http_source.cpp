#include "cli/import/http_source.h"

#include <cmath>
#include <fstream>

#include "base/encoding.h"
#include "base/error.h"
#include "cli/import/mlflow_values.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

std::string credentials() {
  std::string user = variable("MLFLOW_TRACKING_USERNAME"), token = variable("MLFLOW_TRACKING_TOKEN");
  if (!user.empty()) return "Basic " + base64Encode(user + ":" + variable("MLFLOW_TRACKING_PASSWORD"));
  return token.empty() ? "" : "Bearer " + token;
}

void copyNumber(json::object& into, std::string_view name, const json::object& from, std::string_view member) {
  if (from.contains(member)) into[name] = numberOf(from, member);
}

void copyText(json::object& into, std::string_view name, const json::object& from, std::string_view member) {
  if (std::string text = memberText(from, member); !text.empty()) into[name] = text;
}

json::object textsOf(const json::array& list) {
  json::object texts;
  for (const json::value& pair : list)
    texts[memberText(pair.as_object(), "key")] = memberText(pair.as_object(), "value");
  return texts;
}

double valueOf(const json::object& metric) {
  const json::value* value = metric.if_contains("value");
  if (!value) return 0;
  if (value->is_number()) return value->to_number<double>();
  if (memberText(metric, "value") == "Infinity") return HUGE_VAL;
  return memberText(metric, "value") == "-Infinity" ? -HUGE_VAL : std::nan("");
}

json::object inputOf(const json::object& wire) {
  const json::object& dataset = memberObject(wire, "dataset");
  json::object input{{"name", memberText(dataset, "name")},
                     {"digest", memberText(dataset, "digest")},
                     {"source_type", memberText(dataset, "source_type")},
                     {"source", memberText(dataset, "source")}};
  copyText(input, "schema", dataset, "schema");
  copyText(input, "profile", dataset, "profile");
  input["tags"] = textsOf(memberArray(wire, "tags"));
  return input;
}

SourceItem runOf(const json::object& wire) {
  const json::object &info = memberObject(wire, "info"), &data = memberObject(wire, "data");
  SourceItem run;
  run.item = {{"id", memberText(info, "run_id")},
              {"experiment", memberText(info, "experiment_id")},
              {"name", memberText(info, "run_name")},
              {"user", memberText(info, "user_id")},
              {"status", memberText(info, "status")},
              {"start_time", numberOf(info, "start_time")},
              {"deleted", memberText(info, "lifecycle_stage") == "deleted"},
              {"params", textsOf(memberArray(data, "params"))},
              {"tags", textsOf(memberArray(data, "tags"))},
              {"latest", json::object()},
              {"inputs", json::array()},
              {"models", json::array()},
              {"outputs", json::array()}};
  copyNumber(run.item, "end_time", info, "end_time");
  for (const json::value& metric : memberArray(data, "metrics"))
    run.item["latest"].as_object()[memberText(metric.as_object(), "key")] =
        json::array{realJson(valueOf(metric.as_object())), numberOf(metric.as_object(), "timestamp"),
                    numberOf(metric.as_object(), "step")};
  for (const json::value& input : memberArray(memberObject(wire, "inputs"), "dataset_inputs"))
    run.item["inputs"].as_array().push_back(inputOf(input.as_object()));
  for (const json::value& input : memberArray(memberObject(wire, "inputs"), "model_inputs"))
    run.item["models"].as_array().push_back(json::string(memberText(input.as_object(), "model_id")));
  for (const json::value& output : memberArray(memberObject(wire, "outputs"), "model_outputs"))
    run.item["outputs"].as_array().push_back(json::object{{"model", memberText(output.as_object(), "model_id")},
                                                          {"step", numberOf(output.as_object(), "step")}});
  run.artifacts = memberText(info, "artifact_uri");
  return run;
}

/// The API writes LOGGED_MODEL_READY.
std::string statusOf(std::string status) {
  constexpr std::string_view prefix = "LOGGED_MODEL_";
  return status.starts_with(prefix) ? status.substr(prefix.size()) : status;
}

SourceItem modelOf(const json::object& wire) {
  const json::object &info = memberObject(wire, "info"), &data = memberObject(wire, "data");
  SourceItem model;
  model.item = {{"id", memberText(info, "model_id")},
                {"experiment", memberText(info, "experiment_id")},
                {"name", memberText(info, "name")},
                {"created_at", numberOf(info, "creation_timestamp_ms")},
                {"updated_at", numberOf(info, "last_updated_timestamp_ms")},
                {"status", statusOf(memberText(info, "status"))},
                {"deleted", false},
                {"params", textsOf(memberArray(data, "params"))},
                {"tags", textsOf(memberArray(info, "tags"))},
                {"metrics", json::array()}};
  copyText(model.item, "model_type", info, "model_type");
  copyText(model.item, "source_run", info, "source_run_id");
  for (const json::value& entry : memberArray(data, "metrics")) {
    const json::object& metric = entry.as_object();
    json::object point{{"key", memberText(metric, "key")},
                       {"value", realJson(valueOf(metric))},
                       {"timestamp", numberOf(metric, "timestamp")},
                       {"step", numberOf(metric, "step")},
                       {"run_id", memberText(metric, "run_id")}};
    copyText(point, "dataset_name", metric, "dataset_name");
    copyText(point, "dataset_digest", metric, "dataset_digest");
    model.item["metrics"].as_array().push_back(std::move(point));
  }
  model.artifacts = memberText(info, "artifact_uri");
  return model;
}

std::string filterText(std::string_view name) {
  return name.find('\'') == std::string_view::npos ? fmt::format("'{}'", name) : fmt::format("\"{}\"", name);
}

}  // namespace

HttpSource::HttpSource(std::string url) : client_(std::move(url), credentials(), "an MLflow server") {}

std::string HttpSource::identity() {
  json::object answer = client_.get("/api/2.0/mlflow/experiments/get", {{"experiment_id", "0"}});
  const json::object& experiment = memberObject(answer, "experiment");
  return "mlflow-" + crypto::sha256Hex(fmt::format("0 {}", numberOf(experiment, "creation_time"))).substr(0, 12);
}

std::vector<SourceItem> HttpSource::experiments() {
  std::vector<SourceItem> found;
  std::string token;
  do {
    json::object search{{"max_results", 1000}, {"view_type", "ALL"}};
    if (!token.empty()) search["page_token"] = token;
    json::object answer = client_.post("/api/2.0/mlflow/experiments/search", search);
    for (const json::value& entry : memberArray(answer, "experiments")) {
      const json::object& wire = entry.as_object();
      json::object& item = found.emplace_back().item;
      item = {{"id", memberText(wire, "experiment_id")},
              {"name", memberText(wire, "name")},
              {"deleted", memberText(wire, "lifecycle_stage") == "deleted"},
              {"tags", textsOf(memberArray(wire, "tags"))}};
      copyNumber(item, "created_at", wire, "creation_time");
      copyNumber(item, "updated_at", wire, "last_update_time");
    }
    token = memberText(answer, "next_page_token");
  } while (!token.empty());
  experimentIds_.clear();
  for (const SourceItem& experiment : found) experimentIds_.push_back(experiment.id());
  return found;
}

void HttpSource::start(const std::string& after) {
  if (after.empty()) cursor_ = {};
}

std::vector<json::object> HttpSource::nextPage(const std::string& after, std::string_view list,
                                               const std::function<json::object(const std::string&)>& search) {
  start(after);
  std::vector<json::object> items;
  while (items.empty() && cursor_.experiment < experimentIds_.size()) {
    json::object answer = search(experimentIds_[cursor_.experiment]);
    for (const json::value& item : memberArray(answer, list)) items.push_back(item.as_object());
    cursor_.token = memberText(answer, "next_page_token");
    if (cursor_.token.empty()) cursor_.experiment += 1;
  }
  return items;
}

std::vector<SourceItem> HttpSource::runs(const std::string& after, std::size_t limit) {
  std::vector<SourceItem> found;
  for (const json::object& wire : nextPage(after, "runs", [&](const std::string& experiment) {
         json::object search{{"experiment_ids", {experiment}}, {"run_view_type", "ALL"}, {"max_results", limit}};
         if (!cursor_.token.empty()) search["page_token"] = cursor_.token;
         return client_.post("/api/2.0/mlflow/runs/search", search);
       }))
    found.push_back(runOf(wire));
  return found;
}

std::vector<SourceItem> HttpSource::loggedModels(const std::string& after, std::size_t) {
  std::vector<SourceItem> found;
  for (const json::object& wire : nextPage(after, "models", [&](const std::string& experiment) {
         json::object search{{"experiment_ids", {experiment}}, {"max_results", 50}};
         if (!cursor_.token.empty()) search["page_token"] = cursor_.token;
         return client_.post("/api/2.0/mlflow/logged-models/search", search);
       }))
    found.push_back(modelOf(wire));
  return found;
}

std::vector<SourceItem> HttpSource::models(const std::string& after, std::size_t limit) {
  start(after);
  filters_ = {"", "tags.`mlflow.prompt.is_prompt` = 'true'"};
  std::vector<SourceItem> found;
  while (found.empty() && cursor_.experiment < filters_.size()) {
    json::object answer =
        client_.get("/api/2.0/mlflow/registered-models/search", {{"max_results", std::to_string(limit)},
                                                                 {"filter", filters_[cursor_.experiment]},
                                                                 {"page_token", cursor_.token}});
    for (const json::value& entry : memberArray(answer, "registered_models")) {
      const json::object& wire = entry.as_object();
      json::object& item = found.emplace_back().item;
      item = {{"id", memberText(wire, "name")},
              {"name", memberText(wire, "name")},
              {"tags", textsOf(memberArray(wire, "tags"))},
              {"aliases", json::object()}};
      copyNumber(item, "created_at", wire, "creation_timestamp");
      copyNumber(item, "updated_at", wire, "last_updated_timestamp");
      copyText(item, "description", wire, "description");
      for (const json::value& alias : memberArray(wire, "aliases"))
        item["aliases"].as_object()[memberText(alias.as_object(), "alias")] = numberOf(alias.as_object(), "version");
      item["kind"] = takePromptMark(item["tags"].as_object()) ? "prompt" : "model";
    }
    cursor_.token = memberText(answer, "next_page_token");
    if (cursor_.token.empty()) cursor_.experiment += 1;
  }
  return found;
}

std::vector<SourceItem> HttpSource::versions(const SourceItem& model) {
  std::map<std::int64_t, SourceItem> byNumber;
  std::string filter = "name = " + filterText(model.id());
  if (memberText(model.item, "kind") == "prompt") filter += " AND tags.`mlflow.prompt.is_prompt` = 'true'";
  std::string token;
  do {
    json::object answer = client_.get("/api/2.0/mlflow/model-versions/search",
                                      {{"filter", filter}, {"max_results", "1000"}, {"page_token", token}});
    for (const json::value& entry : memberArray(answer, "model_versions")) {
      const json::object& wire = entry.as_object();
      std::int64_t at = numberOf(wire, "version");
      json::object& item = byNumber[at].item;
      item = {{"id", fmt::format("{}/{}", model.id(), at)},
              {"asset", model.id()},
              {"number", at},
              {"stage", memberText(wire, "current_stage")},
              {"tags", textsOf(memberArray(wire, "tags"))}};
      copyNumber(item, "created_at", wire, "creation_timestamp");
      copyNumber(item, "updated_at", wire, "last_updated_timestamp");
      copyText(item, "description", wire, "description");
      copyText(item, "source_uri", wire, "source");
      copyText(item, "run_id", wire, "run_id");
      copyText(item, "run_link", wire, "run_link");
    }
    token = memberText(answer, "next_page_token");
  } while (!token.empty());
  std::vector<SourceItem> found;
  for (auto& [at, version] : byNumber) found.push_back(std::move(version));
  return found;
}

void HttpSource::history(const SourceItem& run, const std::function<void(const MetricPoint&)>& visit) {
  for (const auto& [key, latest] : run.item.at("latest").as_object()) {
    std::string token;
    do {
      json::object answer =
          client_.get("/api/2.0/mlflow/metrics/get-history",
                      {{"run_id", run.id()}, {"metric_key", key}, {"max_results", "25000"}, {"page_token", token}});
      for (const json::value& entry : memberArray(answer, "metrics")) {
        const json::object& metric = entry.as_object();
        visit({std::string(key), valueOf(metric), numberOf(metric, "timestamp"), numberOf(metric, "step")});
      }
      token = memberText(answer, "next_page_token");
    } while (!token.empty());
  }
}

void HttpSource::listFolder(const std::string& kind, const SourceItem& item, const std::string& folder,
                            std::vector<std::pair<std::string, std::uint64_t>>& into) {
  bool isRun = kind == "run";
  std::string token;
  do {
    json::object answer =
        isRun ? client_.get("/api/2.0/mlflow/artifacts/list",
                            {{"run_id", item.id()}, {"path", folder}, {"page_token", token}})
              : client_.get(fmt::format("/api/2.0/mlflow/logged-models/{}/artifacts/directories", item.id()),
                            {{"artifact_directory_path", folder}, {"page_token", token}});
    for (const json::value& entry : memberArray(answer, "files")) {
      const json::object& file = entry.as_object();
      const json::value* isFolder = file.if_contains("is_dir");
      if (isFolder && isFolder->is_bool() && isFolder->get_bool())
        listFolder(kind, item, memberText(file, "path"), into);
      else
        into.emplace_back(memberText(file, "path"), static_cast<std::uint64_t>(numberOf(file, "file_size")));
    }
    token = memberText(answer, "next_page_token");
  } while (!token.empty());
}

std::vector<std::pair<std::string, std::uint64_t>> HttpSource::artifacts(const std::string& kind,
                                                                         const SourceItem& item) {
  std::vector<std::pair<std::string, std::uint64_t>> files;
  listFolder(kind, item, "", files);
  std::ranges::sort(files);
  return files;
}

void HttpSource::download(const std::string& kind, const SourceItem& item, const std::string& path,
                          const std::string& file) {
  http::ClientRequest made =
      kind == "run"
          ? client_.request("GET", "/get-artifact", {{"run_uuid", item.id()}, {"path", path}})
          : client_.request("GET", fmt::format("/ajax-api/2.0/mlflow/logged-models/{}/artifacts/files", item.id()),
                            {{"artifact_file_path", path}});
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  made.sink = [&](std::string_view bytes) {
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return out.good();
  };
  http::Response response = client_.send(made);
  out.close();
  if (response.status >= 400 || !out)
    throw error(Code::notFound, "the file {} cannot be downloaded from {} ({})", path, client_.origin(),
                response.status);
}

}  // namespace regesta::cli
