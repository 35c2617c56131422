#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "db/database.h"

namespace regesta::tracking {

/// A search over hyperparameters: agents ask for settings, try them in runs, and ask again.
struct Sweep {
  std::int64_t id = 0, experiment = 0;
  std::string name;  ///< unique in the experiment
  std::string displayName, description;
  std::string config;  ///< JSON, as sweep_search.h reads it
  std::string state;   ///< PENDING, RUNNING, PAUSED, CANCELED, FINISHED
  std::int64_t seed = 0, createdAt = 0, updatedAt = 0;
  std::string createdBy;
  bool isOver() const { return state == "CANCELED" || state == "FINISHED"; }
};
struct SweepAgent {
  std::int64_t id = 0, sweep = 0;
  std::string host;
  std::int64_t createdAt = 0, heartbeatAt = 0;
};
struct SweepTrial {
  std::int64_t position = 0, agent = 0;
  std::string run;  ///< name that W&B's clients give the run
  json::object settings;
  std::int64_t givenAt = 0;
};

/// Gives it a name of its own. Throws Invalid for a configuration that sweep_search.h cannot read, Error{tooLarge}.
Sweep createSweep(db::Transaction& transaction, Sweep made);
std::optional<Sweep> findSweep(db::Transaction& transaction, std::int64_t experiment, std::string_view name);
std::optional<Sweep> findSweepById(db::Transaction& transaction, std::int64_t id);
/// Newest first.
std::vector<Sweep> listSweeps(db::Transaction& transaction, std::int64_t experiment);
std::int64_t countSweeps(db::Transaction& transaction, std::int64_t experiment);
/// Stores display name, description, config and state. Throws Invalid for a state that it cannot take now.
void changeSweep(db::Transaction& transaction, const Sweep& before, Sweep after);

SweepAgent createSweepAgent(db::Transaction& transaction, const Sweep& sweep, std::string_view host, std::int64_t now);
std::optional<SweepAgent> findSweepAgent(db::Transaction& transaction, std::int64_t id);
std::vector<SweepAgent> listSweepAgents(db::Transaction& transaction, const Sweep& sweep);
void touchSweepAgent(db::Transaction& transaction, const SweepAgent& agent, std::int64_t now);

/// Oldest first.
std::vector<SweepTrial> listSweepTrials(db::Transaction& transaction, const Sweep& sweep);
/// Appends a trial for the agent, under a new run name.
SweepTrial addSweepTrial(db::Transaction& transaction, const Sweep& sweep, const SweepAgent& agent,
                         const SweepTrial* last, json::object settings, std::int64_t now);

}  // namespace regesta::tracking
