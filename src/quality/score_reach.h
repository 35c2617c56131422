#pragma once
#include <map>

#include "quality/score.h"

namespace regesta::quality {

/// Permissions on scores. A score belongs to the experiment of its trace and to the prompt in its metadata: reading
/// needs the permission on both, as does replacing or deleting another author's score. A score about neither belongs to
/// its author and to callers with the permission on all names. For one caller and one read of the database.
class ScoreReach {
 public:
  ScoreReach(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace)
      : transaction_(transaction), caller_(caller), workspace_(workspace) {}

  bool mayRead(const Score& score);
  bool mayReplace(const Score& score);
  /// Why the caller may not score the trace that it names; empty: they may.
  std::string faultOf(const Score& score);

 private:
  enum class Owner { none, within, beyond };
  Owner ofTrace(access::Verb verb, const std::string& trace);
  Owner ofPrompt(access::Verb verb, const Score& score) const;
  bool holds(access::Verb verb, const Score& score);

  db::Transaction& transaction_;
  const access::Identity& caller_;
  std::string_view workspace_;
  std::map<std::pair<access::Verb, std::string>, Owner> traces_;
};

/// listScores() and countScores() restricted to scores that the caller may read.
std::vector<Score> readableScores(db::Transaction& transaction, const access::Identity& caller,
                                  std::string_view workspace, const ScoreFilter& filter, std::size_t limit,
                                  std::optional<ScorePlace> after, std::size_t skip = 0);
std::size_t countReadableScores(db::Transaction& transaction, const access::Identity& caller,
                                std::string_view workspace, const ScoreFilter& filter);

}  // namespace regesta::quality
