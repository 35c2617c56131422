#include "fixture.h"

#include <cstdio>
#include <stdexcept>

#include "base/id.h"
#include "base/text.h"
#include "db/migrate.h"

namespace regesta::tracking {
namespace {

std::string toolsPostgres(const std::string& arguments) {
  std::string output;
  FILE* pipe = ::popen((REGESTA_SOURCE_DIR "/tools/postgres " + arguments).c_str(), "re");
  char part[512];
  while (std::size_t count = std::fread(part, 1, sizeof part, pipe)) output.append(part, count);
  if (::pclose(pipe) != 0) throw std::runtime_error("tools/postgres " + arguments + " failed: " + output);
  return std::string(trim(output));
}

/// One throw-away cluster for all tests of this program.
class Cluster : public testing::Environment {
 public:
  const std::string& url() {
    if (url_.empty()) {
      folder_ = std::filesystem::temp_directory_path() / ("regesta-tracking-pg-" + randomHex(6));
      std::filesystem::create_directories(folder_);
      url_ = toolsPostgres("start " + folder_.string() + " --fast");
    }
    return url_;
  }
  void TearDown() override {
    if (url_.empty()) return;
    toolsPostgres("drop " + folder_.string());
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

 private:
  std::filesystem::path folder_;
  std::string url_;
};

auto* cluster = static_cast<Cluster*>(testing::AddGlobalTestEnvironment(new Cluster));

}  // namespace

void TrackingTest::SetUp() {
  if (GetParam() == db::Dialect::postgres) {
    db::openPostgres(cluster->url(), 1)->write([](db::Session& session) {
      session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    });
    database_ = db::openPostgres(cluster->url());
  } else {
    folder_ = std::filesystem::temp_directory_path() / ("regesta-tracking-" + randomHex(6));
    std::filesystem::create_directories(folder_);
    database_ = db::openSqlite({.path = (folder_ / "regesta.db").string()});
  }
  db::migrate(*database_);
  store_ = std::make_unique<registry::Store>(*database_, registry::Store::AfterCommit{});
  prepareTracking(*store_, "mlflow-artifacts:/");
}

void TrackingTest::TearDown() {
  store_.reset();
  database_.reset();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

std::int64_t TrackingTest::makeExperiment(const std::string& name, const Texts& tags) {
  return change(
      [&](registry::Change& c) { return createExperiment(c, workspace_, name, "", tags, "mlflow-artifacts:/").id; });
}

std::string TrackingTest::makeRun(const NewRun& made) {
  return write([&](db::Session& session) { return createRun(session, workspace_, made).runId; });
}

tracking::Run TrackingTest::run(const std::string& runId) {
  return read([&](db::Session& session) { return getRun(session, workspace_, runId); });
}

void TrackingTest::log(const std::string& runId, const Batch& batch) {
  write([&](db::Session& session) { logBatch(session, workspace_, runId, batch); });
}

void TrackingTest::log(const std::string& runId, const std::string& key, double value, std::int64_t timestamp,
                       std::int64_t step) {
  write([&](db::Session& session) {
    logMetric(session, workspace_, runId, {{key, value, timestamp, step}, "", "", ""});
  });
}

void TrackingTest::finish(const std::string& runId, std::int64_t endTime) {
  updateRun(*store_, anna_, workspace_, runId, {.status = RunStatus::finished, .endTime = endTime, .name = ""});
}

std::vector<json::value> TrackingTest::entries(const std::string& action) {
  return read([&](db::Session& session) {
    std::vector<json::value> found;
    db::Rows rows = session.query("SELECT body FROM ledger_entry ORDER BY id");
    while (rows.next()) {
      json::value body = parseJson(rows.view(0));
      if (body.at("action").get_string() == action) found.push_back(std::move(body));
    }
    return found;
  });
}

std::int64_t TrackingTest::count(const std::string& from) {
  return read([&](db::Session& session) {
    db::Rows rows = session.query("SELECT COUNT(*) FROM " + from);
    rows.next();
    return rows.integer(0);
  });
}

}  // namespace regesta::tracking
