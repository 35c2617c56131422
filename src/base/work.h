#pragma once
#include <string_view>

#include "base/cancel.h"

namespace regesta {

/// What kind of work a request causes. Each kind has threads, database connections and policy workers apart from the
/// others, so that none can take them all.
enum class Lane {
  ordinary,  ///< changes, gates, and reads of one object; the server's own work
  scan,      ///< reads that grow with what is stored: searches, listings, histories
  trial,     ///< what leaves nothing behind: policy trials, renderings, comparisons
};

/// The work that a thread does now, and for whom.
struct Work {
  Lane lane = Lane::ordinary;
  std::string_view caller;  ///< the identity that waits for it; empty: the server itself
  const Cancellation* cancellation = nullptr;
};

/// Of this thread.
const Work& currentWork() noexcept;

/// Says what this thread works on, for as long as it lives.
class WorkScope {
 public:
  explicit WorkScope(const Work& work) noexcept;
  ~WorkScope();
  WorkScope(const WorkScope&) = delete;
  WorkScope& operator=(const WorkScope&) = delete;

 private:
  Work outer_;
};

}  // namespace regesta
