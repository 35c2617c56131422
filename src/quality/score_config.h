#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/access.h"
#include "quality/score.h"

namespace regesta::quality {

/// Rules for scores of one kind: type, range or categories.
struct ScoreConfig {
  std::string id;                                          ///< set by createScoreConfig
  std::string name;                                        ///< letters, digits, spaces and . _ - ( )
  std::string type;                                        ///< NUMERIC, BOOLEAN, CATEGORICAL or TEXT; does not change
  std::optional<double> least, most;                       ///< of NUMERIC
  std::vector<std::pair<std::string, double>> categories;  ///< label and value; of BOOLEAN False and True
  std::string description;
  bool archived = false;
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds
};

/// Throws Invalid{field} for members that its type does not allow; sets id and times.
ScoreConfig createScoreConfig(registry::Change& change, std::string_view workspace, ScoreConfig asked);
/// Stores a config of findScoreConfig(). Throws likewise.
ScoreConfig changeScoreConfig(registry::Change& change, std::string_view workspace, ScoreConfig config);
/// Score configs concern all scores of the workspace, so they belong to those who may read every name of it.
bool mayReadScoreConfigs(const access::Identity& caller, std::string_view workspace);
/// Empty for one that the caller may not read, as for one that does not exist.
std::optional<ScoreConfig> findScoreConfig(db::Transaction& transaction, const access::Identity& caller,
                                           std::string_view workspace, std::string_view id);
/// Newest first.
std::vector<ScoreConfig> listScoreConfigs(db::Transaction& transaction, std::string_view workspace, std::int64_t limit,
                                          std::int64_t skip);
std::int64_t countScoreConfigs(db::Transaction& transaction, std::string_view workspace);

/// Why a score may not use this config; empty: it may.
std::string faultAgainst(const ScoreConfig& config, const Score& score);

}  // namespace regesta::quality
