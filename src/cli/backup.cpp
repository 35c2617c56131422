#include "server/backup.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/settings.h"

namespace regesta::cli {
namespace {

std::vector<Option> places() {
  return {{"data", "DIR", "the data directory (else REGESTA_DATA, then ./regesta-data)"},
          {"config", "FILE", "settings file"}};
}

json::object reportJson(const server::CopyReport& report, const std::string& target) {
  return {{"target", target}, {"files", report.files}, {"bytes", report.bytes}, {"ledger_entries", report.entries}};
}

int backup(Session& session) {
  std::string target = session.args.text("TARGET");
  server::CopyReport report;
  {
    Progress progress("backup", 0);
    report = server::backup(configOf(session.args), target, [&](std::uint64_t done, std::uint64_t total) {
      progress.setTotal(total);
      progress.set(done);
    });
  }
  return session.said(reportJson(report, target),
                      fmt::format("backed up {} files, {}, {} ledger entries to {}\nit holds the ledger's signing key: "
                                  "keep it as safe as the original",
                                  report.files, byteText(report.bytes), report.entries, target));
}

int restore(Session& session) {
  Config config = configOf(session.args);
  server::CopyReport report;
  {
    Progress progress("restore", 0);
    report = server::restore(session.args.text("SOURCE"), config, [&](std::uint64_t done, std::uint64_t total) {
      progress.setTotal(total);
      progress.set(done);
    });
  }
  return session.said(
      reportJson(report, config.text("data")),
      fmt::format("restored {} files, {}, {} ledger entries into {}\nwhat was recorded after the backup is not in it: "
                  "keep the newer checkpoints, and check with\n"
                  "  regesta ledger verify --data {}",
                  report.files, byteText(report.bytes), report.entries, config.text("data"), config.text("data")));
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
       .summary = "make a data directory from a backup",
       .operands = {{"SOURCE", "the folder that backup wrote"}},
       .options = places(),
       .examples = {"regesta restore /backups/regesta-2026-11-25 --data ./regesta-data"},
       .run = restore,
       .more = "Every file is compared with its digest first. The data directory must be empty or absent."},
  };
}

}  // namespace regesta::cli
