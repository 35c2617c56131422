#pragma once
#include <string>

#include "registry/clearance_issuer.h"
#include "support/store_test.h"
#include "tracking/experiment.h"
#include "tracking/record.h"
#include "tracking/run.h"

namespace regesta {

/// An empty store with the default experiment.
class TrackingTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    tracking::prepareTracking(*store_, "mlflow-artifacts:/");
  }

  std::int64_t makeExperiment(const std::string& name, const tracking::Texts& tags = {}) {
    return change([&](registry::Change& c) {
      return tracking::createExperiment(c, workspace_, name, "", tags, "mlflow-artifacts:/").id;
    });
  }
  std::string makeRun(const tracking::NewRun& made = {}) {
    return write(
        [&](db::Transaction& transaction) { return tracking::createRun(transaction, workspace_, made).runId; });
  }
  tracking::Run run(const std::string& runId) {
    return read([&](db::Transaction& transaction) { return tracking::getRun(transaction, workspace_, runId); });
  }
  void log(const std::string& runId, const tracking::Batch& batch) {
    write([&](db::Transaction& transaction) { tracking::logBatch(transaction, workspace_, runId, batch); });
  }
  void log(const std::string& runId, const std::string& key, double value, std::int64_t timestamp = 0,
           std::int64_t step = 0) {
    write([&](db::Transaction& transaction) {
      tracking::logMetric(transaction, workspace_, runId, {{key, value, timestamp, step}, "", "", ""});
    });
  }
  /// Ends the run as FINISHED at `endTime`.
  void finish(const std::string& runId, std::int64_t endTime = 99) {
    tracking::updateRun(*store_, anna_, workspace_, runId,
                        {.status = tracking::RunStatus::finished, .endTime = endTime, .name = ""});
  }
};

}  // namespace regesta
