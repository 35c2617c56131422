#include <filesystem>

#include "base/encoding.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/progress.h"
#include "cli/session.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

int list(Session& session) {
  return session.list(
      filesPath(session.version()), {}, {"PATH", "SIZE", "SHA-256"},
      [](const json::object& item) -> std::vector<Cell> {
        const json::value* size = item.if_contains("size");
        return {member(item, "path"),
                size && size->is_int64() ? byteText(static_cast<std::uint64_t>(size->get_int64())) : "",
                {member(item, "digest"), Colour::dim}};
      },
      "this version has no files");
}

std::string signedBytes(const json::object& item, const char* name) {
  const json::value* bytes = item.if_contains(name);
  return bytes && bytes->is_int64() ? byteText(static_cast<std::uint64_t>(bytes->get_int64())) : "";
}

/// "1.2 MB of 5 MB": what a changed file shares with its former bytes.
std::string sharedText(const json::object& item) {
  std::string shared = signedBytes(item, "shared_bytes");
  return shared.empty() ? "" : fmt::format("{} of {}", shared, signedBytes(item, "size"));
}

int diff(Session& session) {
  Reference version = session.version();
  Reference from = parseVersionReference(session.args.text("FROM"));
  if (from.asset() != version.asset())
    throw UsageError(fmt::format("{} is not {}: compare two versions of one asset", from.asset(), version.asset()));
  return session.list(
      route({"assets", version.kind, version.name, "versions", version.selector, "diff"}), {{"from", from.selector}},
      {"CHANGE", "PATH", "SIZE BEFORE", "SIZE", "SHARED"},
      [](const json::object& item) -> std::vector<Cell> {
        std::string change = member(item, "change");
        return {{change, change == "added"     ? Colour::green
                         : change == "removed" ? Colour::red
                                               : Colour::yellow},
                member(item, "path"),
                signedBytes(item, "size_before"),
                signedBytes(item, "size"),
                sharedText(item)};
      },
      "the versions have the same files");
}

int downloadArchive(Session& session, const Reference& ref) {
  std::string format = session.args.text("archive"), path = session.args.text("PATH");
  std::string fallback = fmt::format("{}-{}.{}", fs::path(ref.name).filename().string(), ref.selector, format);
  fs::path target = session.args.has("output") ? session.args.text("output") : fallback;
  std::string url = route({"assets", ref.kind, ref.name, "versions", ref.selector, "download"}) +
                    "?format=" + percentEncode(format) + (path.empty() ? "" : "&path=" + percentEncode(path));
  download(session, url, target, 0);
  return session.said(json::object{{"archive", target.string()}}, fmt::format("wrote {}", target.string()));
}

int downloadVersion(Session& session) {
  Reference ref = session.version();
  if (session.args.has("archive")) return downloadArchive(session, ref);
  fs::path folder = session.args.has("output") ? session.args.text("output") : ".";
  std::string only = session.args.text("PATH");
  json::array written = downloadFiles(session, ref, folder, only);
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
       .operands = {version, {"PATH", "only this file or folder", false}},
       .options = {{"output", "PATH", "target folder (default: the current one), or file with --archive", 'o'},
                   {"archive", "FORMAT", "write one archive instead: tar or zip"}},
       .examples = {"regesta version download loan-risk@production --output ./model",
                    "regesta version download loan-risk@7 --archive zip --output loan-risk.zip"},
       .run = downloadVersion},
      {.path = "version diff",
       .summary = "compare the files of two versions",
       .operands = {{"FROM", "KIND/NAME@VERSION: the earlier one"}, version},
       .options = {{"limit", "N", "maximum number of results"}},
       .examples = {"regesta version diff dataset/loan-holdout@1 dataset/loan-holdout@2"},
       .run = diff},
  };
}

}  // namespace regesta::cli
