#include <filesystem>

#include "base/encoding.h"
#include "base/text.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/verification.h"
#include "ledger/leaf.h"
#include "ledger/receipt.h"
#include "ledger/verify.h"
#include "server/verify.h"

namespace regesta::cli {
namespace {

std::vector<std::string> checkpointsFrom(const Arguments& args) {
  std::vector<std::string> kept;
  for (const std::string& file : args.all("kept")) kept.push_back(readInput(file));
  return kept;
}

int verifyReceipt(const Session& session) {
  const Arguments& args = session.args;
  if (!args.has("entry")) throw UsageError("--receipt needs --entry FILE, the entry's bytes");
  ledger::VerifierKey key = keyOf(args);
  std::string entry = readInput(args.text("entry"));
  std::string proof = readInput(args.text("receipt"));
  auto checkpoint = ledger::verifyReceipt(proof, entry, key);
  // An editor may have ended the file with a newline, which is not part of the entry.
  if (!checkpoint && entry.ends_with('\n'))
    checkpoint = ledger::verifyReceipt(proof, entry.substr(0, entry.size() - 1), key);
  json::array findings;
  if (!checkpoint) {
    findings.push_back(json::object{{"subject", "receipt"}, {"what", checkpoint.error()}});
    return outcome(session, {}, findings, "");
  }
  auto parsed = ledger::parseReceipt(proof);
  std::string name = ledger::entryName(parsed->index, ledger::readDisclosure(entry).body);
  return outcome(session, {{"index", parsed->index}, {"checkpoint", checkpointJson(*checkpoint)}}, findings,
                 fmt::format("{} is in the log {} of {} entries", name, checkpoint->origin, checkpoint->size));
}

int verifyTiles(const Session& session) {
  ledger::VerifyOptions options;
  options.kept = checkpointsFrom(session.args);
  ledger::Report report;
  {
    Progress progress("checking tiles", 0, false);
    options.progress = [&](std::int64_t done, std::int64_t total) {
      progress.setTotal(static_cast<std::uint64_t>(total));
      progress.set(static_cast<std::uint64_t>(done));
    };
    report = ledger::verifyFolder(session.args.text("tiles"), keyOf(session.args), options);
  }
  json::array findings;
  for (const ledger::Finding& finding : report.findings)
    findings.push_back(json::object{{"subject", "tiles"}, {"index", finding.index}, {"what", finding.what}});
  return outcome(session, {{"entries", report.entries}, {"checkpoint", checkpointJson(report.checkpoint)}}, findings,
                 fmt::format("{} entries hash to the checkpoint that {} signed (root {})", report.entries,
                             report.checkpoint.origin, base64Encode(crypto::view(report.checkpoint.root))));
}

int verifyData(const Session& session) {
  server::DataCheck check;
  check.folder = session.args.text("data");
  check.database = session.args.text("db");
  if (session.args.has("key")) check.key = keyText(session.args.text("key"));
  check.kept = checkpointsFrom(session.args);
  server::DataReport report;
  {
    Progress progress("checking entries", 0, false);
    check.progress = [&](std::int64_t done, std::int64_t total) {
      progress.setTotal(static_cast<std::uint64_t>(total));
      progress.set(static_cast<std::uint64_t>(done));
    };
    report = server::verifyData(check);
  }
  json::array findings;
  for (const auto& finding : report.findings)
    findings.push_back(json::object{{"subject", finding.subject}, {"what", finding.what}});
  json::object result = {
      {"entries", report.entries},
      {"waiting", report.waiting},
      {"waiting_checked", report.waitingChecked},
      {"key", report.key},
      {"tiles", report.tiles},
      {"compared", report.compared},
      {"checkpoint", json::object{{"size", report.checkpointSize}, {"root", report.checkpointRoot}}}};
  std::string waiting = report.waiting
                            ? fmt::format(" ({} more not in the tree yet{})", report.waiting,
                                          report.waitingChecked ? "" : ", which only the signing key can check")
                            : "";
  std::string good = fmt::format(
      "{} entries{}{}, and {} facts of the database match the ledger (key {})", report.entries,
      report.tiles ? " and their tiles" : "", waiting, report.compared,
      session.args.has("key") ? "as given"
                              : report.key + ", found next to the database: compare it with one from another source");
  return outcome(session, std::move(result), findings, good);
}

int verify(Session& session) {
  bool state = session.args.has("data") || session.args.has("db");
  if (session.args.has("receipt") + session.args.has("tiles") + state != 1)
    throw UsageError("say what to verify: --receipt FILE, --tiles DIR, --data DIR or --db URL");
  if (session.args.has("receipt")) return verifyReceipt(session);
  return session.args.has("tiles") ? verifyTiles(session) : verifyData(session);
}

}  // namespace

Commands ledgerVerifyCommands() {
  return {
      {.path = "ledger verify",
       .summary = "check a receipt, a folder of tiles or a whole data directory, offline",
       .options = {{"receipt", "FILE", "a tlog-proof; with --entry and --key"},
                   {"entry", "FILE", "the entry's bytes"},
                   {"tiles", "DIR", "a folder in the C2SP tlog-tiles layout; with --key"},
                   {"data", "DIR",
                    "a data directory or backup: checks entries, tiles, and the state against the entries"},
                   {"db", "URL", "postgres://… with the state; needs --data DIR for tiles and key, or --key"},
                   {"key", "KEY", "the verifier key (vkey), or a file with it"},
                   {"kept", "FILE", "a signed checkpoint saved earlier, which the log must extend", 0, false, true}},
       .examples = {"regesta ledger verify --data ./regesta-data",
                    "regesta ledger verify --db postgres://auditor@db.example/regesta --data ./regesta-data",
                    "regesta ledger verify --receipt a.tlog-proof --entry a.json --key a.vkey",
                    "regesta ledger verify --tiles ./regesta-data/ledger --key key.vkey --kept checkpoint-of-june"},
       .run = verify,
       .more = "Uses and trusts no Regesta server. --db needs only SELECT; pass the password in PGPASSWORD. Exit code "
               "5 if something differs; prints every difference."},
  };
}

}  // namespace regesta::cli
