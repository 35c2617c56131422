#pragma once
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "blob/store.h"
#include "governance/evidence.h"
#include "jobs/queue.h"
#include "registry/golden_rule.h"

namespace regesta::evaluation::golden {

/// Types of jobs that run a version on golden inputs. Models need a runner that runs them; prompts one with a model.
inline constexpr std::string_view modelJob = "golden-model", promptJob = "golden-prompt";
inline constexpr std::string_view evidenceType = "golden-test";
bool isGoldenJob(const jobs::Job& job);

/// The rows of a rule's dataset: JSON Lines with "inputs" and "expected", and optionally "parameters" and "seed".
struct GoldenData {
  std::string dataset;       ///< "dataset/loans@3"
  std::string name, digest;  ///< of the dataset, of its version
  std::set<std::string> by;  ///< who made the version, and who pointed the alias to it that the rule names
  json::array rows;
};
/// Throws Invalid for data of another form, Error{notFound}, Error{tooLarge} above limits::goldenRows or goldenBytes.
GoldenData readGolden(registry::Store& store, blob::BlobStore& blobs, const registry::GoldenRule& rule);

/// Enqueues a run of a version against the data.
jobs::Job enqueueGolden(registry::Change& change, const registry::GoldenRule& rule, const registry::Version& version,
                        const GoldenData& data);

/// The data of a leased job for its runner, without the expected outputs:
///   {"kind","name","version","version_digest","repeats","rows":[{"inputs",…}]}
/// Throws Error{notFound} if the version was deleted or replaced.
json::object describeGolden(db::Transaction& transaction, const jobs::Job& job);

/// Completes a leased job: compares what the runner reports, {"runs":[[{"output"} or {"error"}]],"environment"}, with
/// the expected outputs, and each run with the first. Adds evidence "golden-test", verified: its numbers are computed
/// here; the outputs are the runner's. Throws Invalid for a report with other rows than the job.
governance::Evidence acceptGolden(registry::Change& change, const jobs::Job& job, const json::value& reported,
                                  std::string_view computedBy);

/// A version that a rule covers, and what became of it.
struct GoldenRun {
  std::int64_t id = 0, version = 0, job = 0, createdAt = 0;
  std::string versionDigest, datasetDigest, problem;
};
/// Newest first.
std::vector<GoldenRun> goldenRuns(db::Transaction& transaction, const registry::GoldenRule& rule, std::size_t limit);

/// Enqueues each new version that a rule covers. Of the servers on one database one does it at a time. Thread-safe.
class Schedule {
 public:
  Schedule(registry::Store& store, blob::BlobStore& blobs);
  ~Schedule();
  /// Starts the thread, which looks for new versions when woken and at least every few seconds.
  void start();
  void stop();
  /// There may be a new version. Cheap.
  void wake();
  /// Enqueues what is new; returns the number of jobs.
  std::size_t round();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace regesta::evaluation::golden
