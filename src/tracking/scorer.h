#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/change.h"

namespace regesta::tracking {

/// One version of a scorer that an experiment's evaluations use: how MLflow's client judges an answer. What it says is
/// kept and handed back; nothing of it runs here.
struct Scorer {
  std::string scorerId;  ///< of all its versions
  std::int64_t experiment = 0;
  std::string name;
  std::int64_t version = 0;  ///< 1, 2, 3… within its name
  std::string body;          ///< JSON
  std::int64_t createdAt = 0;
};

/// Makes the next version. Throws Error{invalid} in MLflow's words for a blank name, a body that is no JSON and one
/// that carries code (clients would run it), Error{notFound} for a model behind MLflow's gateway, which is not here, or
/// an unknown experiment.
Scorer registerScorer(registry::Change& change, std::string_view workspace, std::int64_t experiment,
                      std::string_view name, std::string_view body);
/// The newest version of each name, by name.
std::vector<Scorer> listScorers(db::Session& session, std::string_view workspace, std::int64_t experiment);
/// Oldest first. This and the two below throw Error{notFound} when there is none.
std::vector<Scorer> scorerVersions(db::Session& session, std::string_view workspace, std::int64_t experiment,
                                   std::string_view name);
/// The newest unless a version is given.
Scorer getScorer(db::Session& session, std::string_view workspace, std::int64_t experiment, std::string_view name,
                 std::optional<std::int64_t> version);
/// All versions unless one is given.
void deleteScorer(registry::Change& change, std::string_view workspace, std::int64_t experiment, std::string_view name,
                  std::optional<std::int64_t> version);

}  // namespace regesta::tracking
