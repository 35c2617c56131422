#pragma once
#include "api/native/common.h"
#include "base/limits_golden.h"
#include "evaluation/golden/compare.h"

namespace regesta::api::native {

inline constexpr std::string_view goldenKinds[] = {"model", "prompt"};

struct GoldenRuleAnswer {
  std::string name, kind, namePattern, dataset, selector, file, method;
  double tolerance = 0;
  std::int64_t repeats = 0;
  std::string datasetDigest;
  bool changed = false;
  std::optional<std::string> createdAt;
  std::string createdBy;
  static constexpr Field fields[] = {
      field<&GoldenRuleAnswer::name>("name"),
      field<&GoldenRuleAnswer::kind>("kind"),
      field<&GoldenRuleAnswer::namePattern>("name_pattern"),
      field<&GoldenRuleAnswer::dataset>("dataset", about("name of the dataset")),
      field<&GoldenRuleAnswer::selector>("selector", about("of its version")),
      field<&GoldenRuleAnswer::file>("file"),
      field<&GoldenRuleAnswer::method>("method"),
      field<&GoldenRuleAnswer::tolerance>("tolerance"),
      field<&GoldenRuleAnswer::repeats>("repeats"),
      field<&GoldenRuleAnswer::datasetDigest>("dataset_digest", about("of the version when the rule was made")),
      field<&GoldenRuleAnswer::changed>("golden_changed", about("the selector names another version now")),
      field<&GoldenRuleAnswer::createdAt>("created_at"),
      field<&GoldenRuleAnswer::createdBy>("created_by")};
};
struct NewGoldenRule {
  std::string name, kind, namePattern, dataset, file, method;
  RawJson version;
  double tolerance = 0;
  std::int64_t repeats = 0;
  static constexpr std::string_view documentation =
      "Every later version of a matching asset gets a job; a runner runs it on the inputs, and the server compares the "
      "outputs with what the dataset expects. Needs admin on everything that the pattern matches.";
  static constexpr Field fields[] = {
      field<&NewGoldenRule::name>("name", required),
      field<&NewGoldenRule::kind>("kind", required | about("model or prompt")),
      field<&NewGoldenRule::namePattern>("name_pattern", required | about("loan-*")),
      field<&NewGoldenRule::dataset>("dataset", required | about("name of a dataset with rows of inputs and expected")),
      field<&NewGoldenRule::version>("version", about("of the dataset: number, SemVer or alias; absent: its newest")),
      field<&NewGoldenRule::file>("file", about("absent: its only file that ends with .jsonl")),
      field<&NewGoldenRule::method>("method", about("exact (default), numeric, text or json")),
      field<&NewGoldenRule::tolerance>("tolerance",
                                       about("of numbers: |difference| <= tolerance * max(1, |expected|)")),
      field<&NewGoldenRule::repeats>("repeats", atLeast(0) | atMost(limits::goldenRepeats) |
                                                    about("runs of a version, to see whether they agree; 0: 2"))};
};
struct GoldenRunAnswer {
  std::string subject, status;
  std::optional<std::int64_t> job, evidence;
  std::optional<std::string> problem, at;
  RawJson summary;
  static constexpr Field fields[] = {
      field<&GoldenRunAnswer::subject>("subject", about("model/loan-risk@3")),
      field<&GoldenRunAnswer::status>("status", about("waiting, leased, done, dead, or failed")),
      field<&GoldenRunAnswer::job>("job"),
      field<&GoldenRunAnswer::evidence>("evidence"),
      field<&GoldenRunAnswer::problem>("problem"),
      field<&GoldenRunAnswer::at>("at"),
      field<&GoldenRunAnswer::summary>("summary", about("of the evidence: passed, rows, different, deterministic"))};
};
struct GoldenReport {
  GoldenRuleAnswer rule;
  std::vector<GoldenRunAnswer> runs;
  static constexpr Field fields[] = {field<&GoldenReport::rule>("rule"),
                                     field<&GoldenReport::runs>("runs", about("newest first"))};
};
struct GoldenOrder {
  std::string name, version;
  static constexpr Field fields[] = {field<&GoldenOrder::name>("name", required),
                                     field<&GoldenOrder::version>("version", required | about("NAME@VERSION"))};
};
struct GoldenJobAnswer {
  std::int64_t job = 0;
  std::string subject;
  static constexpr Field fields[] = {field<&GoldenJobAnswer::job>("job"), field<&GoldenJobAnswer::subject>("subject")};
};

Page<GoldenRuleAnswer> listGoldenRules(Call& call, const PageQuery& query);
GoldenRuleAnswer createGoldenRule(Call& call, const NewGoldenRule& request);
GoldenReport getGoldenRule(Call& call, const NameOnly& path);
Empty deleteGoldenRule(Call& call, const NameOnly& path);
GoldenJobAnswer runGoldenRule(Call& call, const GoldenOrder& order);

}  // namespace regesta::api::native
