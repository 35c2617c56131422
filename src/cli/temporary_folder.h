#pragma once
#include <filesystem>

namespace regesta::cli {

/// A folder that only this user can read, deleted with everything in it with the object. Throws Error{unavailable}.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace regesta::cli
