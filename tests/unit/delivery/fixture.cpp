#include "fixture.h"

#include <cstdio>
#include <stdexcept>

#include "base/id.h"
#include "base/text.h"
#include "db/migrate.h"
#include "delivery/register.h"

namespace regesta::delivery {
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
      folder_ = std::filesystem::temp_directory_path() / ("regesta-delivery-pg-" + randomHex(6));
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

void DeliveryTest::SetUp() {
  if (GetParam() == db::Dialect::postgres) {
    db::openPostgres(cluster->url(), 1)->write([](db::Session& session) {
      session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    });
    database_ = db::openPostgres(cluster->url());
  } else {
    folder_ = std::filesystem::temp_directory_path() / ("regesta-delivery-" + randomHex(6));
    std::filesystem::create_directories(folder_);
    database_ = db::openSqlite({.path = (folder_ / "regesta.db").string()});
  }
  db::migrate(*database_);
  store_ = std::make_unique<registry::Store>(*database_, registry::Store::AfterCommit{});
}

void DeliveryTest::TearDown() {
  store_.reset();
  database_.reset();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

registry::Asset DeliveryTest::makePrompt(const std::string& name, const std::vector<std::string>& texts) {
  return change([&](registry::Change& c) {
    registry::Asset asset = registry::createAsset(c, {workspace_, registry::Kind::prompt, name}, "", {});
    for (const std::string& text : texts) registerPrompt(c, asset, {.prompt = {.text = text}, .version = {}});
    return asset;
  });
}

std::vector<std::string> DeliveryTest::reported(const std::string& prompt, std::int64_t version) {
  return read([&](db::Session& session) {
    std::vector<std::string> found;
    db::Rows rows = session.query(
        "SELECT r.metric, r.value FROM report r JOIN asset a ON a.id = r.asset WHERE a.name = $1 AND r.number = $2 "
        "ORDER BY r.id",
        {prompt, version});
    while (rows.next()) found.push_back(fmt::format("{}={}", rows.view(0), rows.real(1)));
    return found;
  });
}

std::int64_t DeliveryTest::count(const std::string& from) {
  return read([&](db::Session& session) {
    db::Rows rows = session.query("SELECT COUNT(*) FROM " + from);
    rows.next();
    return rows.integer(0);
  });
}

}  // namespace regesta::delivery
