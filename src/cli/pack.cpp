#include <filesystem>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/download.h"
#include "cli/verification.h"
#include "proof/verify.h"

namespace regesta::cli {
namespace {

namespace fs = std::filesystem;

/// The size in a signed checkpoint, which `pack verify` verifies.
std::int64_t sizeOf(const std::string& note) {
  auto parsed = ledger::parseNote(note);
  auto checkpoint = parsed ? ledger::parseCheckpoint(parsed->text) : std::unexpected(parsed.error());
  if (!checkpoint) throw UsageError("--checkpoint is not a signed checkpoint: " + checkpoint.error());
  return checkpoint->size;
}

int make(Session& session) {
  Reference ref = session.version("VERSION");
  std::string fallback = fmt::format("{}-{}.evidence.zip", fs::path(ref.name).filename().string(), ref.selector);
  fs::path target = session.args.has("output") ? session.args.text("output") : fallback;
  std::string url = route({"assets", ref.kind, ref.name, "versions", ref.selector, "pack"});
  url += session.args.flag("files") ? "?files=true" : "?files=false";
  if (session.args.has("checkpoint"))
    url += fmt::format("&since={}", sizeOf(readInput(session.args.text("checkpoint"))));
  download(session, url, target, 0);
  return session.said(json::object{{"pack", target.string()}},
                      fmt::format("wrote {0}; verify it with the ledger's key, from its operator:\n"
                                  "  regesta pack verify {0} --key ledger.key",
                                  target.string()));
}

int verify(Session& session) {
  const Arguments& args = session.args;
  proof::PackOptions options;
  if (args.has("key")) options.key = keyOf(args);
  if (args.has("checkpoint")) options.kept = readInput(args.text("checkpoint"));
  options.witnesses = witnessPolicyOf(args);
  if (args.has("timestamp-ca")) options.timestampCa = readInput(args.text("timestamp-ca"));
  std::optional<policy::Engine> engine;
  if (args.flag("replay")) options.engine = &engine.emplace();
  proof::PackReport report = proof::verifyPack(args.text("FILE"), options);
  json::array findings;
  for (const proof::PackFinding& finding : report.findings)
    findings.push_back(
        json::object{{"subject", finding.member.empty() ? "pack" : finding.member}, {"what", finding.what}});
  json::array withheld(report.withheld.begin(), report.withheld.end());
  std::string key =
      args.has("key") ? "as given" : report.key + ", from the pack: compare it with one from another source";
  std::string good = fmt::format(
      "{} of workspace {}, packed by {} at {}: {} members and {} ledger entries match the checkpoint that {} signed "
      "over {} entries (key {})",
      report.subject, report.workspace, report.madeBy, report.madeAt, report.members, report.entries,
      report.checkpoint.origin, report.checkpoint.size, key);
  if (args.flag("replay")) good += fmt::format("\n{} decisions evaluate to the same result again", report.replayed);
  if (report.cosigned) good += "\nthe checkpoint is " + cosignedText(*report.cosigned);
  if (!report.timestampedAt.empty()) good += "\nthe checkpoint existed at " + report.timestampedAt;
  if (!report.withheld.empty())
    good += "\nwithheld, because the maker of the pack may not read it: " + join(report.withheld, ", ");
  json::value cosigned = report.cosigned ? json::value(cosignedJson(*report.cosigned)) : nullptr;
  return outcome(session,
                 {{"subject", report.subject},
                  {"cosigned", std::move(cosigned)},
                  {"timestamped_at", report.timestampedAt},
                  {"workspace", report.workspace},
                  {"digest", report.digest},
                  {"made_by", report.madeBy},
                  {"made_at", report.madeAt},
                  {"members", report.members},
                  {"entries", report.entries},
                  {"replayed", report.replayed},
                  {"withheld", std::move(withheld)},
                  {"key", report.key},
                  {"checkpoint", checkpointJson(report.checkpoint)}},
                 findings, good);
}

}  // namespace

Commands packCommands() {
  Commands commands = {
      {.path = "pack",
       .summary = "export everything about a version into one file that anyone can verify",
       .operands = {{"VERSION", "KIND/NAME@VERSION; without a kind, a model"}},
       .options = {{"output", "FILE", "the zip to write (default: NAME-VERSION.evidence.zip)", 'o'},
                   {"files", "", "with the content of the version's files"},
                   {"checkpoint", "FILE",
                    "a signed checkpoint saved earlier: the pack then proves that it extends it"}},
       .examples = {"regesta pack loan-risk@3", "regesta pack prompt/greeting@production -o greeting.zip"},
       .run = make,
       .more = "The pack has what you may read about the version: content digests, run, lineage, evidence, policies, "
               "decisions, approvals, history, and the ledger entries that prove them. Making it is recorded as "
               "`version.packed`."},
      {.path = "pack verify",
       .summary = "verify an evidence pack, offline",
       .operands = {{"FILE", "the pack"}},
       .options = {{"key", "KEY", "the ledger's verifier key (vkey), or a file with it; default: the key in the pack"},
                   {"checkpoint", "FILE", "a signed checkpoint saved earlier, which the pack must extend"},
                   {"replay", "", "evaluate each decision again, with the policies and inputs in the pack"}},
       .examples = {"regesta pack verify loan-risk-3.evidence.zip --key key.vkey"},
       .run = verify,
       .more = "Uses and trusts no Regesta server. Exit code 5 if something differs; prints every difference with the "
               "member of the pack."},
  };
  for (Option& option : witnessOptions()) commands.back().options.push_back(std::move(option));
  commands.back().options.push_back(
      {"timestamp-ca", "FILE",
       "PEM file with the CA of the time-stamping authority: require a timestamp of the checkpoint"});
  return commands;
}

}  // namespace regesta::cli
