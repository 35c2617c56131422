#pragma once
#include <filesystem>

namespace regesta::cli {

/// A folder of temporary files that only this user can read. Removed with everything in it.
class ScratchFolder {
 public:
  ~ScratchFolder();
  ScratchFolder() = default;
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  /// Made at the first call. Throws Error{unavailable}.
  const std::filesystem::path& path();
  void clear();

 private:
  std::filesystem::path path_;
};

}  // namespace regesta::cli
