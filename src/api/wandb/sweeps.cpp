// Sweeps: agents of W&B's clients ask what to try next, and log it as runs.
#include <algorithm>
#include <cmath>
#include <ranges>

#include "api/wandb/resolvers.h"
#include "api/wandb/run_object.h"
#include "base/text.h"
#include "base/time.h"
#include "prompt/file/yaml.h"
#include "tracking/history.h"
#include "tracking/sweep.h"
#include "tracking/sweep_search.h"
#include "tracking/sweep_stop.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using tracking::Sweep;
using tracking::SweepAgent;
using tracking::SweepTrial;

constexpr std::string_view projects = "projects of this name";
constexpr std::int64_t lostAfterMillis = 30'000;  // a run that was not logged by then will not come

/// A sweep with its project and what was tried. Runs are read one by one, so only where they decide something.
struct Search {
  tracking::Experiment project;
  Sweep sweep;
  std::vector<SweepTrial> trials;
};

/// The run of a trial; nothing: it was not logged, or was deleted.
std::optional<RunRecord> runOf(db::Transaction& transaction, const Search& search, const SweepTrial& trial) {
  auto run = findRecord(transaction, search.project, trial.run);
  if (run && run->run.deleted) run.reset();
  return run;
}

/// The metric of a trial whose run has ended.
std::optional<double> scoreOf(db::Transaction& transaction, const Search& search, const SweepTrial& trial,
                              const std::string& metric) {
  auto run = runOf(transaction, search, trial);
  if (!run || !tracking::isTerminal(run->run.status)) return std::nullopt;
  for (const tracking::Metric& one : run->run.metrics)
    if (one.key == metric) return one.value;
  return std::nullopt;
}

Search searchOf(db::Transaction& transaction, tracking::Experiment project, Sweep sweep) {
  Search search{std::move(project), std::move(sweep), {}};
  search.trials = tracking::listSweepTrials(transaction, search.sweep);
  return search;
}

json::object sweepObject(const tracking::Experiment& project, const Sweep& sweep) {
  json::object config = parseJson(sweep.config).as_object();
  tracking::SweepPlan plan = tracking::readSweepPlan(config);
  json::value expected = nullptr;
  if (auto count = tracking::trialsExpected(plan)) expected = *count;
  return {{"id", idOf("Sweep", sweep.id)},
          {"name", sweep.name},
          {"displayName", sweep.displayName.empty() ? sweep.name : sweep.displayName},
          {"description", sweep.description},
          {"method", memberText(config, "method")},
          {"state", sweep.state},
          {"config", sweep.config},  // JSON is YAML
          {"createdAt", formatTime(sweep.createdAt)},
          {"updatedAt", formatTime(sweep.updatedAt)},
          {"heartbeatAt", formatTime(sweep.updatedAt)},
          {"earlyStopJobRunning", false},
          {"runCountExpected", std::move(expected)},
          {"project", projectObject(project)},
          {"_workspace", project.workspace},
          {"_project", project.name},
          {"_sweep", sweep.name}};
}

json::object agentObject(const Search& search, const SweepAgent& agent) {
  std::string id = idOf("Agent", agent.id);
  return {{"id", id},
          {"name", id},
          {"host", agent.host},
          {"state", search.sweep.isOver() ? "FINISHED" : "RUNNING"},
          {"totalRuns", std::ranges::count(search.trials, agent.id, &SweepTrial::agent)},
          {"createdAt", formatTime(agent.createdAt)},
          {"heartbeatAt", formatTime(agent.heartbeatAt)},
          {"_workspace", search.project.workspace},
          {"_project", search.project.name},
          {"_sweep", search.sweep.name},
          {"_agent", agent.id}};
}

/// The parent's sweep. Throws Error{notFound}.
Search parentSearch(FieldCall& field, db::Transaction& transaction) {
  auto project = findProject(field.call, transaction, memberText(field.parent, "_project"));
  auto sweep =
      project ? tracking::findSweep(transaction, project->id, memberText(field.parent, "_sweep")) : std::nullopt;
  if (!sweep) throw Error(Code::notFound, "the sweep was deleted");
  return searchOf(transaction, *std::move(project), *std::move(sweep));
}

/// What W&B's clients write is YAML.
std::string configText(const std::string& text) {
  json::value read;
  try {
    read = prompt::file::parseYaml(text);
  } catch (const prompt::file::YamlFault& fault) {
    throw Invalid("config", fmt::format("is not YAML: {} (line {})", fault.message, fault.line));
  }
  if (!read.is_object()) throw Invalid("config", "must be an object in YAML");
  return writeJson(read);
}

void apply(Sweep& sweep, const json::object& input) {
  if (std::string text = memberText(input, "config"); !text.empty()) sweep.config = configText(text);
  if (std::string name = memberText(input, "displayName"); !name.empty()) sweep.displayName = name;
  if (std::string about = memberText(input, "description"); !about.empty()) sweep.description = about;
  if (std::string state = memberText(input, "state"); !state.empty()) sweep.state = state;
}

json::value upsertSweep(FieldCall& field) {
  const json::object& input = field.input();
  Call& call = field.call;
  std::string id = memberText(input, "id");
  tracking::Experiment project;
  if (id.empty()) project = makeProject(call, memberText(input, "projectName"));
  Sweep sweep = call.core.store.change(call.actor(), [&](registry::Change& change) {
    db::Transaction& transaction = change.transaction;
    if (id.empty()) {
      Sweep made{.experiment = project.id, .createdBy = call.actor().name};
      apply(made, input);
      return tracking::createSweep(transaction, std::move(made));
    }
    auto found = tracking::findSweepById(transaction, numberOf("Sweep", id));
    auto owner = findProject(call, transaction, memberText(input, "projectName"));
    if (!found || !owner || found->experiment != owner->id)
      throw error(Code::notFound, "project '{}' has no such sweep", shorten(memberText(input, "projectName"), 100));
    call.require(Verb::write, owner->name);
    project = *std::move(owner);
    Sweep changed = *found;
    apply(changed, input);
    tracking::changeSweep(transaction, *found, changed);
    return changed;
  });
  return json::object{{"sweep", sweepObject(project, sweep)}, {"configValidationWarnings", json::array()}};
}

json::value createAgent(FieldCall& field) {
  const json::object& input = field.input();
  Call& call = field.call;
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> json::value {
    db::Transaction& transaction = change.transaction;
    auto project = findProject(call, transaction, memberText(input, "projectName"));
    auto sweep = project ? tracking::findSweep(transaction, project->id, memberText(input, "sweep")) : std::nullopt;
    if (!sweep)
      throw error(Code::notFound, "project '{}' has no sweep '{}'", shorten(memberText(input, "projectName"), 100),
                  shorten(memberText(input, "sweep"), 100));
    call.require(Verb::write, project->name);
    SweepAgent agent = tracking::createSweepAgent(transaction, *sweep, memberText(input, "host"), nowMillis());
    return json::object{{"agent", agentObject(searchOf(transaction, *project, *sweep), agent)}};
  });
}

json::object commandOf(const SweepTrial& trial) {
  json::object args;
  for (const auto& [name, value] : trial.settings) args[name] = json::object{{"value", value}};
  return {{"type", "run"}, {"run_id", trial.run}, {"args", std::move(args)}};
}

/// What an agent without a running run does now.
json::array nextCommands(db::Transaction& transaction, Search& search, const SweepAgent& agent) {
  std::int64_t now = nowMillis();
  if (search.sweep.isOver()) return {json::object{{"type", "exit"}}};
  if (search.sweep.state == "PAUSED") return {};
  // A command whose answer was lost is given again: its run was never logged.
  for (const SweepTrial& trial : std::views::reverse(search.trials)) {
    if (trial.agent != agent.id) continue;
    if (now - trial.givenAt < lostAfterMillis && !runOf(transaction, search, trial)) return {commandOf(trial)};
    break;
  }
  tracking::SweepPlan plan = tracking::readSweepPlan(parseJson(search.sweep.config).as_object());
  std::vector<tracking::Tried> before;
  bool scored = plan.method == tracking::SweepPlan::Method::bayes;
  for (const SweepTrial& trial : search.trials)
    before.emplace_back(trial.settings, scored ? scoreOf(transaction, search, trial, plan.metric) : std::nullopt);
  auto settings = tracking::nextTrial(plan, before, static_cast<std::uint64_t>(search.sweep.seed));
  Sweep changed = search.sweep;
  changed.state = settings ? "RUNNING" : "FINISHED";
  if (changed.state != search.sweep.state) tracking::changeSweep(transaction, search.sweep, changed);
  if (!settings) return {json::object{{"type", "exit"}}};
  return {commandOf(tracking::addSweepTrial(transaction, changed, agent,
                                            search.trials.empty() ? nullptr : &search.trials.back(),
                                            *std::move(settings), now))};
}

/// The metric's values in the order of their steps; empty for a run that was not logged.
tracking::Curve curveOf(db::Transaction& transaction, const Search& search, const std::string& run,
                        const std::string& metric) {
  auto found = findRecord(transaction, search.project, run);
  if (!found || found->run.deleted) return {};
  std::vector<tracking::Metric> points =
      tracking::metricHistory(transaction, search.project.workspace, found->run.runId, metric);
  std::ranges::stable_sort(points, {}, &tracking::Metric::step);
  tracking::Curve curve;
  for (const tracking::Metric& point : points)
    if (std::isfinite(point.value)) curve.push_back(point.value);
  return curve;
}

/// Ends runs that are behind, or all of them once the sweep is canceled.
json::array stopCommands(db::Transaction& transaction, const Search& search, const json::object& running) {
  json::array commands;
  auto stop = [&](std::string_view run) { commands.push_back(json::object{{"type", "stop"}, {"run_id", run}}); };
  json::object config = parseJson(search.sweep.config).as_object();
  std::optional<tracking::EarlyStop> early = tracking::readEarlyStop(config);
  tracking::SweepPlan plan = tracking::readSweepPlan(config);
  std::vector<tracking::Curve> all;
  for (const auto& run : running) {
    if (search.sweep.state == "CANCELED") {
      stop(run.key());
      continue;
    }
    if (!early) break;
    tracking::Curve own = curveOf(transaction, search, std::string(run.key()), plan.metric);
    if (static_cast<std::int64_t>(own.size()) <= early->bands.front()) continue;
    if (all.empty())
      for (const SweepTrial& trial : search.trials) all.push_back(curveOf(transaction, search, trial.run, plan.metric));
    if (tracking::isBehind(*early, plan.maximize, own, all)) stop(run.key());
  }
  return commands;
}

json::value agentHeartbeat(FieldCall& field) {
  const json::object& input = field.input();
  Call& call = field.call;
  json::value running = parseJson(memberText(input, "runState").empty() ? "{}" : memberText(input, "runState"));
  return call.core.store.change(call.actor(), [&](registry::Change& change) -> json::value {
    db::Transaction& transaction = change.transaction;
    auto agent = tracking::findSweepAgent(transaction, numberOf("Agent", memberText(input, "id")));
    auto sweep = agent ? tracking::findSweepById(transaction, agent->sweep) : std::nullopt;
    auto owner = transaction.query("SELECT workspace FROM experiment WHERE id = $1", {sweep ? sweep->experiment : -1});
    if (!owner.next()) throw Error(Code::notFound, "no sweep has this agent");
    tracking::Experiment project = tracking::getExperiment(transaction, owner.text(0), sweep->experiment);
    if (!call.identity->may(Verb::write, project.workspace, project.name))
      throw Error(Code::notFound, "no sweep has this agent");
    tracking::touchSweepAgent(transaction, *agent, nowMillis());
    Search search = searchOf(transaction, std::move(project), *std::move(sweep));
    bool busy = running.is_object() && !running.get_object().empty();
    json::array commands =
        busy ? stopCommands(transaction, search, running.get_object()) : nextCommands(transaction, search, *agent);
    return json::object{{"agent", agentObject(search, *agent)}, {"commands", writeJson(commands)}};
  });
}

/// A sweep of the parent project; null when there is none.
json::value sweepOfProject(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto project = findProject(field.call, transaction, memberText(field.parent, "name"));
    auto sweep = project ? tracking::findSweep(transaction, project->id, field.text("sweepName")) : std::nullopt;
    if (!sweep) return nullptr;
    return sweepObject(*project, *sweep);
  });
}

json::value sweepsOfProject(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto project = findProject(field.call, transaction, memberText(field.parent, "name"));
    std::vector<Sweep> all;
    if (project) all = tracking::listSweeps(transaction, project->id);
    auto from = static_cast<std::size_t>(std::max<std::int64_t>(0, parseInteger(field.text("after")).value_or(0)));
    auto count = static_cast<std::size_t>(std::clamp<std::int64_t>(memberInteger(field.args, "first"), 1, 1000));
    json::array edges;
    std::size_t at = std::min(from, all.size());
    for (; at < all.size() && edges.size() < count; ++at)
      edges.push_back(json::object{{"node", sweepObject(*project, all[at])}, {"cursor", std::to_string(at + 1)}});
    return json::object{
        {"edges", std::move(edges)},
        {"pageInfo", json::object{{"hasNextPage", at < all.size()}, {"endCursor", std::to_string(at)}}}};
  });
}

json::value totalSweeps(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    auto project = findProject(field.call, transaction, memberText(field.parent, "name"));
    return project ? tracking::countSweeps(transaction, project->id) : 0;
  });
}

json::value runsAs(db::Transaction& transaction, const Search& search, std::int64_t agent) {
  json::array edges;
  for (const SweepTrial& trial : search.trials) {
    auto run = agent == 0 || trial.agent == agent ? runOf(transaction, search, trial) : std::nullopt;
    if (run) edges.push_back(json::object{{"node", runObject(*run)}, {"cursor", std::to_string(trial.position + 1)}});
  }
  std::size_t total = edges.size();
  return json::object{{"edges", std::move(edges)},
                      {"totalCount", total},
                      {"pageInfo", json::object{{"hasNextPage", false}, {"endCursor", nullptr}}}};
}

json::value runsOfSweep(FieldCall& field) {
  return field.call.core.store.read(
      [&](db::Transaction& transaction) { return runsAs(transaction, parentSearch(field, transaction), 0); });
}

json::value runsOfAgent(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) {
    return runsAs(transaction, parentSearch(field, transaction), memberInteger(field.parent, "_agent"));
  });
}

json::value runCount(FieldCall& field) {
  return field.call.core.store.read(
      [&](db::Transaction& transaction) -> json::value { return parentSearch(field, transaction).trials.size(); });
}

json::value bestLoss(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    Search search = parentSearch(field, transaction);
    tracking::SweepPlan plan = tracking::readSweepPlan(parseJson(search.sweep.config).as_object());
    std::optional<double> best;
    for (const SweepTrial& trial : search.trials)
      if (auto score = scoreOf(transaction, search, trial, plan.metric))
        best = !best ? *score : plan.maximize ? std::max(*best, *score) : std::min(*best, *score);
    return best ? json::value(*best) : json::value(nullptr);
  });
}

json::value agents(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    Search search = parentSearch(field, transaction);
    json::array edges;
    for (const SweepAgent& agent : tracking::listSweepAgents(transaction, search.sweep))
      edges.push_back(json::object{{"node", agentObject(search, agent)}});
    return json::object{{"edges", std::move(edges)}};
  });
}

json::value agent(FieldCall& field) {
  return field.call.core.store.read([&](db::Transaction& transaction) -> json::value {
    Search search = parentSearch(field, transaction);
    auto found = tracking::findSweepAgent(transaction, numberOf("Agent", field.text("agentName")));
    if (!found || found->sweep != search.sweep.id) return nullptr;
    return agentObject(search, *found);
  });
}

constexpr Resolver table[] = {
    {"Mutation", "upsertSweep", writes(projects), Where::entity, upsertSweep},
    {"Mutation", "createAgent", writes(projects), Where::entity, createAgent},
    {"Mutation", "agentHeartbeat", signedIn(), Where::nowhere, agentHeartbeat},
    {"Project", "sweep", reads(projects), Where::parent, sweepOfProject},
    {"Project", "sweeps", reads(projects), Where::parent, sweepsOfProject},
    {"Project", "totalSweeps", reads(projects), Where::parent, totalSweeps},
    {"Sweep", "runs", reads(projects), Where::parent, runsOfSweep},
    {"Sweep", "runCount", reads(projects), Where::parent, runCount},
    {"Sweep", "bestLoss", reads(projects), Where::parent, bestLoss},
    {"Sweep", "agents", reads(projects), Where::parent, agents},
    {"Sweep", "agent", reads(projects), Where::parent, agent},
    {"Agent", "runs", reads(projects), Where::parent, runsOfAgent},
};

}  // namespace

std::span<const Resolver> sweepResolvers() { return table; }

}  // namespace regesta::api::wandb
