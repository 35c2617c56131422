#include "cli/import/mlflow_values.h"
#include "cli/import/sql_source.h"

namespace regesta::cli {
namespace {

void setIfAny(json::object& item, std::string_view name, const db::Rows& rows, int column) {
  if (!rows.isNull(column)) item[name] = rows.text(column);
}

void setTime(json::object& item, std::string_view name, const db::Rows& rows, int column) {
  if (!rows.isNull(column)) item[name] = rows.integer(column);
}

}  // namespace

std::vector<SourceItem> SqlSource::models(const std::string& after, std::size_t limit) {
  std::vector<SourceItem> found;
  if (!has("registered_models")) return found;
  std::string own = ofWorkspace("registered_models", "m");
  each(fmt::format("SELECT m.name, m.creation_time, m.last_updated_time, m.description FROM registered_models m "
                   "WHERE m.name > $1{} ORDER BY m.name LIMIT $2",
                   own),
       {after, limit}, [&](db::Rows& rows) {
         json::object& item = found.emplace_back().item;
         item = {{"id", rows.text(0)}, {"name", rows.text(0)}, {"tags", json::object()}, {"aliases", json::object()}};
         setTime(item, "created_at", rows, 1);
         setTime(item, "updated_at", rows, 2);
         setIfAny(item, "description", rows, 3);
       });
  if (found.empty()) return found;
  Page page;
  for (SourceItem& model : found) page.emplace(model.id(), &model);
  std::string first = found.front().id(), last = found.back().id();
  fillTexts(page, "tags",
            fmt::format("SELECT m.name, m.key, m.value FROM registered_model_tags m WHERE m.name >= $1 AND m.name <= "
                        "$2{}",
                        own),
            first, last);
  if (has("registered_model_aliases"))
    each(fmt::format("SELECT m.name, m.alias, m.version FROM registered_model_aliases m WHERE m.name >= $1 AND m.name "
                     "<= $2{}",
                     own),
         {first, last}, [&](db::Rows& rows) {
           auto owner = page.find(rows.text(0));
           if (owner != page.end()) owner->second->item["aliases"].as_object()[rows.text(1)] = rows.integer(2);
         });
  for (SourceItem& model : found)
    model.item["kind"] = takePromptMark(model.item["tags"].as_object()) ? "prompt" : "model";
  return found;
}

std::vector<SourceItem> SqlSource::versions(const SourceItem& model) {
  std::vector<SourceItem> found;
  std::string name = model.id(), own = ofWorkspace("model_versions", "v");
  bool storage = has("model_versions", "storage_location");
  std::map<std::int64_t, json::object> tags;
  each(fmt::format("SELECT v.version, v.key, v.value FROM model_version_tags v WHERE v.name = $1{}", own), {name},
       [&](db::Rows& rows) { tags[rows.integer(0)][rows.text(1)] = rows.text(2); });
  each(fmt::format("SELECT v.version, v.creation_time, v.last_updated_time, v.description, v.current_stage, v.source, "
                   "v.run_id, v.run_link, {} FROM model_versions v WHERE v.name = $1{} AND v.current_stage <> "
                   "'Deleted_Internal' ORDER BY v.version",
                   storage ? "v.storage_location" : "NULL", own),
       {name}, [&](db::Rows& rows) {
         std::int64_t number = rows.integer(0);
         SourceItem& version = found.emplace_back();
         version.item = {{"id", fmt::format("{}/{}", name, number)},
                         {"asset", name},
                         {"number", number},
                         {"stage", rows.text(4)},
                         {"tags", tags[number]}};
         setTime(version.item, "created_at", rows, 1);
         setTime(version.item, "updated_at", rows, 2);
         setIfAny(version.item, "description", rows, 3);
         setIfAny(version.item, "source_uri", rows, 5);
         setIfAny(version.item, "run_id", rows, 6);
         setIfAny(version.item, "run_link", rows, 7);
         version.artifacts = rows.text(8);
       });
  return found;
}

}  // namespace regesta::cli
