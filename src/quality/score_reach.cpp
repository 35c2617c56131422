#include "quality/score_reach.h"

#include <functional>

#include "access/grants.h"
#include "base/json.h"
#include "base/time.h"
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

bool ScoreReach::may(const access::Identity& who, Verb verb, std::int64_t experiment) {
  auto [known, fresh] = names_.try_emplace(experiment);
  if (fresh)
    if (auto found = tracking::findExperiment(transaction_, workspace_, experiment)) known->second = found->name;
  return !known->second.empty() && who.may(verb, workspace_, known->second);
}

const access::Identity& ScoreReach::author(const std::string& name) {
  if (name == caller_.actor.name) return caller_;
  auto [known, fresh] = authors_.try_emplace(name);
  if (fresh) known->second = access::identityOf(transaction_, name, nowMillis());
  return known->second;
}

std::int64_t ScoreReach::experimentOf(const access::Identity& who, Verb verb, const std::string& trace) {
  if (trace.empty()) return 0;
  auto [known, fresh] = experiments_.try_emplace({who.actor.name, verb, trace}, 0);
  if (!fresh) return known->second;
  // Langfuse's SDKs name a trace by its 32 digits, MLflow's with "tr-" before; a client may have taken either as an id.
  std::string digits = trace.starts_with("tr-") ? trace.substr(3) : trace;
  for (const std::string& id : {trace, digits, telemetry::prefixedTraceId(digits)}) {
    auto found = telemetry::findTrace(transaction_, workspace_, id,
                                      [&](std::int64_t experiment) { return may(who, verb, experiment); });
    if (found) return known->second = found->experiment;
  }
  return 0;
}

std::int64_t ScoreReach::experimentOf(const Score& score) { return experimentOf(caller_, Verb::write, score.trace); }

ScoreReach::Owner ScoreReach::ofTrace(Verb verb, const Score& score) {
  std::int64_t experiment = score.experiment;
  if (experiment == 0) experiment = experimentOf(author(score.author), Verb::write, score.trace);
  if (experiment == 0) return Owner::none;
  return may(caller_, verb, experiment) ? Owner::within : Owner::beyond;
}

ScoreReach::Owner ScoreReach::ofPrompt(Verb verb, const Score& score) const {
  std::string prompt = scoredPrompt(score);
  if (prompt.empty()) return Owner::none;
  return caller_.may(verb, workspace_, prompt) ? Owner::within : Owner::beyond;
}

bool ScoreReach::holds(Verb verb, const Score& score) {
  if (caller_.may(verb, workspace_, "*")) return true;
  Owner trace = ofTrace(verb, score), prompt = ofPrompt(verb, score);
  if (trace == Owner::beyond || prompt == Owner::beyond) return false;
  return trace == Owner::within || prompt == Owner::within;
}

bool ScoreReach::mayRead(const Score& score) {
  if (holds(Verb::read, score)) return true;
  bool nobodys = ofTrace(Verb::read, score) == Owner::none && scoredPrompt(score).empty();
  return nobodys && score.author == caller_.actor.name;
}

bool ScoreReach::mayReplace(const Score& score) {
  return score.author == caller_.actor.name || holds(Verb::write, score);
}

std::string ScoreReach::faultOf(const Score& score) {
  bool onlyReadable = experimentOf(score) == 0 && experimentOf(caller_, Verb::read, score.trace) != 0;
  return onlyReadable ? "traceId must not be that of a trace whose experiment you may only read" : "";
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
