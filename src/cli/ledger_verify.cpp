#include <filesystem>

#include "base/encoding.h"
#include "base/file.h"
#include "base/text.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "cli/verification.h"
#include "ledger/leaf.h"
#include "ledger/receipt.h"
#include "ledger/verify.h"
#include "ledger/verify_cosigned.h"
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
  json::object result{{"index", parsed->index}, {"checkpoint", checkpointJson(*checkpoint)}};
  std::string good = fmt::format("{} is in the log {} of {} entries", name, checkpoint->origin, checkpoint->size);
  if (auto policy = witnessPolicyOf(args)) {
    auto cosigned = ledger::openCosigned(parsed->note, key, *policy);
    if (cosigned) {
      result["cosigned"] = cosignedJson(*cosigned);
      good += ", " + cosignedText(*cosigned);
    } else {
      findings.push_back(json::object{{"subject", "witnesses"}, {"what", cosigned.error()}});
    }
  }
  return outcome(session, std::move(result), findings, good);
}

int verifyTiles(const Session& session) {
  ledger::VerifyOptions options;
  options.kept = checkpointsFrom(session.args);
  std::string folder = session.args.text("tiles");
  ledger::CosignedSearch search;
  auto policy = witnessPolicyOf(session.args);
  if (policy) {
    std::vector<std::string> notes = options.kept;
    for (const char* name : {"/checkpoint", "/checkpoint.cosigned"})
      if (auto note = file::readFile(folder + name)) notes.push_back(*note);
    search = ledger::findCosigned(notes, keyOf(session.args), *policy);
    options.kept.insert(options.kept.end(), search.notes.begin(), search.notes.end());
  }
  ledger::Report report;
  {
    Progress progress("checking tiles", 0, false);
    options.progress = [&](std::int64_t done, std::int64_t total) {
      progress.setTotal(static_cast<std::uint64_t>(total));
      progress.set(static_cast<std::uint64_t>(done));
    };
    report = ledger::verifyFolder(folder, keyOf(session.args), options);
  }
  json::array findings;
  for (const ledger::Finding& finding : report.findings)
    findings.push_back(json::object{{"subject", "tiles"}, {"index", finding.index}, {"what", finding.what}});
  if (search.newest && search.newest->checkpoint.size < report.checkpoint.size)
    search.findings.push_back(fmt::format("the witnesses cosigned {} of {} entries; the rest is not vouched for",
                                          search.newest->checkpoint.size, report.checkpoint.size));
  for (const std::string& finding : search.findings)
    findings.push_back(json::object{{"subject", "witnesses"}, {"what", finding}});
  json::object result{{"entries", report.entries}, {"checkpoint", checkpointJson(report.checkpoint)}};
  std::string good = fmt::format("{} entries hash to the checkpoint that {} signed (root {})", report.entries,
                                 report.checkpoint.origin, base64Encode(crypto::view(report.checkpoint.root)));
  if (search.newest) {
    result["cosigned"] = cosignedJson(*search.newest);
    good += ", " + cosignedText(*search.newest);
  }
  return outcome(session, std::move(result), findings, good);
}

int verifyData(const Session& session) {
  server::DataCheck check;
  check.folder = session.args.text("data");
  check.database = session.args.text("db");
  if (session.args.has("key")) check.key = keyText(session.args.text("key"));
  check.kept = checkpointsFrom(session.args);
  check.witnesses = witnessPolicyOf(session.args);
  if (session.args.has("uncosigned-minutes")) {
    auto minutes = parseInteger(session.args.text("uncosigned-minutes"));
    if (!minutes || *minutes < 0 || *minutes > 1'000'000)
      throw UsageError("--uncosigned-minutes must be a number of minutes from 0");
    check.uncosignedSeconds = *minutes * 60;
  }
  if (session.args.has("timestamp-ca")) check.timestampCa = readInput(session.args.text("timestamp-ca"));
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
  if (report.cosigned) {
    result["cosigned"] = cosignedJson(*report.cosigned);
    good += fmt::format("\n{} of {} entries are {}", report.cosigned->checkpoint.size, report.checkpointSize,
                        cosignedText(*report.cosigned));
  }
  if (report.timestamps > 0) {
    result["timestamps"] = json::object{
        {"count", report.timestamps}, {"size", report.timestampedSize}, {"time", formatTime(report.timestampedAt)}};
    good += fmt::format("\n{} timestamps verify; the newest is of {} entries at {}", report.timestamps,
                        report.timestampedSize, formatTime(report.timestampedAt));
  }
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
  Command command = {
      .path = "ledger verify",
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
                   "regesta ledger verify --tiles ./regesta-data/ledger --key key.vkey --kept checkpoint-of-june",
                   "regesta ledger verify --data ./regesta-data --witness audit.vkey --witness it.vkey --require 1"},
      .run = verify,
      .more =
          "Uses and trusts no Regesta server. --db needs only SELECT; pass the password in PGPASSWORD. Exit code "
          "5 if something differs; prints every difference."};
  for (Option& option : witnessOptions()) command.options.push_back(std::move(option));
  command.options.push_back(
      {"uncosigned-minutes", "N", "minutes by which the last entry may be newer than the cosignatures (default 60)"});
  command.options.push_back({"timestamp-ca", "FILE",
                             "PEM file with the CA of the time-stamping authority: require timestamps that it signed"});
  return {std::move(command)};
}

}  // namespace regesta::cli
