#include "cli/temporary_folder.h"

#include <cstdlib>

#include "base/error.h"

namespace regesta::cli {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (fs::temp_directory_path() / "regesta-XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw error(Code::unavailable, "no folder for temporary files can be created in {}; set TMPDIR",
                fs::temp_directory_path().string());
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace regesta::cli
