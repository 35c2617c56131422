#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/limits_evaluation.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "evaluation/evaluation_dataset.h"
#include "filter/filter.h"

// The examples of an evaluation dataset.
namespace regesta::evaluation {
namespace {

constexpr std::string_view sourceTypes[] = {"UNSPECIFIED", "TRACE", "HUMAN", "DOCUMENT", "CODE"};

/// One record from a client. Members are objects if present and not null.
struct Told {
  const json::object& all;
  json::object inputs;
  const json::object *expectations = nullptr, *tags = nullptr, *source = nullptr;

  Told(const json::value& value, std::size_t at) : all(objectOf(value, fmt::format("records[{}]", at))) {
    std::string path = fmt::format("records[{}].", at);
    if (const json::object* given = member("inputs", path)) inputs = *given;
    expectations = member("expectations", path);
    tags = member("tags", path);
    source = member("source", path);
  }
  std::string user() const {
    const json::value* user = tags ? tags->if_contains("mlflow.user") : nullptr;
    return user && user->is_string() ? std::string(user->get_string()) : std::string();
  }

 private:
  static const json::object& objectOf(const json::value& value, const std::string& path) {
    if (!value.is_object()) throw Invalid(path, "must be an object");
    return value.get_object();
  }
  const json::object* member(std::string_view name, const std::string& path) const {
    const json::value* value = all.if_contains(name);
    return value && !value->is_null() ? &objectOf(*value, path + std::string(name)) : nullptr;
  }
};

void takeSource(json::object& body, const json::object& source) {
  const json::value* type = source.if_contains("source_type");
  std::string name = type && type->is_string() ? upper(type->get_string()) : std::string();
  if (std::ranges::find(sourceTypes, name) == std::end(sourceTypes))
    throw error(Code::invalid, "Invalid dataset record source type: {}. Valid source types: ['{}']", shorten(name, 100),
                fmt::join(sourceTypes, "', '"));
  const json::value* data = source.if_contains("source_data");
  json::object about = data && data->is_object() ? data->get_object() : json::object();
  if (const json::value* id = about.if_contains(name == "TRACE" ? "trace_id" : "source_id"); id && id->is_string())
    body["source_id"] = *id;
  body["source"] = {{"source_type", name}, {"source_data", std::move(about)}};
  body["source_type"] = name;
}

json::object bodyOf(const Told& told) {
  json::object body{{"inputs", told.inputs}, {"tags", told.tags ? *told.tags : json::object()}};
  const json::value* outputs = told.all.if_contains("outputs");
  if (!outputs || !outputs->is_null()) body["outputs"] = outputs ? *outputs : json::value(json::object());
  if (told.expectations) body["expectations"] = *told.expectations;
  if (told.source) takeSource(body, *told.source);
  if (std::string user = told.user(); !user.empty()) {
    body["created_by"] = user;
    body["last_updated_by"] = user;
  }
  return body;
}

void mergeMember(json::object& body, std::string_view name, const json::object* fresh) {
  if (!fresh || fresh->empty()) return;
  json::value& there = body[name];
  if (!there.is_object()) there = json::object();
  for (const auto& [key, value] : *fresh) there.get_object()[key] = value;
}

void merge(json::object& body, const Told& told) {
  if (const json::value* outputs = told.all.if_contains("outputs")) {
    if (outputs->is_null())
      body.erase("outputs");
    else
      body["outputs"] = *outputs;
  }
  mergeMember(body, "expectations", told.expectations);
  mergeMember(body, "tags", told.tags);
  if (std::string user = told.user(); !user.empty()) body["last_updated_by"] = user;
}

std::string checkedText(const json::object& body) {
  std::string text = writeJson(body);
  if (text.size() > limits::evaluationRecord)
    throw error(Code::tooLarge, "a record may take at most {} bytes", limits::evaluationRecord);
  return text;
}

std::string_view typeOf(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "boolean";
    case json::kind::int64:
    case json::kind::uint64:
      return "integer";
    case json::kind::double_:
      return "float";
    case json::kind::string:
      return "string";
    case json::kind::array:
      return "array";
    case json::kind::object:
      return "object";
  }
  return "unknown";
}

/// The types of all members that any record had, as MLflow shows them: a member's first type stays.
class Fields {
 public:
  explicit Fields(std::string_view packed) {
    if (!packed.empty()) schema_ = parseJson(packed).as_object();
    for (std::string_view part : {"inputs", "outputs", "expectations"})
      if (!schema_.contains(part)) schema_[part] = json::object();
    schema_["version"] = "1.0";
  }
  void take(const Told& told) {
    add("inputs", told.inputs);
    if (told.expectations) add("expectations", *told.expectations);
    const json::value* outputs = told.all.if_contains("outputs");
    if (outputs && outputs->is_object()) return add("outputs", outputs->get_object());
    json::value& known = schema_["outputs"];
    if (outputs && !outputs->is_null() && known.is_object() && known.get_object().empty()) known = typeOf(*outputs);
  }
  std::string text() const { return writeJson(schema_); }

 private:
  void add(std::string_view part, const json::object& members) {
    json::value& known = schema_[part];
    if (!known.is_object()) return;
    for (const auto& [key, value] : members)
      if (known.get_object().size() < limits::evaluationFields) known.get_object().emplace(key, typeOf(value));
  }
  json::object schema_;
};

/// Returns true when it is new.
bool store(registry::Change& change, const EvaluationDataset& dataset, const Told& told) {
  std::string digest = crypto::sha256Hex(canonicalJson(told.inputs));
  std::int64_t row = 0;
  json::object body;
  {
    db::Rows rows = change.transaction.query(
        "SELECT id, body FROM evaluation_record WHERE dataset = $1 AND input_digest = $2", {dataset.row, digest});
    if (rows.next()) {
      row = rows.integer(0);
      body = parseJson(rows.view(1)).as_object();
    }
  }
  if (row != 0) {
    merge(body, told);
    change.transaction.run("UPDATE evaluation_record SET body = $2, updated_at = $3 WHERE id = $1",
                           {row, checkedText(body), change.now});
    return false;
  }
  change.transaction.run(
      "INSERT INTO evaluation_record (dataset, record_id, input_digest, body, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $5)",
      {dataset.row, "dr-" + randomHex(16), digest, checkedText(bodyOf(told)), change.now});
  return true;
}

/// Counts, dates and renames the state of the records.
void note(registry::Change& change, EvaluationDataset& dataset, json::object what) {
  if (dataset.records > limits::evaluationRecords)
    throw error(Code::tooLarge, "an evaluation dataset may have at most {} records", limits::evaluationRecords);
  dataset.digest = crypto::sha256Hex(fmt::format("{}:{}:{}", dataset.digest, change.now, writeJson(what))).substr(0, 8);
  change.transaction.run(
      "UPDATE evaluation_dataset SET digest = $2, fields = $3, records = $4, updated_at = $5, updated_by = $6 "
      "WHERE id = $1",
      {dataset.row, dataset.digest, dataset.fields, dataset.records, change.now, dataset.updatedBy});
  what["digest"] = dataset.digest;
  change.record(registry::Action::evaluationDatasetChanged, dataset.workspace,
                "evaluation-dataset/" + dataset.datasetId, std::move(what));
}

}  // namespace

Upserted upsertRecords(registry::Change& change, EvaluationDataset dataset, const json::value& records) {
  if (!records.is_array()) throw Invalid("records", "must be a list of objects");
  Upserted done;
  Fields fields(dataset.fields);
  dataset.updatedBy.clear();
  for (std::size_t i = 0; i < records.get_array().size(); ++i) {
    Told told(records.get_array()[i], i);
    ++(store(change, dataset, told) ? done.inserted : done.updated);
    fields.take(told);
    if (std::string user = told.user(); !user.empty()) dataset.updatedBy = user;
  }
  dataset.records += done.inserted;
  if (!records.get_array().empty()) dataset.fields = fields.text();
  note(change, dataset, {{"inserted", done.inserted}, {"updated", done.updated}});
  return done;
}

std::int64_t deleteRecords(registry::Change& change, EvaluationDataset dataset,
                           const std::vector<std::string>& recordIds) {
  std::int64_t deleted = 0;
  for (const std::string& id : recordIds)
    deleted += change.transaction.run("DELETE FROM evaluation_record WHERE dataset = $1 AND record_id = $2",
                                      {dataset.row, id});
  if (deleted == 0) return 0;
  dataset.records -= deleted;
  note(change, dataset, {{"deleted", deleted}});
  return deleted;
}

tracking::Page<EvaluationRecord> listRecords(db::Transaction& transaction, const EvaluationDataset& dataset,
                                             std::int64_t maxResults, std::string_view pageToken) {
  if (maxResults < 1) throw Invalid("max_results", "must be at least 1");
  std::int64_t most = std::min(maxResults, limits::evaluationPage);
  std::int64_t after = pageToken.empty() ? 0 : filter::parsePageToken(pageToken);  // the row of the last one
  static constexpr std::string_view sql =
      "SELECT id, record_id, body, created_at, updated_at FROM evaluation_record WHERE dataset = $1 AND id > $2 "
      "ORDER BY id LIMIT $3";
  constexpr db::Columns at(sql);
  db::Rows rows = transaction.query(sql, {dataset.row, after, most + 1});
  tracking::Page<EvaluationRecord> page;
  std::size_t size = 0;
  while (rows.next()) {
    size += rows.view(at["body"]).size();
    if (std::ssize(page.items) == most || (size > limits::evaluationAnswer && !page.items.empty())) {
      page.nextPageToken = filter::pageToken(page.items.back().row);
      break;
    }
    page.items.push_back({.row = rows.integer(at["id"]),
                          .recordId = rows.text(at["record_id"]),
                          .body = parseJson(rows.view(at["body"])).as_object(),
                          .createdAt = rows.integer(at["created_at"]),
                          .updatedAt = rows.integer(at["updated_at"])});
  }
  return page;
}

}  // namespace regesta::evaluation
