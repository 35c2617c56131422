#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "automation/trigger_event.h"

namespace regesta::automation {

/// Finds runs that meet the condition of a trigger, whichever client logged them. Runs and values count from when the
/// trigger was set. Not thread-safe: one round at a time.
class RunWatch {
 public:
  explicit RunWatch(registry::Store& store) : store_(store) {}
  /// Looks at what was written since the last round, and calls `fire` for each run that has not fired the trigger.
  void round(const std::vector<Trigger>& triggers,
             const std::function<void(const Trigger& trigger, const TriggerEvent& event)>& fire);

 private:
  struct Candidate {
    tracking::Run run;
    std::string experiment;
  };
  std::vector<Candidate> candidates(const Trigger& trigger, std::int64_t endedSince);
  std::optional<RunMatch> look(const Trigger& trigger, const tracking::Run& run);

  registry::Store& store_;
  std::int64_t lastRound_ = 0;
  /// Trigger and run → when the trigger was set, and the run's revision.
  std::map<std::pair<std::int64_t, std::int64_t>, std::pair<std::int64_t, std::int64_t>> seen_;
};

}  // namespace regesta::automation
