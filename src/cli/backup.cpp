#include "server/backup.h"

#include <iostream>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/settings.h"

namespace regesta::cli {
namespace {

constexpr std::size_t shortestPassphrase = 12;

std::vector<Option> places() {
  return {{"data", "DIR", "the data directory (default: REGESTA_DATA, then ./regesta-data)"},
          {"config", "FILE", "settings file"},
          {"passphrase-file", "FILE", "file with the passphrase for encryption in its first line (- for stdin)"}};
}

/// Empty: none was asked for.
std::string passphraseOf(const Arguments& args) {
  if (!args.has("passphrase-file")) return {};
  std::string file = args.text("passphrase-file");
  std::string text;
  if (file == "-") {
    std::getline(std::cin, text);
  } else {
    auto whole = file::readFile(file, 64 * 1024);
    if (!whole) throw UsageError("the file does not exist: " + file);
    text = *std::move(whole);
  }
  text = text.substr(0, text.find_first_of("\r\n"));
  if (text.size() < shortestPassphrase)
    throw UsageError(fmt::format("the passphrase must have at least {} characters", shortestPassphrase));
  return text;
}

json::object reportJson(const server::CopyReport& report, const std::string& target) {
  return {{"target", target},
          {"files", report.files},
          {"bytes", report.bytes},
          {"ledger_entries", report.entries},
          {"blobs_in", report.bucket}};
}

/// What a copy of a server with a bucket does not have.
std::string bucketNote(const server::CopyReport& report, std::string_view words) {
  return report.bucket.empty() ? ""
                               : fmt::format("\nthe files of versions and runs are in {}: {}", report.bucket, words);
}

int backup(Session& session) {
  std::string target = session.args.text("TARGET");
  server::CopyReport report;
  {
    Progress progress("backup", 0);
    report = server::backup(configOf(session.args), target, passphraseOf(session.args),
                            [&](std::uint64_t done, std::uint64_t total) {
                              progress.setTotal(total);
                              progress.set(done);
                            });
  }
  return session.said(reportJson(report, target),
                      fmt::format("backed up {} files, {}, {} ledger entries to {}\nit holds the ledger's signing key: "
                                  "keep it as safe as the original{}{}",
                                  report.files, byteText(report.bytes), report.entries, target,
                                  session.args.has("passphrase-file") ? "" : ", or encrypt it: --passphrase-file",
                                  bucketNote(report,
                                             "they are not copied; use the object store's own versioning or "
                                             "replication")));
}

int restore(Session& session) {
  Config config = configOf(session.args);
  server::CopyReport report;
  {
    Progress progress("restore", 0);
    report = server::restore(session.args.text("SOURCE"), config, passphraseOf(session.args),
                             [&](std::uint64_t done, std::uint64_t total) {
                               progress.setTotal(total);
                               progress.set(done);
                             });
  }
  return session.said(
      reportJson(report, config.text("data")),
      fmt::format("restored {} files, {}, {} ledger entries into {}\nwhat was recorded after the backup is not in it: "
                  "keep the newer checkpoints, and check with\n"
                  "  regesta ledger verify --data {}{}",
                  report.files, byteText(report.bytes), report.entries, config.text("data"), config.text("data"),
                  bucketNote(report, "serve with that setting")));
}

}  // namespace

Commands backupCommands() {
  return {
      {.path = "backup",
       .summary = "copy a data directory, also while its server runs",
       .operands = {{"TARGET", "a folder that does not exist yet"}},
       .options = places(),
       .examples = {"regesta backup /backups/regesta-2026-11-25", "regesta backup ./copy --data /var/lib/regesta"},
       .run = backup},
      {.path = "restore",
       .summary = "restore a data directory from a backup",
       .operands = {{"SOURCE", "the folder written by backup"}},
       .options = places(),
       .examples = {"regesta restore /backups/regesta-2026-11-25 --data ./regesta-data"},
       .run = restore,
       .more = "Every file is compared with its digest first. The data directory must be empty or absent."},
  };
}

}  // namespace regesta::cli
