#include "cli/model/golden_run.h"

#include "base/text.h"
#include "cli/download.h"
#include "cli/model/options.h"
#include "cli/model/suite_run.h"
#include "cli/temporary_folder.h"

namespace regesta::cli {
namespace {

json::array rowsOf(const std::vector<Prediction>& predictions) {
  json::array rows;
  for (const Prediction& one : predictions)
    rows.push_back(one.error.empty() ? json::object{{"output", one.output}} : json::object{{"error", one.error}});
  return rows;
}

std::vector<Prediction> askPrompt(Session& session, const Reference& prompt, const std::vector<json::object>& rows,
                                  const EndpointOptions& endpoint) {
  ModelEndpoint model(endpoint);
  std::vector<Prediction> predictions;
  for (const json::object& row : rows) {
    const json::value* inputs = row.if_contains("inputs");
    if (!inputs || !inputs->is_object()) {
      predictions.push_back({nullptr, "the inputs of a prompt must be an object with its variables"});
      continue;
    }
    try {
      ModelAnswer answer = answerOfPrompt(session, model, prompt, inputs->get_object(), valueOrNull(row, "parameters"),
                                          valueOrNull(row, "seed"));
      predictions.push_back({json::value(answer.text), ""});
    } catch (const Error& fault) {
      if (fault.code != Code::invalid) throw;
      predictions.push_back({nullptr, fault.message});
    }
  }
  return predictions;
}

}  // namespace

ModelAnswer answerOfPrompt(Session& session, ModelEndpoint& model, const Reference& prompt,
                           const json::object& variables, const json::value& parameters, const json::value& seed) {
  json::value found = session.api().get(route({"prompts", prompt.name, "versions", prompt.selector}));
  const json::object& version = found.as_object();
  ModelSettings settings{valueOrNull(version, "model_config"), valueOrNull(version, "response_format"), {}};
  if (json::value tools = valueOrNull(version, "tools"); tools.is_array()) settings.tools = tools.get_array();
  json::object config = settings.modelConfig.is_object() ? settings.modelConfig.get_object() : json::object();
  if (parameters.is_object())
    for (const auto& [name, value] : parameters.get_object()) config[name] = value;
  settings.modelConfig = std::move(config);
  std::int64_t number = version.at("version").to_number<std::int64_t>();
  json::array messages = renderedBy(session.api(), prompt.name, number, variables);
  json::object request = completionRequest(settings, messages, modelOf(settings, model.options().model));
  if (!seed.is_null()) request["seed"] = seed;
  return model.complete(request);
}

json::object goldenRun(Session& session, const json::object& work, const LocalExecution& execution,
                       const EndpointOptions& endpoint) {
  Reference ref{member(work, "kind"), member(work, "name"), member(work, "version"), ""};
  json::value version = session.api().get(route({"assets", ref.kind, ref.name, "versions", ref.selector}));
  if (member(version.as_object(), "digest") != member(work, "version_digest"))
    throw error(Code::conflict, "{}@{} is not what the job was made for", ref.asset(), ref.selector);
  std::vector<json::object> rows;
  for (const json::value& row : work.at("rows").as_array()) rows.push_back(row.as_object());
  TemporaryFolder folder;
  std::optional<std::filesystem::path> model;
  if (ref.kind == "model") {
    downloadFiles(session, ref, folder.path());
    model = findMlflowModel(folder.path());
    if (!model) throw error(Code::invalid, "{}@{} has no file MLmodel", ref.asset(), ref.selector);
  }
  json::array runs;
  json::object environment;
  auto repeats = work.at("repeats").to_number<std::int64_t>();
  for (std::int64_t i = 0; i < repeats; ++i) {
    if (model) {
      Predictions made = predict(execution, *model, rows);
      runs.push_back(rowsOf(made.rows));
      environment = std::move(made.environment);
    } else {
      runs.push_back(rowsOf(askPrompt(session, ref, rows, endpoint)));
      environment["model"] = endpoint.model;
    }
  }
  return {{"runs", std::move(runs)}, {"environment", std::move(environment)}, {"runner", runnerName()}};
}

}  // namespace regesta::cli
