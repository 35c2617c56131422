#include "quality/score_reach.h"

#include <functional>

#include "base/json.h"
#include "telemetry/trace.h"
#include "tracking/experiment.h"

namespace regesta::quality {
namespace {

using access::Verb;

/// Goes through the scores that the caller may read until `visit` says that it has enough.
void walk(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
          const ScoreFilter& filter, std::optional<ScorePlace> after, const std::function<bool(Score&)>& visit) {
  constexpr std::size_t atATime = 500;
  ScoreReach reach(transaction, caller, workspace);
  while (true) {
    std::vector<Score> found = listScores(transaction, workspace, filter, atATime, after);
    for (Score& score : found) {
      after = ScorePlace{score.at, score.row};
      if (reach.mayRead(score) && !visit(score)) return;
    }
    if (found.size() < atATime) return;
  }
}

}  // namespace

ScoreReach::Owner ScoreReach::ofTrace(Verb verb, const std::string& trace) {
  if (trace.empty()) return Owner::none;
  auto [known, fresh] = traces_.try_emplace({verb, trace}, Owner::none);
  if (!fresh) return known->second;
  // Langfuse's SDKs name a trace by its 32 digits, MLflow's with "tr-" before; a client may have taken either as an id.
  constexpr std::int64_t twins = 8;
  std::string digits = trace.starts_with("tr-") ? trace.substr(3) : trace;
  for (const std::string& id : {trace, digits}) {
    if (id.empty()) continue;
    for (const telemetry::Trace& kept : telemetry::newestTraces(transaction_, workspace_, id, twins)) {
      auto experiment = tracking::findExperiment(transaction_, workspace_, kept.experiment);
      if (!experiment || !caller_.may(verb, workspace_, experiment->name)) return known->second = Owner::beyond;
      known->second = Owner::within;
    }
  }
  return known->second;
}

ScoreReach::Owner ScoreReach::ofPrompt(Verb verb, const Score& score) const {
  std::string prompt = scoredPrompt(score);
  if (prompt.empty()) return Owner::none;
  return caller_.may(verb, workspace_, prompt) ? Owner::within : Owner::beyond;
}

bool ScoreReach::holds(Verb verb, const Score& score) {
  if (caller_.may(verb, workspace_, "*")) return true;
  Owner trace = ofTrace(verb, score.trace), prompt = ofPrompt(verb, score);
  if (trace == Owner::beyond || prompt == Owner::beyond) return false;
  return trace == Owner::within || prompt == Owner::within;
}

bool ScoreReach::mayRead(const Score& score) {
  if (holds(Verb::read, score)) return true;
  bool nobodys = ofTrace(Verb::read, score.trace) == Owner::none && scoredPrompt(score).empty();
  return nobodys && score.author == caller_.actor.name;
}

bool ScoreReach::mayReplace(const Score& score) {
  return score.author == caller_.actor.name || holds(Verb::write, score);
}

std::string ScoreReach::faultOf(const Score& score) {
  if (caller_.may(Verb::write, workspace_, "*") || ofTrace(Verb::write, score.trace) != Owner::beyond) return {};
  return "traceId must not be that of a trace whose experiment you may not change";
}

std::vector<Score> readableScores(db::Transaction& transaction, const access::Identity& caller,
                                  std::string_view workspace, const ScoreFilter& filter, std::size_t limit,
                                  std::optional<ScorePlace> after, std::size_t skip) {
  if (caller.may(Verb::read, workspace, "*")) return listScores(transaction, workspace, filter, limit, after, skip);
  std::vector<Score> page;
  walk(transaction, caller, workspace, filter, after, [&](Score& score) {
    if (skip > 0)
      --skip;
    else if (page.size() < limit)
      page.push_back(std::move(score));
    return page.size() < limit;
  });
  return page;
}

std::size_t countReadableScores(db::Transaction& transaction, const access::Identity& caller,
                                std::string_view workspace, const ScoreFilter& filter) {
  if (caller.may(Verb::read, workspace, "*")) return countScores(transaction, workspace, filter);
  std::size_t count = 0;
  walk(transaction, caller, workspace, filter, std::nullopt, [&](Score&) { return ++count, true; });
  return count;
}

}  // namespace regesta::quality
