#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "registry/change.h"

namespace regesta::delivery {

/// A judgement that somebody gave of what an application did: of a trace, one observation in it, or a session.
struct Score {
  std::int64_t row = 0;
  std::string id;  ///< the client's, unique in the workspace: the same id again replaces
  std::string name;
  std::string type = "NUMERIC";  ///< NUMERIC, BOOLEAN, CATEGORICAL, TEXT or CORRECTION
  double value = 0;              ///< of numbers, and 0 or 1 of BOOLEAN; finite
  std::string text;              ///< of the other three
  std::string trace, observation, session, datasetRun;
  std::string comment;
  json::value metadata;
  std::string environment = "default", config, source = "API", queue, author;
  std::int64_t at = 0;                        ///< milliseconds; 0: now
  std::int64_t createdAt = 0, updatedAt = 0;  ///< milliseconds

  bool isNumber() const { return type == "NUMERIC" || type == "BOOLEAN"; }
};

/// Stores scores durably; the first about an id makes it, a later one replaces what it says. A number about a known
/// version of a prompt becomes a report (metric: the score's name), so that guards see it: the version that `metadata`
/// names ("prompt", "version"), or else what the trace used, also when that becomes known later. A score counts once,
/// with its first value. Returns one text a score, in order: empty when it is stored, or why it is not (metadata that
/// names a prompt or version that is not there).
std::vector<std::string> storeScores(registry::Store& store, std::string_view workspace,
                                     const std::vector<Score>& scores);

struct ScoreFilter {
  std::string id, name, type, environment, source, config, queue, author, trace, observation, session, datasetRun;
  std::optional<double> value, least, most;  ///< of numbers
  std::string text;                          ///< of the others
  std::optional<std::int64_t> from, to;      ///< at >= from, at < to
};
/// Where a page begins: behind this one in the order of the list.
struct ScorePlace {
  std::int64_t at = 0, row = 0;
};
/// Newest first.
std::vector<Score> listScores(db::Session& session, std::string_view workspace, const ScoreFilter& filter,
                              std::size_t limit, std::optional<ScorePlace> after, std::size_t skip = 0);
std::size_t countScores(db::Session& session, std::string_view workspace, const ScoreFilter& filter);
std::optional<Score> findScore(db::Session& session, std::string_view workspace, std::string_view id);
/// The reports made of it stay. False when there was none.
bool deleteScore(registry::Store& store, std::string_view workspace, std::string_view id);

}  // namespace regesta::delivery
