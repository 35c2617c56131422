#include "cli/model/options.h"

#include <cstdlib>

#include "base/text.h"

namespace regesta::cli {
namespace {

constexpr std::int64_t mostThreads = 64;

double priceOf(const Arguments& args, std::string_view name) {
  if (!args.has(name)) return -1;
  auto price = parseDouble(args.text(name));
  if (!price || *price < 0) throw UsageError(fmt::format("--{} must be a price, for a million tokens", name));
  return *price;
}

std::string keyOf(const Arguments& args) {
  if (args.has("model-key-file")) return std::string(trim(readInput(args.text("model-key-file"))));
  const char* given = std::getenv("OPENAI_API_KEY");
  return given ? given : "";
}

}  // namespace

std::vector<Option> modelOptions() {
  return {{"model-url", "URL", "an OpenAI-compatible API: http://127.0.0.1:8000/v1", 0, true},
          {"model", "NAME", "use this model instead of the prompt's"},
          {"grader-model", "NAME", "the model for llm-rubric and similar assertions (default: the model under test)"},
          {"embedding-model", "NAME", "the embedding model for similar (default text-embedding-3-small)"},
          {"model-key-file", "FILE", "the API key (default: OPENAI_API_KEY from the environment)"},
          {"input-price", "PRICE", "price of a million input tokens, for cost"},
          {"output-price", "PRICE", "price of a million output tokens"},
          {"timeout", "SECONDS", "give up a request after this time without data from the model (default 120)"},
          {"concurrency", "N", "number of concurrent cases (default 4)"},
          {"no-stream", "", "do not stream responses"},
          {"allow-commands", "", "allow commands of tests (exec)"}};
}

EndpointOptions endpointOf(const Session& session) {
  const Arguments& args = session.args;
  EndpointOptions options;
  options.url = args.text("model-url");
  if (!options.url.starts_with("http://") && !options.url.starts_with("https://"))
    throw UsageError("--model-url must begin with http:// or https://");
  options.key = keyOf(args);
  options.model = args.text("model");
  options.graderModel = args.text("grader-model");
  options.embeddingModel = args.text("embedding-model");
  options.stream = !args.flag("no-stream");
  options.timeoutSeconds = static_cast<int>(std::clamp<std::int64_t>(args.integer("timeout").value_or(120), 1, 3600));
  options.inputPrice = priceOf(args, "input-price");
  options.outputPrice = priceOf(args, "output-price");
  return options;
}

int concurrencyOf(const Session& session) {
  return static_cast<int>(std::clamp<std::int64_t>(session.args.integer("concurrency").value_or(4), 1, mostThreads));
}

json::array renderedBy(Api& api, const std::string& prompt, std::int64_t version, const json::object& vars) {
  json::value answer =
      api.post(route({"prompts", prompt, "render"}),
               json::object{{"version", std::to_string(version)}, {"format", "messages"}, {"variables", vars}});
  return answer.as_object().at("messages").as_array();
}

}  // namespace regesta::cli
