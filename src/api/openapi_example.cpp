#include "api/openapi_example.h"

#include <algorithm>
#include <utility>

namespace regesta::api {
namespace {

struct Sample {
  std::string_view name, value;
};

constexpr std::string_view digest = "4e07408562bedb8b60ce05c1decfe3ad16b72230967de01f640b7e4729b49fce";
constexpr std::string_view instant = "2026-12-01T09:30:00Z";
constexpr std::int64_t millis = 1'796'117'400'000;  // the same instant

/// By the end of the name, longer endings first: "created_at", "run_id".
constexpr Sample textEndings[] = {
    {"experiment_id", "12"},
    {"experiment_ids", "12"},
    {"dataset_id", "d-41f6c2a0b7e94d58a3c1f0de5b7a9c42"},
    {"model_id", "m-5b1f9c0e7d3a4e6fb2c8a1d09e4f7b63"},
    {"trace_id", "tr-7d1c3f5a9b2e4c608f1d2a3b4c5d6e7f"},
    {"request_id", "tr-7d1c3f5a9b2e4c608f1d2a3b4c5d6e7f"},
    {"traceId", "7d1c3f5a9b2e4c608f1d2a3b4c5d6e7f"},
    {"observationId", "2a3b4c5d6e7f8091"},
    {"span_id", "2a3b4c5d6e7f8091"},
    {"run_id", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"},
    {"run_uuid", "0f1e2d3c4b5a69788796a5b4c3d2e1f0"},
    {"page_token", "eyJhZnRlciI6IDQyfQ"},
    {"filter_string", "name LIKE 'loan%'"},
    {"digest", digest},
    {"workspace_name", "default"},
    {"dataset_name", "loan-applications"},
    {"experiment_name", "loan-risk-training"},
    {"run_name", "gradient-boosting-depth-6"},
    {"field_name", "context.question"},
    {"metric_key", "accuracy"},
    {"metric_name", "accuracy"},
    {"tag_key", "team"},
    {"artifact_uri", "mlflow-artifacts:/12/0f1e2d3c4b5a69788796a5b4c3d2e1f0/artifacts"},
    {"artifact_location", "mlflow-artifacts:/12"},
    {"artifact_root", "mlflow-artifacts:/"},
    {"new_name", "loan-risk-eu"},
    {"name_pattern", "loan-*"},
    {"_at", instant},
    {"At", instant},
    {"Timestamp", instant},
    {"StartTime", instant},
    {"last_update_time", instant},
    {"_by", "ana"},
    {"UserId", "ana"},
    {"_id", "17"},
    {"Id", "9d2f6c1e"},
};

constexpr Sample texts[] = {
    {"action", "alias.moved"},
    {"actor", "user:ana"},
    {"agent", "batch-runner"},
    {"algorithm", "sha256"},
    {"alias", "production"},
    {"arm", "candidate"},
    {"at", instant},
    {"body", "The accuracy gain is small, but the fairness report is clean."},
    {"bump", "minor"},
    {"by", "user:ana"},
    {"checkpoint", "checkpoint of the ledger, a signed note"},
    {"code", "accuracy"},
    {"codes", "accuracy"},
    {"comment", "Checked against the holdout set."},
    {"commitMessage", "Shorten the system message"},
    {"current_stage", "Production"},
    {"cursor", "eyJhZnRlciI6IDQyfQ"},
    {"decision", "allow"},
    {"description", "Probability that a loan is not repaid"},
    {"end_reason", "completed"},
    {"environment", "default"},
    {"error", "the model server answered 500"},
    {"error_code", "RESOURCE_DOES_NOT_EXIST"},
    {"error_message", "Registered Model with name=loan-risk not found"},
    {"experiment", "loan-risk-training"},
    {"file", "gate.rego"},
    {"filter", "metrics.accuracy > 0.9"},
    {"from", "2"},
    {"id", "9d2f6c1e"},
    {"key", "team"},
    {"kind", "model"},
    {"label", "production"},
    {"labels", "production"},
    {"level", "DEFAULT"},
    {"lifecycle_stage", "active"},
    {"location", "docs"},
    {"method", "exact"},
    {"metric", "accuracy"},
    {"mode", "canary"},
    {"model_type", "classifier"},
    {"name", "loan-risk"},
    {"names", "loan-*"},
    {"needs", "risk-officer"},
    {"node", "model/loan-risk@3"},
    {"order_by", "creation_time DESC"},
    {"origin", "verified"},
    {"outcome", "allow"},
    {"password", "a long passphrase that nobody else knows"},
    {"path", "model/MLmodel"},
    {"policy", "loan-gate"},
    {"pointer", "production"},
    {"profile", "loan-officer"},
    {"prompt", "loan-summary"},
    {"rationale", "The answer cites the application."},
    {"reason", "Accuracy holds on the latest data"},
    {"relation", "trained_on"},
    {"role", "risk-officer"},
    {"roles", "risk-officer"},
    {"schema", "loan-applications"},
    {"scorer", "correctness"},
    {"selector", "3"},
    {"semver", "1.4.0"},
    {"severity", "high"},
    {"source", "models:/m-5b1f9c0e7d3a4e6fb2c8a1d09e4f7b63"},
    {"source_type", "HUMAN"},
    {"stage", "Production"},
    {"stages", "Production"},
    {"start", instant},
    {"state", "open"},
    {"status", "open"},
    {"subject", "model/loan-risk@3"},
    {"tag", "team"},
    {"tags", "finance"},
    {"template", "Summarize this application: {{application}}"},
    {"text", "Summarize this application: {{application}}"},
    {"timestamp", instant},
    {"to", "3"},
    {"type", "model"},
    {"unit", "ms"},
    {"url", "https://hooks.example.com/regesta"},
    {"user", "ana"},
    {"userId", "ana"},
    {"user_id", "ana"},
    {"value", "risk"},
    {"version", "3"},
    {"vkey", "regesta+6b3a1c5d+AVuX2m1n0x3cP1u9yq6t8r5w4e3d2s1a0z9x8c7v6b5n"},
    {"what", "move model/loan-risk#production to version 3"},
    {"why", "accuracy 85.3 % is below the required 92.2 %"},
    {"workspace", "default"},
    {"workspaces", "default"},
};

constexpr Sample raws[] = {
    {"config", R"({"temperature":0.2})"},
    {"content", R"("The application asks for 12,000 EUR over 36 months.")"},
    {"input", R"({"application":"12,000 EUR over 36 months"})"},
    {"inputs", R"({"application":"12,000 EUR over 36 months"})"},
    {"lastConfig", R"({"temperature":0.2})"},
    {"messages", R"([{"role":"user","content":"Summarize this application: {{application}}"}])"},
    {"metadata", R"({"team":"risk"})"},
    {"model_config", R"({"model":"gpt-4.1","temperature":0.2})"},
    {"prompt", R"("Summarize this application: {{application}}")"},
    {"variables", R"({"application":"12,000 EUR over 36 months"})"},
    {"version", "3"},
};

constexpr std::pair<std::string_view, std::int64_t> integers[] = {
    {"at", 500},       {"count", 12},         {"duration", 840},
    {"entries", 4096}, {"entry", 1024},       {"entry_index", 1024},
    {"index", 1024},   {"latest_version", 3}, {"lease_seconds", 60},
    {"limit", 50},     {"max_results", 100},  {"page_size", 100},
    {"size", 18'432},  {"stable", 2},         {"step", 10},
    {"total", 42},     {"version", 3},        {"from", 2},
    {"to", 3},
};

std::string_view sampleOf(std::span<const Sample> samples, std::string_view name) {
  auto found = std::ranges::find(samples, name, &Sample::name);
  return found == samples.end() ? std::string_view() : found->value;
}

std::string_view textFor(std::string_view name) {
  if (std::string_view value = sampleOf(texts, name); !value.empty()) return value;
  for (const Sample& sample : textEndings)
    if (name.ends_with(sample.name)) return sample.value;
  return "text";
}

std::string within(std::string_view text, const Rule& rule) {
  std::string out(text);
  if (rule.most != Rule().most && std::cmp_greater(out.size(), rule.most))
    out.resize(static_cast<std::size_t>(rule.most));
  if (rule.least != Rule().least && std::cmp_less(out.size(), rule.least))
    out.resize(static_cast<std::size_t>(rule.least), 'x');
  return out;
}

bool isTime(std::string_view name) {
  return name.ends_with("time") || name.contains("timestamp") || name.ends_with("time_ms") ||
         name.starts_with("created") || name.starts_with("last_updated");
}

std::int64_t integerFor(std::string_view name, const Rule& rule) {
  auto found = std::ranges::find(integers, name, &std::pair<std::string_view, std::int64_t>::first);
  std::int64_t value = found != std::end(integers) ? found->second : isTime(name) ? millis : 1;
  return std::clamp(value, rule.least, rule.most);
}

void writeObject(JsonWriter& writer, const Shape& shape) {
  writer.object();
  for (const Field& field : shape.fields) {
    bool needed = field.rule.required || field.rule.present;
    if (!needed && !hasExample(*field.shape, field.name, field.rule)) continue;
    writer.key(field.name);
    writeExample(writer, *field.shape, field.name, field.rule);
  }
  writer.end();
}

}  // namespace

bool hasExample(const Shape& shape, std::string_view name, const Rule& rule) {
  if (shape.sort == Sort::maybe) return hasExample(*shape.item, name, rule);
  return shape.sort != Sort::raw || !sampleOf(raws, name).empty();
}

void writeExample(JsonWriter& writer, const Shape& shape, std::string_view name, const Rule& rule) {
  switch (shape.sort) {
    case Sort::maybe:
      return writeExample(writer, *shape.item, name, rule);
    case Sort::object:
      return writeObject(writer, shape);
    case Sort::list:
      writer.array();
      if (hasExample(*shape.item, name, {})) {
        Rule item;  // a list's words are its items' words; its limits count them
        item.words = rule.words, item.wordCount = rule.wordCount;
        writeExample(writer, *shape.item, name, item);
      }
      writer.end();
      return;
    case Sort::map:
      writer.object().key("team").text("risk").end();
      return;
    case Sort::text:
      writer.text(rule.words ? std::string(rule.words[0]) : within(textFor(name), rule));
      return;
    case Sort::boolean:
      writer.boolean(true);
      return;
    case Sort::integer:
      writer.number(integerFor(name, rule));
      return;
    case Sort::real:
      writer.real(0.92);
      return;
    case Sort::raw:
      writer.raw(sampleOf(raws, name).empty() ? "{}" : sampleOf(raws, name));
      return;
  }
}

}  // namespace regesta::api
