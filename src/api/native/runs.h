#pragma once
#include "api/native/common.h"
#include "base/limits_runs.h"

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
  std::optional<std::string> experiment, startedAt, endedAt;
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
      field<&RunAnswer::experiment>("experiment", about("its name, when one run is asked for")),
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
  std::string experiment, filter;
  std::vector<std::string> order, column;
  std::int64_t offset = 0, pageSize = 0;
  bool total = false;
  std::string pageToken;
  static constexpr Field fields[] = {
      field<&RunQuery::experiment>("experiment", about("its name or id; absent: all")),
      field<&RunQuery::filter>("filter", about("MLflow's search language: metrics.accuracy > 0.9")),
      field<&RunQuery::order>("order", atMost(static_cast<std::int64_t>(limits::runOrders)) |
                                           about("metrics.accuracy DESC; absent: newest start first")),
      field<&RunQuery::column>("column", atMost(static_cast<std::int64_t>(limits::runColumns)) |
                                             about("answer with these metrics, params and tags only: metrics.accuracy, "
                                                   "params.lr; a bare \"metrics\" means all of them; \"usual\": "
                                                   "what most of the newest runs have, a few of each, which the "
                                                   "answer names; absent: everything")),
      field<&RunQuery::offset>(
          "offset", atLeast(0) | atMost(1'000'000'000) | about("number of runs to skip; instead of page_token")),
      field<&RunQuery::pageSize>("page_size", pageRule),
      field<&RunQuery::total>("total", about("count all that match, too")),
      field<&RunQuery::pageToken>("page_token")};
};
struct RunPage {
  std::vector<RunAnswer> items;
  std::optional<std::string> nextPageToken;
  std::optional<std::int64_t> total;
  std::optional<std::vector<std::string>> columns;
  static constexpr Field fields[] = {
      field<&RunPage::items>("items"), field<&RunPage::nextPageToken>("next_page_token"),
      field<&RunPage::total>("total", about("runs that match, on all pages together; when it was asked for")),
      field<&RunPage::columns>("columns", about("what \"usual\" stands for; when it was asked for"))};
};
struct RunPath {
  std::string id;
  static constexpr Field fields[] = {field<&RunPath::id>("id", required)};
};

struct RunKeysQuery {
  std::string experiment;
  static constexpr Field fields[] = {
      field<&RunKeysQuery::experiment>("experiment", about("its name or id; absent: all"))};
};
struct RunKeyCount {
  std::string key;
  std::int64_t runs = 0;
  static constexpr Field fields[] = {field<&RunKeyCount::key>("key"), field<&RunKeyCount::runs>("runs")};
};
struct RunKeysAnswer {
  std::int64_t runs = 0;
  std::vector<RunKeyCount> metrics, params, tags;
  static constexpr Field fields[] = {field<&RunKeysAnswer::runs>("runs", about("that were looked at: the newest")),
                                     field<&RunKeysAnswer::metrics>("metrics", about("the most common first")),
                                     field<&RunKeysAnswer::params>("params"), field<&RunKeysAnswer::tags>("tags")};
};

struct CurveQuery {
  std::vector<std::string> run, metric;
  std::int64_t points = 0, top = 0;
  static constexpr Field fields[] = {
      field<&CurveQuery::run>("run", present | atMost(static_cast<std::int64_t>(limits::historyRuns))),
      field<&CurveQuery::metric>("metric", atMost(static_cast<std::int64_t>(limits::curveMetrics)) |
                                               about("absent: those that most of the runs have, then by name")),
      field<&CurveQuery::points>("points", atLeast(0) | atMost(static_cast<std::int64_t>(limits::sampledPoints)) |
                                               about("of each curve at most; peaks survive; 0 or absent: 500")),
      field<&CurveQuery::top>("top", atLeast(0) | atMost(static_cast<std::int64_t>(limits::curveMetrics)) |
                                         about("number of metrics if none is named; 0 or absent: 8"))};
};
struct Curve {
  std::string run, metric;
  std::vector<std::int64_t> steps, times;
  std::vector<double> values;
  static constexpr Field fields[] = {field<&Curve::run>("run"), field<&Curve::metric>("metric"),
                                     field<&Curve::steps>("steps"),
                                     field<&Curve::times>("times", about("milliseconds since 1970")),
                                     field<&Curve::values>("values", about("NaN and infinities are strings"))};
};
struct Curves {
  std::vector<Curve> items;
  static constexpr Field fields[] = {field<&Curves::items>("items", about("those that have a point"))};
};

/// All of these have an ETag over the logged data and respond 304 if the client has it, so that the UI can poll a
/// running run.
RunPage listRuns(Call& call, const RunQuery& query);
RunAnswer getRun(Call& call, const RunPath& path);
Curves getCurves(Call& call, const CurveQuery& query);

RunKeysAnswer listRunKeys(Call& call, const RunKeysQuery& query);

}  // namespace regesta::api::native
