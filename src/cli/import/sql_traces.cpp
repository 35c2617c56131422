#include "base/error.h"
#include "base/text.h"
#include "cli/import/mlflow_values.h"
#include "cli/import/sql_source.h"

namespace regesta::cli {
namespace {

void setNumber(json::object& item, std::string_view name, const db::Rows& rows, int column) {
  if (!rows.isNull(column)) item[name] = rows.integer(column);
}

void setText(json::object& item, std::string_view name, const db::Rows& rows, int column) {
  if (!rows.isNull(column)) item[name] = rows.text(column);
}

}  // namespace

std::vector<SourceItem> SqlSource::traces(const std::string& after, std::size_t limit) {
  std::vector<SourceItem> found;
  if (!has("trace_info")) return found;
  bool previews = has("trace_info", "client_request_id, request_preview, response_preview");
  each(fmt::format("SELECT t.request_id, t.experiment_id, t.timestamp_ms, t.execution_time_ms, t.status, {} "
                   "FROM trace_info t JOIN experiments e ON e.experiment_id = t.experiment_id "
                   "WHERE t.request_id > $1{} ORDER BY t.request_id LIMIT $2",
                   previews ? "t.client_request_id, t.request_preview, t.response_preview" : "NULL, NULL, NULL",
                   ofWorkspace("experiments", "e")),
       {after, limit}, [&](db::Rows& rows) {
         json::object& item = found.emplace_back().item;
         item = {{"id", rows.text(0)},
                 {"experiment", std::to_string(rows.integer(1))},
                 {"request_time", rows.integer(2)},
                 {"state", rows.text(4)},
                 {"tags", json::object()},
                 {"metadata", json::object()},
                 {"spans", json::array()},
                 {"assessments", json::array()},
                 {"runs", json::array()},
                 {"prompts", json::array()}};
         setNumber(item, "duration", rows, 3);
         setText(item, "client_request_id", rows, 5);
         setText(item, "request_preview", rows, 6);
         setText(item, "response_preview", rows, 7);
       });
  if (found.empty()) return found;
  Page page;
  for (SourceItem& trace : found) page.emplace(trace.id(), &trace);
  std::string first = found.front().id(), last = found.back().id();
  constexpr std::string_view texts =
      "SELECT request_id, key, value FROM {} WHERE request_id >= $1 AND request_id <= $2";
  fillTexts(page, "tags", fmt::format(texts, "trace_tags"), first, last);
  if (has("trace_info", "trace_name"))  // MLflow 3.17 keeps the name in a column
    fillTexts(page, "tags",
              "SELECT request_id, 'mlflow.traceName', trace_name FROM trace_info WHERE request_id >= $1 AND request_id "
              "<= $2 AND trace_name IS NOT NULL",
              first, last);
  fillTexts(page, "metadata", fmt::format(texts, "trace_request_metadata"), first, last);
  fillSpans(page, first, last);
  fillAssessments(page, first, last);
  fillLinks(page, first, last);
  for (SourceItem& trace : found) {
    json::object& tags = trace.item["tags"].as_object();
    trace.artifacts = memberText(tags, "mlflow.artifactLocation");
    tags.erase("mlflow.artifactLocation");
  }
  return found;
}

void SqlSource::fillSpans(Page& page, const std::string& first, const std::string& last) {
  if (!has("spans")) return;
  each(
      "SELECT trace_id, content FROM spans WHERE trace_id >= $1 AND trace_id <= $2 ORDER BY trace_id, "
      "start_time_unix_nano, span_id",
      {first, last}, [&](db::Rows& rows) {
        auto owner = page.find(rows.text(0));
        if (owner != page.end())
          owner->second->item["spans"].as_array().push_back(spanOf(parseJson(rows.text(1)).as_object()));
      });
}

void SqlSource::fillAssessments(Page& page, const std::string& first, const std::string& last) {
  if (!has("assessments")) return;
  each(
      "SELECT trace_id, assessment_id, name, assessment_type, span_id, source_type, source_id, value, error, "
      "overrides, "
      "rationale, created_timestamp, last_updated_timestamp, CASE WHEN valid THEN 1 ELSE 0 END, assessment_metadata "
      "FROM assessments WHERE trace_id >= $1 AND trace_id <= $2 ORDER BY trace_id, created_timestamp, assessment_id",
      {first, last}, [&](db::Rows& rows) {
        auto owner = page.find(rows.text(0));
        if (owner == page.end()) return;
        json::object one{{"id", rows.text(1)},
                         {"name", rows.text(2)},
                         {"type", rows.text(3)},
                         {"source_type", rows.text(5)},
                         {"value", rows.text(7)},
                         {"created_at", rows.integer(11)},
                         {"updated_at", rows.integer(12)},
                         {"valid", rows.integer(13) != 0}};
        setText(one, "span_id", rows, 4);
        setText(one, "source_id", rows, 6);
        setText(one, "error", rows, 8);
        setText(one, "overrides", rows, 9);
        setText(one, "rationale", rows, 10);
        json::object metadata;
        if (!rows.isNull(14) && !rows.view(14).empty()) {
          json::value parsed = parseJson(rows.text(14));
          if (parsed.is_object())
            for (const auto& [key, value] : parsed.get_object())
              metadata[key] = value.is_string() ? std::string(value.get_string()) : writeJson(value);
        }
        one["metadata"] = std::move(metadata);
        owner->second->item["assessments"].as_array().push_back(std::move(one));
      });
}

void SqlSource::fillLinks(Page& page, const std::string& first, const std::string& last) {
  if (!has("entity_associations")) return;
  each(
      "SELECT source_id, destination_type, destination_id FROM entity_associations WHERE source_type = 'trace' AND "
      "source_id >= $1 AND source_id <= $2 ORDER BY source_id, destination_type, destination_id",
      {first, last}, [&](db::Rows& rows) {
        auto owner = page.find(rows.text(0));
        if (owner == page.end()) return;
        std::string type = rows.text(1);
        if (type == "run") owner->second->item["runs"].as_array().push_back(json::string(rows.text(2)));
        if (type == "prompt_version") owner->second->item["prompts"].as_array().push_back(json::string(rows.text(2)));
      });
}

}  // namespace regesta::cli
