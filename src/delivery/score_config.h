#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "delivery/score.h"

namespace regesta::delivery {

/// What scores of one kind must be: their type, their range, or the words that they may be.
struct ScoreConfig {
  std::string id;                                          ///< made here
  std::string name;                                        ///< of people: letters, digits, spaces and . _ - ( )
  std::string type;                                        ///< NUMERIC, BOOLEAN, CATEGORICAL or TEXT; does not change
  std::optional<double> least, most;                       ///< of NUMERIC
  std::vector<std::pair<std::string, double>> categories;  ///< label and value; of BOOLEAN False and True
  std::string description;
  bool archived = false;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
};

/// Throws Invalid{field} for what a config of its type cannot be; gives it its id and times.
ScoreConfig createScoreConfig(registry::Change& change, std::string_view workspace, ScoreConfig asked);
/// Stores a config that findScoreConfig() returned. Throws as above.
ScoreConfig changeScoreConfig(registry::Change& change, std::string_view workspace, ScoreConfig config);
std::optional<ScoreConfig> findScoreConfig(db::Session& session, std::string_view workspace, std::string_view id);
/// Newest first.
std::vector<ScoreConfig> listScoreConfigs(db::Session& session, std::string_view workspace, std::int64_t limit,
                                          std::int64_t skip);
std::int64_t countScoreConfigs(db::Session& session, std::string_view workspace);

/// Why a score may not name this config; empty: it may.
std::string faultAgainst(const ScoreConfig& config, const Score& score);

}  // namespace regesta::delivery
