#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/version.h"

namespace regesta::registry {

/// One read or download of a version or its files, through any front.
struct AccessEntry {
  std::int64_t id = 0;
  std::string workspace;
  std::int64_t at = 0;  ///< milliseconds
  std::string actor;
  std::string front;                   ///< "native", "mlflow", "hf", …
  std::string action;                  ///< "read" or "download"
  std::int64_t asset = 0, number = 0;  ///< 0: not a version, or unknown by the time it was written
  std::string name;                    ///< as it was asked for: "model/loan-risk@production"
  std::string path;                    ///< of a file; else empty
  std::int64_t bytes = 0;              ///< sent
};

/// How much of the reads of a workspace is kept, and for how long.
struct AccessLogRule {
  std::string workspace;
  std::int64_t percent = 0;   ///< 0: off, 100: complete
  std::int64_t keepDays = 0;  ///< 0: for ever
  std::int64_t setAt = 0;
  std::string setBy;
};
/// Recorded as "access-log.set". Throws Invalid.
AccessLogRule setAccessLogRule(Change& change, AccessLogRule rule);
AccessLogRule accessLogRule(db::Transaction& transaction, std::string_view workspace);

struct AccessSearch {
  std::string workspace, actor;
  std::int64_t asset = 0, number = 0;  ///< 0: any
  std::int64_t since = 0, until = INT64_MAX, before = INT64_MAX;
  std::size_t limit = 100;
};
/// Newest first.
std::vector<AccessEntry> searchAccess(db::Transaction& transaction, const AccessSearch& search);

/// Takes reads from I/O threads into memory and writes them together about every second. What a killed server had in
/// memory is lost; what does not fit into the buffer is counted and written as one entry. Thread-safe.
class AccessLogger {
 public:
  explicit AccessLogger(Store& store);
  ~AccessLogger();
  void start();
  /// Writes what is left.
  void stop();
  /// Whether any workspace keeps reads; cheap.
  bool isOn() const;
  /// Whether to keep this read of the workspace, as its rule says.
  bool wants(std::string_view workspace) const;
  /// Keeps it. Which version the three name is resolved when the entry is written; empty: none.
  void note(AccessEntry entry, std::string kind, std::string asset, std::string selector);
  /// The same for a request that names the version's row alone: its workspace, whose rule decides whether the entry is
  /// kept, and its name are looked up when it is written.
  void noteRow(AccessEntry entry, std::int64_t version);
  /// Writes what is there; returns the number of entries.
  std::size_t flush();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::registry
