#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/scoring.h"
#include "registry/change.h"

namespace regesta::evaluation {

/// One version of a scorer of an experiment: how MLflow's client grades an output. The server stores it and runs none
/// of it.
struct Scorer {
  std::string scorerId;  ///< of all its versions
  std::int64_t experiment = 0;
  std::string name;
  std::int64_t version = 0;  ///< 1, 2, 3… within its name
  std::string body;          ///< JSON
  std::int64_t createdAt = 0;
};

/// Creates the next version. Throws Error{invalid} for a blank name, a body that is not JSON and one that contains code
/// (clients would run it), Error{notFound} for an unknown experiment or endpoint of the gateway. The body keeps the id
/// of the endpoint; reading it shows the endpoint's present name.
Scorer registerScorer(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                      std::string_view name, std::string_view body);
/// The newest version of each name, by name.
std::vector<Scorer> listScorers(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment);
/// Oldest first. This and the two below throw Error{notFound} if there is none.
std::vector<Scorer> scorerVersions(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                                   std::string_view name);
/// `version` empty: the newest.
Scorer getScorer(db::Transaction& transaction, std::string_view workspace, std::int64_t experiment,
                 std::string_view name, std::optional<std::int64_t> version);
std::optional<Scorer> findScorer(db::Transaction& transaction, std::string_view workspace, std::string_view scorerId,
                                 std::int64_t version);
/// The grading of new traces by the newest version. Throws Error{invalid} for a rate outside of 0 to 1 and, unless it
/// is 0, for a scorer without a model of the gateway and for one that needs expectations, Error{notFound}. The caller
/// has checked the filter.
gateway::Scoring setScoring(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                            std::string_view name, double sampleRate, std::optional<std::string> filter);
/// The newest version of each scorer of the experiment whose model is an endpoint of the gateway.
struct EndpointUse {
  std::string endpointId, scorerId;
  std::int64_t createdAt = 0;
};
std::vector<EndpointUse> endpointUses(db::Transaction& transaction, std::string_view workspace,
                                      std::int64_t experiment);
/// `version` empty: all versions, and the grading of new traces.
void deleteScorer(registry::Change& change, std::string_view workspace, std::int64_t experiment, std::string_view name,
                  std::optional<std::int64_t> version);

}  // namespace regesta::evaluation
