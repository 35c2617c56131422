#include "suite.h"

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "base/text.h"

namespace regesta::db {
namespace {

std::string toolPath() {
  auto program = std::filesystem::read_symlink("/proc/self/exe");
  for (auto folder = program.parent_path(); folder != folder.root_path(); folder = folder.parent_path())
    if (std::filesystem::exists(folder / "tools" / "postgres")) return folder / "tools" / "postgres";
  throw std::runtime_error("tools/postgres is in no folder above this program");
}

/// Started when first asked for, dropped when the program has run its tests.
class Cluster : public testing::Environment {
 public:
  const std::string& url() {
    if (url_.empty()) {
      folder_ = std::make_unique<TemporaryFolder>();
      url_ = toolsPostgres("start " + folder_->path() + " --fast");
    }
    return url_;
  }
  void TearDown() override {
    if (folder_ != nullptr) toolsPostgres("drop " + folder_->path());
  }

 private:
  std::unique_ptr<TemporaryFolder> folder_;
  std::string url_;
};

auto* cluster = static_cast<Cluster*>(testing::AddGlobalTestEnvironment(new Cluster));

}  // namespace

std::string toolsPostgres(const std::string& arguments) {
  std::string output;
  FILE* pipe = ::popen((toolPath() + " " + arguments).c_str(), "re");
  char part[512];
  while (std::size_t count = std::fread(part, 1, sizeof part, pipe)) output.append(part, count);
  if (::pclose(pipe) != 0) throw std::runtime_error("tools/postgres " + arguments + " failed: " + output);
  return std::string(trim(output));
}

const std::string& clusterUrl() { return cluster->url(); }

void Suite::SetUp() {
  if (!onSqlite())
    openPostgres(clusterUrl(), 1)->write([](Session& session) {
      session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    });
  database_ = open();
}

std::unique_ptr<Database> Suite::open() const {
  return onSqlite() ? openSqlite({.path = folder_.path() + "/regesta.db"}) : openPostgres(clusterUrl());
}

void Suite::run(const std::string& sql, Params params) {
  database().write([&](Session& session) { session.run(sql, params); });
}

std::int64_t Suite::number(const std::string& sql, Params params) {
  return database().reading([&](Session& session) {
    Rows rows = session.query(sql, params);
    EXPECT_TRUE(rows.next()) << sql;
    return rows.integer(0);
  });
}

std::string Suite::text(const std::string& sql, Params params) {
  return database().reading([&](Session& session) {
    Rows rows = session.query(sql, params);
    EXPECT_TRUE(rows.next()) << sql;
    return rows.text(0);
  });
}

}  // namespace regesta::db
