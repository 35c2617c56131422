#include "support/postgres.h"

#include <cstdio>
#include <filesystem>
#include <stdexcept>

#include "base/text.h"
#include "support/temporary_folder.h"

namespace regesta {
namespace {

/// Looked up from the running program, so that a build folder may stand anywhere in the source tree.
std::string toolPath() {
  auto program = std::filesystem::read_symlink("/proc/self/exe");
  for (auto folder = program.parent_path(); folder != folder.root_path(); folder = folder.parent_path())
    if (std::filesystem::exists(folder / "tools" / "postgres")) return folder / "tools" / "postgres";
  throw std::runtime_error("tools/postgres is in no folder above this program");
}

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

std::unique_ptr<db::Database> emptyPostgres() {
  db::openPostgres(clusterUrl(), 1)->write([](db::Transaction& transaction) {
    transaction.script("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  });
  return db::openPostgres(clusterUrl());
}

}  // namespace regesta
