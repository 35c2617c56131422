#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "registry/change.h"

/// How much of the content store things use, and what deleting them would free.
namespace regesta::lifecycle {

/// What uses content of a workspace.
enum class Holder {
  asset,    ///< files of its versions
  runs,     ///< artifacts of runs, logged models and experiments
  clients,  ///< objects that DVC, Git LFS and other content clients pushed
};

struct Bytes {
  std::int64_t files = 0;
  std::int64_t logical = 0;  ///< every file counted, also where the same content is stored once
  std::int64_t unique = 0;   ///< content that nothing else in the workspace uses: deleting this would free it
  double share = 0;          ///< its part of the stored bytes: content with n users counts 1/n for each
  Bytes& operator+=(const Bytes& other);
};

struct UsageRow {
  Holder holder = Holder::asset;
  std::int64_t asset = 0;  ///< row; 0 unless the holder is an asset
  std::string kind, name;
  std::map<std::string, std::string, std::less<>> tags;
  std::int64_t versions = 0;
  Bytes bytes;
};

struct WorkspaceUsage {
  std::int64_t logical = 0;
  std::int64_t stored = 0;     ///< each content once: what the storage quota is about, uploads of the last week aside
  std::vector<UsageRow> rows;  ///< the largest share first; of assets that have versions, the runs and the clients
};

/// What the packs hold, of all workspaces together.
struct PackUsage {
  std::int64_t content = 0;  ///< bytes of the objects, each once
  std::int64_t packs = 0;    ///< bytes of the packs: after removing equal chunks, and compressed
};

struct UsageReport {
  std::int64_t measuredAt = 0;  ///< milliseconds
  std::map<std::string, WorkspaceUsage, std::less<>> workspaces;
  PackUsage packs;
};

/// Measures the usage of all workspaces with one pass over the digests of all files, in short read transactions on a
/// thread of its own, and keeps the result. Thread-safe.
class UsageMeter {
 public:
  static constexpr std::int64_t freshMillis = 5 * 60'000;
  static constexpr std::int64_t soonestMillis = 10'000;
  static constexpr std::int64_t longestWaitMillis = 20'000;

  /// `pricePerGb`: of 1,000,000,000 stored bytes for a month, in the operator's currency; 0: no costs are shown.
  explicit UsageMeter(registry::Store& store, double pricePerGb = 0);
  ~UsageMeter();
  /// The last measurement. If it is older than freshMillis, the next one begins, and this returns without waiting for
  /// it. With `again`, one begins if the last is older than soonestMillis, and this waits for it, as it does for the
  /// first one: at most longestWaitMillis. Throws Error{unavailable} if the first one takes longer.
  std::shared_ptr<const UsageReport> report(bool again = false);
  double pricePerGb() const { return pricePerGb_; }

 private:
  void begin();
  double pricePerGb_;
  struct State;
  std::unique_ptr<State> state_;
};

/// One measurement, without a cache. Ends early, with Error{unavailable}, once `stopping` is true.
UsageReport measureUsage(registry::Store& store, const std::atomic<bool>* stopping = nullptr);

}  // namespace regesta::lifecycle
