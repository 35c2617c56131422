#include <filesystem>
#include <fstream>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

std::string filesPath(const Reference& ref) {
  return route({"assets", ref.kind, ref.name, "versions", ref.selector, "files"});
}

int list(Session& session) {
  return session.list(
      filesPath(session.version()), {}, {"PATH", "SIZE", "SHA-256"},
      [](const json::object& item) -> std::vector<Cell> {
        const json::value* size = item.if_contains("size");
        return {member(item, "path"),
                size && size->is_int64() ? byteText(static_cast<std::uint64_t>(size->get_int64())) : "",
                {member(item, "digest"), Colour::dim}};
      },
      "this version holds no files");
}

/// A path from the server, made safe to write below a folder. Throws Error{invalid} for one that would leave it.
fs::path inside(const fs::path& folder, const std::string& path) {
  fs::path relative = fs::path(path).lexically_normal();
  if (path.empty() || relative.is_absolute() || *relative.begin() == "..")
    throw error(Code::invalid, "the server names a file \"{}\" that would land outside {}", printable(path),
                folder.string());
  return folder / relative;
}

void fetch(Session& session, const std::string& path, const fs::path& target, std::uint64_t size) {
  if (target.has_parent_path()) fs::create_directories(target.parent_path());
  fs::path unfinished = target.string() + ".part";
  std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
  Progress progress(target.filename().string(), size);
  session.api().download(path, [&](std::string_view bytes) {
    progress.advance(bytes.size());
    return static_cast<bool>(out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())));
  });
  out.close();
  if (!out) throw error(Code::unavailable, "{} could not be written whole; is the disk full?", unfinished.string());
  fs::rename(unfinished, target);
}

int download(Session& session) {
  Reference ref = session.version();
  fs::path folder = session.args.has("output") ? session.args.text("output") : ".";
  std::string only = session.args.text("PATH");
  json::array written;
  session.api().each(filesPath(ref), {}, SIZE_MAX, [&](const json::object& item) {
    std::string path = member(item, "path");
    if (!only.empty() && path != only && !path.starts_with(only + "/")) return;
    std::string url = filesPath(ref);
    for (std::string_view rest = path; !rest.empty();) {
      std::string_view segment = rest.substr(0, rest.find('/'));
      url += "/" + route({segment}).substr(std::string_view("/api/v1/").size());
      rest.remove_prefix(std::min(rest.size(), segment.size() + 1));
    }
    const json::value* size = item.if_contains("size");
    fs::path target = inside(folder, path);
    fetch(session, url, target, size && size->is_int64() ? static_cast<std::uint64_t>(size->get_int64()) : 0);
    written.push_back(json::string(target.string()));
  });
  if (written.empty())
    throw error(Code::notFound, "{}@{} has no file {}", ref.asset(), ref.selector, only.empty() ? "at all" : only);
  std::string line =
      fmt::format("wrote {} file{} below {}", written.size(), written.size() == 1 ? "" : "s", folder.string());
  return session.said(json::object{{"files", std::move(written)}}, line);
}

}  // namespace

Commands fileCommands() {
  Operand version = {"VERSION", "KIND/NAME@VERSION"};
  return {
      {.path = "version files",
       .summary = "list the files of a version",
       .operands = {version},
       .examples = {"regesta version files loan-risk@production"},
       .run = list},
      {.path = "version download",
       .summary = "write the files of a version to disk",
       .operands = {version, {"PATH", "only this file, or what lies below this folder", false}},
       .options = {{"output", "FOLDER", "where to (default: here)", 'o'}},
       .examples = {"regesta version download loan-risk@production --output ./model"},
       .run = download},
  };
}

}  // namespace regesta::cli
