#include "fixture.h"

#include <cstdio>
#include <stdexcept>

#include "base/text.h"

namespace regesta::governance {

namespace {

std::string postgresTool() {
  auto program = std::filesystem::read_symlink("/proc/self/exe");
  for (auto folder = program.parent_path(); folder != folder.root_path(); folder = folder.parent_path())
    if (std::filesystem::exists(folder / "tools" / "postgres")) return folder / "tools" / "postgres";
  throw std::runtime_error("tools/postgres is in no folder above this program");
}

std::string runPostgresTool(const std::string& arguments) {
  std::string output;
  FILE* pipe = ::popen((postgresTool() + " " + arguments).c_str(), "re");
  char part[512];
  while (std::size_t count = std::fread(part, 1, sizeof part, pipe)) output.append(part, count);
  if (::pclose(pipe) != 0) throw std::runtime_error("tools/postgres " + arguments + " failed: " + output);
  return std::string(trim(output));
}

/// What all tests of the program share: databases to copy, and a PostgreSQL cluster for those that want one.
class Shared : public testing::Environment {
 public:
  std::filesystem::path folder() {
    if (folder_.empty()) {
      folder_ = std::filesystem::temp_directory_path() / ("regesta-governance-shared-" + randomHex(6));
      std::filesystem::create_directories(folder_);
    }
    return folder_;
  }
  const std::string& url() {
    if (url_.empty()) url_ = runPostgresTool("start " + (folder() / "pg").string() + " --fast");
    return url_;
  }
  void TearDown() override {
    if (!url_.empty()) runPostgresTool("drop " + (folder_ / "pg").string());
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

 private:
  std::filesystem::path folder_;
  std::string url_;
};

auto* shared = static_cast<Shared*>(testing::AddGlobalTestEnvironment(new Shared));

}  // namespace

std::string postgresUrl() { return shared->url(); }

void GovernanceTest::SetUp() {
  folder_ = std::filesystem::temp_directory_path() / ("regesta-governance-" + randomHex(6));
  std::filesystem::create_directories(folder_ / "blobs");
  if (onPostgres()) {
    db::openPostgres(postgresUrl(), 1)->write([](db::Session& session) {
      session.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    });
    open(db::openPostgres(postgresUrl()));
    db::migrate(*database_);
    tell();
    return;
  }
  std::string file = (folder_ / "regesta.db").string();
  std::filesystem::path told = shared->folder() / (story() + ".db");
  if (!std::filesystem::exists(told)) {
    open(db::openSqlite({.path = file}));
    db::migrate(*database_);
    tell();
    close();  // folds the write-ahead log into the file
    std::filesystem::copy_file(file, told);
  }
  std::filesystem::copy_file(told, file, std::filesystem::copy_options::overwrite_existing);
  open(db::openSqlite({.path = file}));
}

void GovernanceTest::open(std::unique_ptr<db::Database> database) {
  database_ = std::move(database);
  store_ = std::make_unique<registry::Store>(*database_, registry::Store::AfterCommit{});
  blobs_ = blob::openLocal((folder_ / "blobs").string());
  gate_ = std::make_unique<Gate>(*store_, engine(), Gate::Options{.publicUrl = "http://regesta.test"});
}

void GovernanceTest::close() {
  gate_.reset();
  blobs_.reset();
  store_.reset();
  database_.reset();
}

void GovernanceTest::TearDown() {
  close();
  std::filesystem::remove_all(folder_);
}

}  // namespace regesta::governance
