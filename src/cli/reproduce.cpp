// regesta reproduce: runs the exact versions of a decision record again and compares the outputs.
#include "base/encoding.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/model/golden_run.h"
#include "cli/model/options.h"
#include "cli/model/python_model.h"
#include "cli/temporary_folder.h"
#include "crypto/hash.h"
#include "evaluation/golden/compare.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;
namespace golden = evaluation::golden;

struct Reproduction {
  json::value output;
  json::object environment;
};

/// The inputs of a record, or those of --inputs, which must have the commitment that the record has.
json::value inputsOf(const Session& session, const json::object& record) {
  if (const json::value* stored = record.if_contains("inputs")) return *stored;
  if (!session.args.has("inputs"))
    throw UsageError(
        "this record has a commitment to its inputs: give them with --inputs, and their key with --key-file");
  json::value inputs = parseJson(readInput(session.args.text("inputs")));
  std::string commitment = memberText(record, "inputs_commitment");
  std::string key = session.args.has("key-file") ? std::string(trim(readInput(session.args.text("key-file")))) : "";
  std::string made = hexEncode(crypto::hmacSha256(key, canonicalJson(inputs)));
  if (commitment.substr(commitment.rfind(':') + 1) != made)
    throw error(Code::invalid, "the inputs in {} do not have the commitment of the record, {}",
                session.args.text("inputs"), commitment);
  return inputs;
}

/// Fetches the version, which must be the one that was recorded.
json::object versionOf(Session& session, const Reference& ref, const std::string& digest) {
  json::object version = session.api().get(route({"assets", ref.kind, ref.name, "versions", ref.selector})).as_object();
  if (member(version, "digest") != digest)
    throw error(Code::conflict, "{}/{}@{} has the digest {}, the record says {}", ref.kind, ref.name, ref.selector,
                member(version, "digest"), digest);
  return version;
}

Reproduction runModel(Session& session, const json::object& record, const json::value& inputs) {
  Reference ref = parseVersionReference(memberText(record, "model"), "model");
  versionOf(session, ref, memberText(record, "model_digest"));
  TemporaryFolder folder;
  downloadFiles(session, ref, folder.path());
  auto model = findMlflowModel(folder.path());
  if (!model)
    throw error(Code::unsupported, "{}@{} has no file MLmodel, and nothing else can be run here yet", ref.asset(),
                ref.selector);
  json::object order{{"inputs", inputs}};
  for (const char* name : {"parameters", "seed"})
    if (record.contains(name)) order[name] = record.at(name);
  Predictions made = predict(executionOf(session), *model, {order});
  if (!made.rows.front().error.empty()) throw error(Code::invalid, "the model failed: {}", made.rows.front().error);
  return {std::move(made.rows.front().output), std::move(made.environment)};
}

Reproduction runPrompt(Session& session, const json::object& record, const json::value& inputs) {
  Reference ref = parseVersionReference("prompt/" + memberText(record, "prompt"), "prompt");
  versionOf(session, ref, memberText(record, "prompt_digest"));
  if (!inputs.is_object()) throw error(Code::invalid, "the inputs of a prompt must be an object with its variables");
  EndpointOptions endpoint = endpointOf(session);
  ModelEndpoint model(endpoint);
  ModelAnswer answer = answerOfPrompt(session, model, ref, inputs.get_object(), valueOrNull(record, "parameters"),
                                      valueOrNull(record, "seed"));
  return {json::value(answer.text), json::object{{"model", answer.model}, {"endpoint", endpoint.url}}};
}

double toleranceOf(const Arguments& args) {
  if (!args.has("tolerance")) return 1e-9;
  auto tolerance = parseDouble(args.text("tolerance"));
  if (!tolerance || !(*tolerance >= 0)) throw UsageError("--tolerance must be a number of 0 or more");
  return *tolerance;
}

int reproduce(Session& session) {
  std::string id = session.args.text("RECORD");
  json::value found = session.api().get(route({"records", id}));
  const json::object& stored = found.as_object();
  if (!stored.contains("record"))
    throw error(
        stored.contains("erased_at") ? Code::invalidState : Code::denied, "record {} cannot be read: {}", id,
        stored.contains("erased_at") ? "its subject was erased" : "you need the role auditor or admin on its model");
  const json::object& record = stored.at("record").as_object();
  if (record.contains("policy"))
    throw error(
        Code::unsupported,
        "record {} is a decision of an Open Policy Agent: evaluate its policy, {}, with `opa eval` on the input "
        "that `regesta record show` prints",
        id, member(record, "policy"));
  json::value inputs = inputsOf(session, record);
  Reproduction made = record.contains("model") && !(record.contains("prompt") && session.args.has("model-url"))
                          ? runModel(session, record, inputs)
                          : runPrompt(session, record, inputs);
  golden::Comparison how{golden::Method::numeric, toleranceOf(session.args)};
  golden::Verdict verdict = golden::compare(record.at("output"), made.output, how);
  bool good = verdict.agreement != golden::Agreement::different;
  json::object result{{"record", id},
                      {"result", golden::agreementName(verdict.agreement)},
                      {"output", made.output},
                      {"recorded", record.at("output")},
                      {"environment", made.environment}};
  if (verdict.difference)
    result["difference"] = json::object{{"path", verdict.difference->path},
                                        {"recorded", verdict.difference->expected},
                                        {"output", verdict.difference->actual}};
  session.show(result, [&](const json::object&) {
    fmt::print("{} record {}: {}\n", paint(good ? "ok" : "failed", good ? Colour::green : Colour::red), id,
               golden::agreementName(verdict.agreement));
    if (verdict.difference)
      fmt::print("  {}: recorded {}, now {}\n", printable(verdict.difference->path),
                 printable(verdict.difference->expected), printable(verdict.difference->actual));
    if (const json::value* differs = made.environment.if_contains("differs"); differs && differs->is_array())
      for (const json::value& one : differs->get_array())
        fmt::print("  environment: {} {} is installed, the model requires {}\n", member(one.as_object(), "package"),
                   member(one.as_object(), "installed"), member(one.as_object(), "required"));
  });
  return good ? Exit::done : Exit::unverified;
}

}  // namespace

Commands reproduceCommands() {
  std::vector<Option> options = executionOptions();
  for (const Option& option : std::vector<Option>{
           {"tolerance", "NUMBER", "of numbers, relative above 1 and absolute below (default 1e-9)"},
           {"inputs", "FILE", "the inputs as JSON, if the record has only a commitment"},
           {"key-file", "FILE", "the key of that commitment: HMAC-SHA-256 over canonical JSON, hexadecimal"}})
    options.push_back(option);
  for (Option option : modelOptions()) {
    option.required = false;
    if (option.name == "model-url" || option.name == "model" || option.name == "model-key-file" ||
        option.name == "timeout" || option.name == "no-stream")
      options.push_back(option);
  }
  return {{.path = "reproduce",
           .summary = "run the version of a decision record again and compare the output",
           .operands = {{"RECORD", "BATCH.POSITION, as `regesta record list` prints it"}},
           .options = options,
           .examples = {"regesta reproduce 412.17 --python .venv/bin/python",
                        "regesta reproduce 413.0 --model-url http://127.0.0.1:8000/v1"},
           .run = reproduce,
           .more = "Prints identical, within tolerance, or different with the first difference; exit code 5 if "
                   "different. Models must have MLflow's file MLmodel; prompts are sent to an OpenAI-compatible "
                   "server."}};
}

}  // namespace regesta::cli
