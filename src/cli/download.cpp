#include "cli/download.h"

#include <fstream>

#include "cli/progress.h"

namespace regesta::cli {

namespace fs = std::filesystem;

void download(Session& session, const std::string& path, const fs::path& target, std::uint64_t size) {
  if (target.has_parent_path()) fs::create_directories(target.parent_path());
  fs::path unfinished = target.string() + ".part";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  Progress progress(target.filename().string(), size);
  session.api().download(path, [&](std::string_view bytes) {
    progress.advance(bytes.size());
    return static_cast<bool>(out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  });
  out.close();
  if (!out)
    throw error(Code::unavailable, "{} could not be written completely; is the disk full?", unfinished.string());
  fs::rename(unfinished, target);
}

}  // namespace regesta::cli
