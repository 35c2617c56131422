#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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
/// (clients would run it), Error{notFound} for a model of MLflow's gateway, which is not supported, or an unknown
/// experiment.
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
/// `version` empty: all versions.
void deleteScorer(registry::Change& change, std::string_view workspace, std::int64_t experiment, std::string_view name,
                  std::optional<std::int64_t> version);

}  // namespace regesta::evaluation
