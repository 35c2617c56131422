#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct RunMetric {
  std::string key;
  double value = 0;
  std::int64_t timestamp = 0, step = 0;
  static constexpr Field fields[] = {field<&RunMetric::key>("key"), field<&RunMetric::value>("value"),
                                     field<&RunMetric::timestamp>("timestamp"), field<&RunMetric::step>("step")};
};
struct RunDataset {
  std::string name, digest;
  static constexpr Field fields[] = {field<&RunDataset::name>("name"), field<&RunDataset::digest>("digest")};
};
struct RunAnswer {
  std::string id, name, experimentId, status, user;
  std::optional<std::string> startedAt, endedAt;
  std::vector<RunMetric> metrics;
  TextMap params, tags;
  std::string artifactUri;
  std::vector<RunDataset> datasets;
  std::vector<std::string> loggedModels;
  std::optional<std::string> sealedDigest;
  bool deleted = false;
  static constexpr Field fields[] = {
      field<&RunAnswer::id>("id"),
      field<&RunAnswer::name>("name"),
      field<&RunAnswer::experimentId>("experiment_id"),
      field<&RunAnswer::status>("status"),
      field<&RunAnswer::user>("user"),
      field<&RunAnswer::startedAt>("started_at"),
      field<&RunAnswer::endedAt>("ended_at"),
      field<&RunAnswer::metrics>("metrics"),
      field<&RunAnswer::params>("params"),
      field<&RunAnswer::tags>("tags"),
      field<&RunAnswer::artifactUri>("artifact_uri"),
      field<&RunAnswer::datasets>("datasets"),
      field<&RunAnswer::loggedModels>("logged_models"),
      field<&RunAnswer::sealedDigest>("sealed_digest", about("digest of its content, when the ledger has it")),
      field<&RunAnswer::deleted>("deleted")};
};
struct RunQuery {
  std::string experiment, filter, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {
      field<&RunQuery::experiment>("experiment", about("its name or id; absent: all")),
      field<&RunQuery::filter>("filter", about("MLflow's search language: metrics.accuracy > 0.9")),
      field<&RunQuery::pageToken>("page_token"), field<&RunQuery::pageSize>("page_size", pageRule)};
};
struct RunPath {
  std::string id;
  static constexpr Field fields[] = {field<&RunPath::id>("id", required)};
};

Page<RunAnswer> listRuns(Call& call, const RunQuery& query);
RunAnswer getRun(Call& call, const RunPath& path);

}  // namespace regesta::api::native
