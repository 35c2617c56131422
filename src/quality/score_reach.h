#pragma once
#include <map>
#include <tuple>

#include "quality/score.h"

namespace regesta::quality {

/// Permissions on scores. A score belongs to the experiment of its trace and to the prompt in its metadata: reading
/// needs the permission on both, as does replacing or deleting another author's score. A score about neither belongs to
/// its author and to callers with the permission on all names. The experiment of a trace is the one that the author
/// could change when giving the score; if the trace came later, the one that the author may change now. So a score on
/// somebody else's trace is about none. For one caller and one read of the database.
class ScoreReach {
 public:
  ScoreReach(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace)
      : transaction_(transaction), caller_(caller), workspace_(workspace) {}

  bool mayRead(const Score& score);
  bool mayReplace(const Score& score);
  /// Why the caller may not score the trace that it names: they may read it only. Empty: they may.
  std::string faultOf(const Score& score);
  /// The experiment that a score by the caller belongs to; 0: none that is known.
  std::int64_t experimentOf(const Score& score);

 private:
  enum class Owner { none, within, beyond };
  Owner ofTrace(access::Verb verb, const Score& score);
  Owner ofPrompt(access::Verb verb, const Score& score) const;
  bool holds(access::Verb verb, const Score& score);
  bool may(const access::Identity& who, access::Verb verb, std::int64_t experiment);
  /// The experiment of the oldest trace with this id that the person may use.
  std::int64_t experimentOf(const access::Identity& who, access::Verb verb, const std::string& trace);
  const access::Identity& author(const std::string& name);

  db::Transaction& transaction_;
  const access::Identity& caller_;
  std::string_view workspace_;
  std::map<std::int64_t, std::string> names_;  ///< of experiments; empty: there is none
  std::map<std::string, access::Identity> authors_;
  std::map<std::tuple<std::string, access::Verb, std::string>, std::int64_t> experiments_;  ///< by actor, verb, trace
};

/// listScores() and countScores() restricted to scores that the caller may read.
std::vector<Score> readableScores(db::Transaction& transaction, const access::Identity& caller,
                                  std::string_view workspace, const ScoreFilter& filter, std::size_t limit,
                                  std::optional<ScorePlace> after, std::size_t skip = 0);
std::size_t countReadableScores(db::Transaction& transaction, const access::Identity& caller,
                                std::string_view workspace, const ScoreFilter& filter);

}  // namespace regesta::quality
