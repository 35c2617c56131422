#include "evaluation/scorer.h"

#include <algorithm>

#include "base/error.h"
#include "base/id.h"
#include "base/limits.h"
#include "base/limits_evaluation.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "evaluation/scorer_model.h"
#include "gateway/endpoint.h"
#include "tracking/experiment.h"
#include "tracking/seen_name.h"

namespace regesta::evaluation {
namespace {

constexpr std::string_view codeRefused =
    "must not hold code, which would run in every client that loads the scorer. Keep code (@scorer) in a repository "
    "and "
    "import it, or use built-in scorers or make_judge";

/// MLflow's decorator stores a function's source in this member, at any depth; a client that loads the scorer runs it.
bool carriesCode(const json::value& value) {
  if (value.is_array()) return std::ranges::any_of(value.get_array(), carriesCode);
  if (!value.is_object()) return false;
  return std::ranges::any_of(value.get_object(), [](const json::key_value_pair& member) {
    return (member.key() == "call_source" && !member.value().is_null()) || carriesCode(member.value());
  });
}

/// Throws for a body that clients could not load.
void checkBody(std::string_view text) {
  if (text.size() > limits::scorerBody)
    throw Invalid("serialized_scorer", fmt::format("must be at most {} bytes", limits::scorerBody));
  json::value body;
  try {
    body = parseJson(text);
  } catch (const Error&) {
    throw Error(Code::invalid, "serialized_scorer must be valid JSON");
  }
  if (carriesCode(body)) throw Invalid("serialized_scorer", std::string(codeRefused));
  checkScorerModel(body);
}

void requireExperiment(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment) {
  tracking::requireActive(tracking::getExperiment(transaction, workspace, experiment));
}

constexpr std::string_view columns = "scorer_id, experiment, name, version, body, created_at";

std::vector<Scorer> readAll(db::Rows rows) {
  constexpr db::Columns at(columns);
  std::vector<Scorer> scorers;
  while (rows.next())
    scorers.push_back({.scorerId = rows.text(at["scorer_id"]),
                       .experiment = rows.integer(at["experiment"]),
                       .name = rows.text(at["name"]),
                       .version = rows.integer(at["version"]),
                       .body = rows.text(at["body"]),
                       .createdAt = rows.integer(at["created_at"])});
  return scorers;
}

[[noreturn]] void refuseUnknown(std::int64_t experiment, std::string_view name, std::optional<std::int64_t> version) {
  throw error(Code::notFound, "Scorer with name '{}'{} not found for experiment {}.", name,
              version ? fmt::format(" and version {}", *version) : "", experiment);
}

/// With the names of endpoints in place of their ids.
std::vector<Scorer> named(db::Transaction& transaction, std::string_view workspace, std::vector<Scorer> scorers) {
  for (Scorer& scorer : scorers) scorer.body = withEndpointNames(transaction, workspace, std::move(scorer.body));
  return scorers;
}

std::vector<Scorer> versionsOf(db::Transaction& transaction, std::int64_t experiment, std::string_view name) {
  return readAll(transaction.query(
      fmt::format("SELECT {} FROM scorer WHERE experiment = $1 AND name = $2 ORDER BY version", columns),
      {experiment, name}));
}

/// At least one.
std::vector<Scorer> requireVersions(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                                    std::string_view name) {
  requireExperiment(transaction, workspace, experiment);
  std::vector<Scorer> found = versionsOf(transaction, experiment, name);
  if (found.empty()) refuseUnknown(experiment, name, std::nullopt);
  return found;
}

std::vector<Scorer> newestOfEach(db::Transaction& transaction, std::int64_t experiment) {
  return readAll(transaction.query(
      "SELECT s.scorer_id, s.experiment, s.name, s.version, s.body, s.created_at FROM scorer s WHERE s.experiment = $1 "
      "AND s.version = (SELECT MAX(n.version) FROM scorer n WHERE n.experiment = s.experiment AND n.name = s.name) "
      "ORDER BY s.name",
      {experiment}));
}

std::string subjectOf(std::int64_t experiment) { return fmt::format("experiment/{}", experiment); }

/// A random UUID.
std::string newScorerId() {
  std::string hex = randomHex(16);
  for (std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, 1, '-');
  return hex;
}

}  // namespace

Scorer registerScorer(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                      std::string_view name, std::string_view body) {
  if (trim(name).empty()) throw Error(Code::invalid, "Scorer name cannot be empty or contain only whitespace.");
  if (name.size() > limits::nameLength)
    throw Invalid("name", fmt::format("must be at most {} bytes", limits::nameLength));
  tracking::checkSeen("scorer name", name);
  checkBody(body);
  requireExperiment(change.transaction, workspace, experiment);
  std::vector<Scorer> before = versionsOf(change.transaction, experiment, name);
  Scorer made{.scorerId = before.empty() ? newScorerId() : before.back().scorerId,
              .experiment = experiment,
              .name = std::string(name),
              .version = before.empty() ? 1 : before.back().version + 1,
              .body = withEndpointIds(change.transaction, workspace, std::string(body)),
              .createdAt = change.now};
  change.transaction.run(
      "INSERT INTO scorer (workspace, experiment, name, scorer_id, version, body, created_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7)",
      {workspace, experiment, name, made.scorerId, made.version, made.body, made.createdAt});
  change.record(registry::Action::scorerRegistered, std::string(workspace), subjectOf(experiment),
                {{"scorer", name}, {"version", made.version}, {"digest", crypto::sha256Hex(made.body)}});
  made.body = withEndpointNames(change.transaction, workspace, std::move(made.body));
  return made;
}

std::vector<Scorer> listScorers(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment) {
  requireExperiment(transaction, workspace, experiment);
  return named(transaction, workspace, newestOfEach(transaction, experiment));
}

std::vector<Scorer> scorerVersions(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                                   std::string_view name) {
  return named(transaction, workspace, requireVersions(transaction, workspace, experiment, name));
}

Scorer getScorer(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                 std::string_view name, std::optional<std::int64_t> version) {
  std::vector<Scorer> found = requireVersions(transaction, workspace, experiment, name);
  auto one = version ? std::ranges::find(found, *version, &Scorer::version) : std::prev(found.end());
  if (one == found.end()) refuseUnknown(experiment, name, version);
  one->body = withEndpointNames(transaction, workspace, std::move(one->body));
  return std::move(*one);
}

std::optional<Scorer> findScorer(db::Transaction& transaction, std::string_view workspace, std::string_view scorerId,
                                 std::int64_t version) {
  std::vector<Scorer> found = readAll(transaction.query(
      fmt::format("SELECT {} FROM scorer WHERE workspace = $1 AND scorer_id = $2 AND version = $3", columns),
      {workspace, scorerId, version}));
  found = named(transaction, workspace, std::move(found));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

gateway::Scoring setScoring(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                            std::string_view name, double sampleRate, std::optional<std::string> filter) {
  if (!(sampleRate >= 0 && sampleRate <= 1))
    throw error(Code::invalid, "sample_rate must be between 0.0 and 1.0, got {}", sampleRate);
  const Scorer newest = requireVersions(change.transaction, workspace, experiment, name).back();
  if (sampleRate > 0) checkGradesAlone(newest.name, newest.body);
  return gateway::saveScoring(change, workspace,
                              {.configId = {},
                               .scorerId = newest.scorerId,
                               .experiment = experiment,
                               .sampleRate = sampleRate,
                               .filter = std::move(filter)});
}

std::vector<EndpointUse> endpointUses(db::Transaction& transaction, std::string_view workspace,
                                      std::int64_t experiment) {
  std::vector<EndpointUse> uses;
  for (const Scorer& scorer : newestOfEach(transaction, experiment))
    if (std::optional<std::string> id = endpointOf(scorer.body);
        id && gateway::findItem(transaction, workspace, gateway::endpoints, *id))
      uses.push_back({*id, scorer.scorerId, scorer.createdAt});
  return uses;
}

void deleteScorer(registry::Change& change, std::string_view workspace, std::int64_t experiment, std::string_view name,
                  std::optional<std::int64_t> version) {
  requireExperiment(change.transaction, workspace, experiment);
  std::vector<Scorer> before = versionsOf(change.transaction, experiment, name);
  std::int64_t deleted =
      change.transaction.run("DELETE FROM scorer WHERE experiment = $1 AND name = $2 AND ($3 = 0 OR version = $3)",
                             {experiment, name, version.value_or(0)});
  if (deleted == 0) refuseUnknown(experiment, name, version);
  // The next scorer of this name gets another id.
  if (deleted == static_cast<std::int64_t>(before.size()))
    gateway::removeScoring(change, workspace, before.front().scorerId);
  change.record(registry::Action::scorerDeleted, std::string(workspace), subjectOf(experiment),
                {{"scorer", name}, {"version", version ? json::value(*version) : json::value()}});
}

}  // namespace regesta::evaluation
