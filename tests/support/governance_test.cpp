#include "support/governance_test.h"

namespace regesta::governance {

namespace {

/// The databases that stories leave, for each test to copy.
class Shared : public testing::Environment {
 public:
  std::filesystem::path folder() {
    if (folder_.empty()) {
      folder_ = std::filesystem::temp_directory_path() / ("regesta-governance-shared-" + randomHex(6));
      std::filesystem::create_directories(folder_);
    }
    return folder_;
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

 private:
  std::filesystem::path folder_;
};

auto* shared = static_cast<Shared*>(testing::AddGlobalTestEnvironment(new Shared));

}  // namespace

void GovernanceTest::SetUp() {
  folder_ = std::filesystem::temp_directory_path() / ("regesta-governance-" + randomHex(6));
  std::filesystem::create_directories(folder_ / "blobs");
  if (onPostgres()) {
    open(emptyPostgres());
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
