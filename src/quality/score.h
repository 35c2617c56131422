#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "base/json.h"
#include "registry/change.h"

namespace regesta::quality {

/// A rating of a trace, one observation in it, or a session.
struct Score {
  std::int64_t row = 0;
  std::string id;  ///< from the client, unique per author (storeScores)
  std::string name;
  std::string type = "NUMERIC";  ///< NUMERIC, BOOLEAN, CATEGORICAL, TEXT or CORRECTION
  double value = 0;              ///< of numbers, and 0 or 1 of BOOLEAN; finite
  std::string text;              ///< of the other three
  std::string trace, observation, session, datasetRun;
  std::string comment;
  json::value metadata;
  std::string environment = "default", config, source = "API", queue;
  std::string author;                         ///< the actor who gave it first; set by storeScores
  std::int64_t experiment = 0;                ///< of the trace, if the author could change it then; set by storeScores
  std::int64_t at = 0;                        ///< milliseconds; 0: now
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds

  bool isNumber() const { return type == "NUMERIC" || type == "BOOLEAN"; }
};

/// Stores scores durably. A score replaces the caller's own with the same id, otherwise the oldest with that id in the
/// same experiment (quality/score_reach.h); ids of all other scores are free. A number about a known version of a
/// prompt becomes a report (metric: the score's name) for guards: the version in `metadata` ("prompt", "version"),
/// otherwise the one that the trace used, also if that becomes known later. A score counts once, with its first value.
/// Returns one text per score, in order: empty if it is stored, otherwise why not (metadata with an unknown prompt or
/// version, or a prompt that the caller may not report on; a trace that the caller may only read).
std::vector<std::string> storeScores(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                                     const std::vector<Score>& scores);

/// The prompt that a score's metadata names; empty: none. See quality/score_reach.h for its owner.
std::string scoredPrompt(const Score& score);

struct ScoreFilter {
  std::string id, name, type, environment, source, config, queue, author, trace, observation, session, datasetRun;
  std::optional<double> value, least, most;  ///< of numbers
  std::string text;                          ///< of the others
  std::optional<std::int64_t> from, to;      ///< at >= from, at < to
};
/// Start of a page: after this score in the order of the list.
struct ScorePlace {
  std::int64_t at = 0, row = 0;
};
/// Newest first.
std::vector<Score> listScores(db::Transaction& transaction, std::string_view workspace, const ScoreFilter& filter,
                              std::size_t limit, std::optional<ScorePlace> after, std::size_t skip = 0);
std::size_t countScores(db::Transaction& transaction, std::string_view workspace, const ScoreFilter& filter);
/// The score that the caller means by this id: their own, otherwise the oldest that they may read.
std::optional<Score> findScore(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                               std::string_view id);
/// Deletes the caller's own, otherwise the oldest that they may replace; its reports stay. False if there was none.
bool deleteScore(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                 std::string_view id);

}  // namespace regesta::quality
