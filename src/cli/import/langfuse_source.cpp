// A Langfuse server as a source: prompts with their versions and labels, traces with their observations, scores.
#include <algorithm>
#include <map>
#include <set>

#include "base/encoding.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/import/langfuse_trace.h"
#include "cli/import/source.h"
#include "cli/import/source_client.h"
#include "crypto/hash.h"

namespace regesta::cli {
namespace {

constexpr std::size_t promptsPerPage = 100, tracesPerPage = 50, scoresPerPage = 100;

std::string credentials() {
  std::string user = variable("LANGFUSE_PUBLIC_KEY"), password = variable("LANGFUSE_SECRET_KEY");
  return user.empty() && password.empty() ? "" : "Basic " + base64Encode(user + ":" + password);
}

/// The names of prompts that a text includes: @@@langfusePrompt:name=part|version=1@@@
std::set<std::string> includedIn(std::string_view text) {
  constexpr std::string_view mark = "@@@langfusePrompt:name=";
  std::set<std::string> names;
  for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at)) {
    at += mark.size();
    std::size_t end = text.find_first_of("|@", at);
    if (end != text.npos) names.emplace(text.substr(at, end - at));
  }
  return names;
}

class LangfuseSource final : public Source {
 public:
  explicit LangfuseSource(const std::string& url) : client_(url, credentials(), "a Langfuse server") {}

  std::string identity() override {
    json::object answer = client_.get("/api/public/projects");
    const json::array& projects = memberArray(answer, "data");
    std::string id = projects.empty() ? client_.origin() : memberText(projects.front().as_object(), "id");
    return "langfuse-" + crypto::sha256Hex(client_.origin() + "\n" + id).substr(0, 12);
  }
  std::string origin() const override { return client_.origin(); }
  std::vector<std::string> notes() override { return {}; }

  /// Traces come into the experiment that those of Langfuse's SDKs come into.
  std::vector<SourceItem> experiments() override {
    SourceItem standard;
    standard.item = {{"id", "0"}, {"name", "Default"}, {"tags", json::object()}};
    return {standard};
  }
  std::vector<SourceItem> runs(const std::string&, std::size_t) override { return {}; }
  std::vector<SourceItem> loggedModels(const std::string&, std::size_t) override { return {}; }
  void history(const SourceItem&, const std::function<void(const MetricPoint&)>&) override {}

  std::vector<SourceItem> models(const std::string& after, std::size_t limit) override;
  std::vector<SourceItem> versions(const SourceItem& model) override { return versions_[model.id()]; }
  std::vector<SourceItem> traces(const std::string& after, std::size_t limit) override;
  std::vector<json::object> scores(std::size_t page) override;

 private:
  void readPrompts();
  void readPrompt(const std::string& name, const json::object& listed);
  void place(const std::string& name, std::set<std::string>& placed);

  SourceClient client_;
  std::map<std::string, SourceItem> prompts_;
  std::map<std::string, std::vector<SourceItem>> versions_;  ///< by prompt
  std::map<std::string, std::set<std::string>> includes_;    ///< by prompt
  std::vector<std::string> order_;                           ///< what a prompt includes comes before it
  std::size_t tracePage_ = 0;
};

/// Reads all of them at once: which one includes which decides the order.
std::vector<SourceItem> LangfuseSource::models(const std::string& after, std::size_t limit) {
  if (after.empty()) readPrompts();
  auto at = std::ranges::find(order_, after);
  at = after.empty() || at == order_.end() ? order_.begin() : at + 1;
  std::vector<SourceItem> page;
  for (; at != order_.end() && page.size() < limit; ++at) page.push_back(prompts_.at(*at));
  return page;
}

void LangfuseSource::readPrompts() {
  for (std::int64_t page = 1, last = 1; page <= last; ++page) {
    json::object answer = client_.get("/api/public/v2/prompts",
                                      {{"page", std::to_string(page)}, {"limit", std::to_string(promptsPerPage)}});
    for (const json::value& one : memberArray(answer, "data"))
      readPrompt(memberText(one.as_object(), "name"), one.as_object());
    last = numberOf(memberObject(answer, "meta"), "totalPages");
  }
  std::set<std::string> placed;
  for (const auto& [name, prompt] : prompts_) place(name, placed);
}

void LangfuseSource::place(const std::string& name, std::set<std::string>& placed) {
  if (!prompts_.contains(name) || !placed.insert(name).second) return;
  for (const std::string& included : includes_[name]) place(included, placed);
  order_.push_back(name);
}

void LangfuseSource::readPrompt(const std::string& name, const json::object& listed) {
  json::object aliases, tags;
  for (const json::value& tag : memberArray(listed, "tags")) tags[tag.as_string()] = "";
  std::vector<std::int64_t> numbers;
  for (const json::value& number : memberArray(listed, "versions")) numbers.push_back(number.to_number<std::int64_t>());
  std::ranges::sort(numbers);
  std::int64_t first = 0, last = 0;
  for (std::int64_t number : numbers) {
    json::object wire = client_.get("/api/public/v2/prompts/" + percentEncode(name),
                                    {{"version", std::to_string(number)}, {"resolve", "false"}});
    json::object content{{"template", wire.at("prompt")}, {"type", memberText(wire, "type")}};
    if (const json::object& config = memberObject(wire, "config"); !config.empty()) content["model_config"] = config;
    std::int64_t at = millisOf(memberText(wire, "createdAt"));
    SourceItem version;
    version.item = {{"id", fmt::format("{}@{}", name, number)},
                    {"asset", name},
                    {"number", number},
                    {"description", memberText(wire, "commitMessage")},
                    {"content", canonicalJson(content)},
                    {"created_at", at},
                    {"updated_at", millisOf(memberText(wire, "updatedAt"))},
                    {"tags", json::object()}};
    for (const json::value& label : memberArray(wire, "labels"))
      if (label != "latest") aliases[label.as_string()] = number;
    includes_[name].merge(includedIn(json::serialize(wire.at("prompt"))));
    first = first == 0 ? at : std::min(first, at);
    last = std::max(last, at);
    versions_[name].push_back(std::move(version));
  }
  SourceItem prompt;
  prompt.item = {{"id", name},
                 {"kind", "prompt"},
                 {"name", name},
                 {"created_at", first},
                 {"updated_at", last},
                 {"tags", std::move(tags)},
                 {"aliases", std::move(aliases)}};
  prompts_[name] = std::move(prompt);
}

std::vector<SourceItem> LangfuseSource::traces(const std::string& after, std::size_t) {
  if (after.empty()) tracePage_ = 0;
  json::object answer = client_.get("/api/public/traces",
                                    {{"page", std::to_string(++tracePage_)}, {"limit", std::to_string(tracesPerPage)}});
  std::vector<SourceItem> page;
  for (const json::value& listed : memberArray(answer, "data"))
    page.push_back(
        traceOfLangfuse(client_.get("/api/public/traces/" + percentEncode(memberText(listed.as_object(), "id")))));
  return page;
}

std::vector<json::object> LangfuseSource::scores(std::size_t page) {
  json::object answer =
      client_.get("/api/public/v2/scores", {{"page", std::to_string(page)}, {"limit", std::to_string(scoresPerPage)}});
  std::vector<json::object> found;
  for (const json::value& one : memberArray(answer, "data")) found.push_back(scoreOfLangfuse(one.as_object()));
  return found;
}

}  // namespace

std::unique_ptr<Source> openLangfuse(const std::string& url) {
  if (!url.starts_with("http://") && !url.starts_with("https://"))
    throw UsageError("--from must be the URL of a Langfuse server, such as https://cloud.langfuse.com");
  return std::make_unique<LangfuseSource>(url);
}

}  // namespace regesta::cli
