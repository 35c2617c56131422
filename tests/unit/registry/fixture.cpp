#include "fixture.h"

#include <cstdio>
#include <stdexcept>

#include "base/id.h"
#include "base/text.h"
#include "db/migrate.h"

namespace regesta::registry {
namespace {

std::string toolPath() {
  auto program = std::filesystem::read_symlink("/proc/self/exe");
  for (auto folder = program.parent_path(); folder != folder.root_path(); folder = folder.parent_path())
    if (std::filesystem::exists(folder / "tools" / "postgres")) return folder / "tools" / "postgres";
  throw std::runtime_error("tools/postgres is in no folder above this program");
}

std::string toolsPostgres(const std::string& arguments) {
  std::string output;
  FILE* pipe = ::popen((toolPath() + " " + arguments).c_str(), "re");
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
      folder_ = std::filesystem::temp_directory_path() / ("regesta-registry-pg-" + randomHex(6));
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

void RegistryTest::SetUp() {
  if (GetParam() == db::Dialect::postgres) {
    db::openPostgres(cluster->url(), 1)->write([](db::Session& session) {
      session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    });
    database_ = db::openPostgres(cluster->url());
  } else {
    folder_ = std::filesystem::temp_directory_path() / ("regesta-registry-" + randomHex(6));
    std::filesystem::create_directories(folder_);
    database_ = db::openSqlite({.path = (folder_ / "regesta.db").string()});
  }
  db::migrate(*database_);
  store_ = std::make_unique<Store>(*database_, [this](const std::vector<Touch>&) { ++commits_; });
}

void RegistryTest::TearDown() {
  store_.reset();
  database_.reset();
  if (!folder_.empty()) std::filesystem::remove_all(folder_);
}

Asset RegistryTest::make(const std::string& name, Kind kind) {
  return change([&](Change& c) { return createAsset(c, {"default", kind, name}, "", {}); });
}

Version RegistryTest::add(const Asset& asset, const std::string& source) {
  return change([&](Change& c) { return createVersion(c, asset, {.source = source}); });
}

void RegistryTest::point(const Asset& asset, const std::string& alias, std::int64_t to, const std::string& decision) {
  change([&](Change& c) { moveAlias(c, asset, Gate::leave(alias, holderOf(c.session, asset, alias), to, decision)); });
}

void RegistryTest::protect(const std::string& pattern, const std::string& pointer) {
  write([&](db::Session& session) {
    session.run(
        "INSERT INTO binding (workspace, kind, name_pattern, pointer, policy, policy_selector, created_at, created_by) "
        "VALUES ('default', 'model', $1, $2, 'p', 'latest', 0, 'user:anna')",
        {pattern, pointer});
  });
}

std::vector<std::string> RegistryTest::actions() {
  return read([](db::Session& session) {
    std::vector<std::string> found;
    db::Rows rows = session.query("SELECT body FROM ledger_entry ORDER BY id");
    while (rows.next()) {
      json::value body = parseJson(rows.view(0));
      found.emplace_back(body.at("action").get_string());
    }
    return found;
  });
}

std::int64_t RegistryTest::count(const std::string& table) {
  return read([&](db::Session& session) {
    db::Rows rows = session.query("SELECT COUNT(*) FROM " + table);
    rows.next();
    return rows.integer(0);
  });
}

}  // namespace regesta::registry
