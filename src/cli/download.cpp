#include "cli/download.h"

#include <fstream>

#include "cli/progress.h"

namespace regesta::cli {

namespace fs = std::filesystem;

namespace {

/// A path from the server, made safe to write below a folder. Throws Error{invalid} for one that would leave it.
fs::path inside(const fs::path& folder, const std::string& path) {
  fs::path relative = fs::path(path).lexically_normal();
  if (path.empty() || relative.is_absolute() || *relative.begin() == "..")
    throw error(Code::invalid, "the server names a file \"{}\" that would land outside {}", printable(path),
                folder.string());
  return folder / relative;
}

}  // namespace

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

std::string filesPath(const Reference& version) {
  return route({"assets", version.kind, version.name, "versions", version.selector, "files"});
}

json::array downloadFiles(Session& session, const Reference& ref, const fs::path& folder, std::string_view only) {
  json::array written;
  session.api().each(filesPath(ref), {}, SIZE_MAX, [&](const json::object& item) {
    std::string path = member(item, "path");
    if (!only.empty() && path != only && !path.starts_with(fmt::format("{}/", only))) return;
    std::string url = filesPath(ref);
    for (std::string_view rest = path; !rest.empty();) {
      std::string_view segment = rest.substr(0, rest.find('/'));
      url += "/" + route({segment}).substr(std::string_view("/api/v1/").size());
      rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    }
    const json::value* size = item.if_contains("size");
    fs::path target = inside(folder, path);
    download(session, url, target, size && size->is_int64() ? static_cast<std::uint64_t>(size->get_int64()) : 0);
    written.push_back(json::string(target.string()));
  });
  return written;
}

}  // namespace regesta::cli
