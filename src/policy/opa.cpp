#include "policy/opa.h"

#include <algorithm>

#include "base/encoding.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/sync.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "http/client.h"
#include "policy/relocate.h"

namespace regesta::policy {
namespace {

constexpr std::size_t answerLimit = 16 * 1024 * 1024;

/// Name of the policy inside OPA. 128 bits of the digest, so that no other text can replace it.
std::string prefixOf(const std::vector<Module>& modules) {
  std::string all;
  for (const auto& module : modules) {
    appendJsonString(all, module.name);
    appendJsonString(all, module.text);
  }
  return "regesta_" + crypto::sha256Hex(all).substr(0, 32);
}

/// The rule that answers: the gate's sets, with the decision's input and clock. The first part is the module as OPA
/// takes it.
std::string answerModule(std::string_view prefix) {
  std::string text = fmt::format("package {}.answer__\n\nimport rego.v1\n", prefix);
  for (std::string_view name : {"deny", "warn", "require"})
    text += fmt::format(
        "answer[\"{0}\"] := found if {{\n  given := input.input\n  now := input.now\n"
        "  found := data.{1}.regesta.gate.{0} with input as given with time.now_ns as now\n}}\n",
        name, prefix);
  return text;
}

bool tooLarge(const std::vector<Module>& modules) {
  return modules.empty() || modules.size() > limits::policyModules ||
         std::ranges::any_of(modules, [](const Module& m) { return m.text.size() > limits::policyText; });
}

/// OPA's errors of one upload. Columns on lines where the prefix was put in are off by its length, so only rows are
/// kept.
std::vector<Problem> readErrors(const Module& module, const http::Response& answer) {
  std::vector<Problem> problems;
  auto body = answer.body.empty() ? json::value(json::object()) : parseJson(answer.body);
  const auto* members = body.if_object();
  const auto* errors = members ? members->if_contains("errors") : nullptr;
  auto text = [](const json::object& from, std::string_view name) {
    const auto* found = from.if_contains(name);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  if (errors && errors->is_array())
    for (const auto& entry : errors->as_array()) {
      if (!entry.is_object()) continue;
      Problem problem{.place = {module.name, 0, 0},
                      .code = text(entry.as_object(), "code"),
                      .message = text(entry.as_object(), "message")};
      const auto* location = entry.as_object().if_contains("location");
      if (location && location->is_object() && location->as_object().if_contains("row"))
        problem.place.row = location->at("row").to_number<int>();
      problems.push_back(std::move(problem));
    }
  if (problems.empty()) {
    auto message = members ? text(*members, "message") : std::string();
    problems.push_back({.place = {module.name, 0, 0},
                        .code = "opa_error",
                        .message = message.empty() ? fmt::format("OPA answered {}", answer.status) : message});
  }
  return problems;
}

void withoutPrefix(std::vector<Problem>& problems, std::string_view prefix) {
  for (auto& problem : problems)
    for (auto piece : {std::string(prefix) + ".", std::string(".") + std::string(prefix)})
      for (std::size_t at; (at = problem.message.find(piece)) != std::string::npos;)
        problem.message.erase(at, piece.size());
}

}  // namespace

struct Opa::State {
  explicit State(OpaOptions given) : options(std::move(given)) {
    while (options.url.ends_with('/')) options.url.pop_back();
  }

  http::Response send(std::string method, std::string path, std::string body, std::string_view type) {
    http::ClientRequest request{.method = std::move(method), .url = options.url + path, .body = std::move(body)};
    request.timeoutSeconds = options.timeoutSeconds;
    request.answerLimit = answerLimit;
    request.caFile = options.caFile;
    request.headers.set("Content-Type", type.data());
    if (!options.token.empty()) request.headers.set("Authorization", "Bearer " + options.token);
    auto client = takeClient();
    auto answer = client->send(request);
    clients.lock()->push_back(std::move(client));
    return answer;
  }

  std::unique_ptr<http::Client> takeClient() {
    auto list = clients.lock();
    if (list->empty()) return std::make_unique<http::Client>();
    auto client = std::move(list->back());
    list->pop_back();
    return client;
  }

  static std::string policyPath(std::string_view prefix, std::string_view name) {
    return fmt::format("/v1/policies/{}/{}", prefix, percentEncode(name));
  }

  /// Puts the files in. OPA compiles with each: a file whose functions are in a later one is tried again after it.
  std::vector<Problem> upload(const std::vector<Module>& modules, std::string_view prefix) {
    std::vector<std::size_t> left(modules.size());
    for (std::size_t i = 0; i < left.size(); ++i) left[i] = i;
    std::vector<Problem> problems;
    while (!left.empty()) {
      auto before = left.size();
      problems.clear();
      std::erase_if(left, [&](std::size_t index) {
        const auto& module = modules[index];
        auto answer = send("PUT", policyPath(prefix, fmt::format("{}-{}", index, module.name)),
                           relocate(module.text, prefix), "text/plain");
        if (answer.status == 200) return true;
        std::ranges::move(readErrors(module, answer), std::back_inserter(problems));
        return false;
      });
      if (left.size() == before) break;
    }
    if (left.empty()) {
      auto answer = send("PUT", policyPath(prefix, "answer"), answerModule(prefix), "text/plain");
      if (answer.status != 200) problems = readErrors({"answer", ""}, answer);
    }
    withoutPrefix(problems, prefix);
    return problems;
  }

  /// The answer's object; nothing when OPA does not know the policy.
  std::optional<json::value> ask(std::string_view prefix, std::string_view inputJson, std::int64_t now) {
    std::string body;
    JsonWriter(body).object().key("input").object().key("input").raw(inputJson).key("now").number(now).end().end();
    auto answer = send("POST", fmt::format("/v1/data/{}/answer__/answer?strict-builtin-errors=true", prefix),
                       std::move(body), "application/json");
    if (answer.status != 200) throw Error(Code::unavailable, readErrors({}, answer).front().message);
    auto parsed = parseJson(answer.body);
    const auto* result = parsed.is_object() ? parsed.as_object().if_contains("result") : nullptr;
    if (!result) return {};
    return *result;
  }

  Verdict decide(const std::vector<Module>& modules, std::string_view inputJson, std::int64_t now) {
    auto prefix = prefixOf(modules);
    auto answer = ask(prefix, inputJson, now);
    if (!answer) {
      if (auto problems = upload(modules, prefix); !problems.empty()) {
        const auto& first = problems.front();
        return {.error = fmt::format("{}:{}: {}", first.place.file, first.place.row, first.message)};
      }
      answer = ask(prefix, inputJson, now);
    }
    if (!answer || !answer->is_object()) return {.error = "OPA took the policy but gives no answer for it"};
    if (answer->as_object().empty())
      return {.error = "package regesta.gate has none of the rules deny, warn and require"};
    return readVerdict(*answer);
  }

  OpaOptions options;
  Sync<std::vector<std::unique_ptr<http::Client>>> clients;
};

Opa::Opa(OpaOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Opa::~Opa() = default;

Verdict Opa::decide(const std::vector<Module>& modules, std::string_view inputJson, std::int64_t nowNanos) {
  if (tooLarge(modules)) return {.error = "the policy has no file, too many, or one that is too large"};
  try {
    return state_->decide(modules, inputJson, nowNanos);
  } catch (const Error& problem) {  // a decision that cannot be had is a deny, whatever the reason
    return {.error = fmt::format("OPA at {}: {}", state_->options.url, problem.message)};
  }
}

CheckReport Opa::check(const std::vector<Module>& modules) {
  CheckReport report;
  if (tooLarge(modules)) {
    report.problems.push_back(
        {.code = "too_complex", .message = "the policy has no file, too many, or one that is too large"});
    return report;
  }
  report.problems = state_->upload(modules, prefixOf(modules));
  if (!report.problems.empty()) forget(modules);
  return report;
}

void Opa::forget(const std::vector<Module>& modules) {
  auto prefix = prefixOf(modules);
  state_->send("DELETE", State::policyPath(prefix, "answer"), {}, "text/plain");
  for (std::size_t i = modules.size(); i-- > 0;)
    state_->send("DELETE", State::policyPath(prefix, fmt::format("{}-{}", i, modules[i].name)), {}, "text/plain");
}

}  // namespace regesta::policy
