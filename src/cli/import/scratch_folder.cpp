#include "cli/import/scratch_folder.h"

#include <cstdlib>

#include "base/error.h"

namespace regesta::cli {

namespace fs = std::filesystem;

const fs::path& ScratchFolder::path() {
  if (!path_.empty()) return path_;
  std::string name = (fs::temp_directory_path() / "regesta-import-XXXXXX").string();
  if (!mkdtemp(name.data()))
    throw error(Code::unavailable, "no folder for temporary files can be created in {}; set TMPDIR",
                fs::temp_directory_path().string());
  path_ = name;
  return path_;
}

void ScratchFolder::clear() {
  std::error_code ignored;
  if (path_.empty()) return;
  for (const fs::directory_entry& entry : fs::directory_iterator(path_, ignored)) fs::remove_all(entry.path(), ignored);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove_all(path_, ignored);
}

}  // namespace regesta::cli
