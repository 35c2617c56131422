#include "proof/verify.h"

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/timestamp.h"
#include "ledger/consistency.h"
#include "ledger/leaf.h"
#include "ledger/receipt.h"
#include "proof/archive.h"
#include "proof/pack.h"
#include "proof/statements.h"

namespace regesta::proof {
namespace {

constexpr std::uint64_t documentLimit = 64 * 1024 * 1024;
constexpr std::size_t findingsAtMost = 200;

bool isFile(std::string_view path) { return path.starts_with(filesFolder); }

class Verifying {
 public:
  Verifying(const Archive& archive, const PackOptions& options, PackReport& report)
      : archive_(archive), options_(options), report_(report) {}

  void run() {
    for (const std::string& path : archive_.paths()) load(path);
    report_.members = documents_.digests.size();
    json::value manifest = parse(std::string(manifestPath));
    if (!manifest.is_object()) return add(manifestPath, "is missing or not an object");
    checkManifest(manifest.get_object());
    openCheckpoint();
    for (const auto& [path, text] : ledger_)
      if (path.ends_with(".json")) checkEntry(path, text);
    for (const auto& [path, text] : ledger_) checkLedgerName(path);
    checkSeal(memberInteger(manifest.get_object(), "entry"));
    describe();
    report_.entries = documents_.entries.size();
    Report report = [this](std::string_view member, std::string what) { add(member, std::move(what)); };
    checkStatements(documents_, report);
    if (options_.engine) report_.replayed = checkReplay(documents_, *options_.engine, report);
  }

 private:
  void add(std::string_view member, std::string what) {
    if (report_.findings.size() < findingsAtMost) report_.findings.push_back({std::string(member), std::move(what)});
  }

  void load(const std::string& path) {
    if (isFile(path)) {
      documents_.digests[path] = archive_.digest(path);
      return;
    }
    if (archive_.size(path) > documentLimit) return add(path, fmt::format("has more than {} bytes", documentLimit));
    std::string text = archive_.read(path, documentLimit);
    documents_.digests[path] = crypto::sha256Hex(text);
    bool ofLedger = path.starts_with(ledgerFolder);
    auto place = (ofLedger ? ledger_ : documents_.texts).emplace(path, std::move(text)).first;
    if (ofLedger || !path.ends_with(".json") || path == manifestPath) return;
    documents_.values[path] = parsed(path, place->second);
  }

  json::value parsed(std::string_view path, std::string_view text) {
    try {
      return parseJson(text);
    } catch (const Error& failure) {
      add(path, fmt::format("is not JSON: {}", failure.what()));
      return nullptr;
    }
  }
  json::value parse(const std::string& path) {
    auto found = documents_.texts.find(path);
    return found == documents_.texts.end() ? json::value() : parsed(path, found->second);
  }

  void checkManifest(const json::object& manifest) {
    if (memberText(manifest, "format") != format)
      add(manifestPath, fmt::format("has the format '{}', not {}", memberText(manifest, "format"), format));
    std::map<std::string, const json::object*, std::less<>> listed;
    if (const json::value& members = memberOf(manifest, "members"); members.is_array())
      for (const json::value& member : members.get_array())
        if (member.is_object() && !listed.emplace(memberText(member.get_object(), "path"), &member.get_object()).second)
          add(manifestPath, fmt::format("lists '{}' twice", memberText(member.get_object(), "path")));
    for (const auto& [path, member] : listed) {
      auto found = documents_.digests.find(path);
      if (found == documents_.digests.end()) {
        add(path, "is missing, the manifest lists it");
      } else {
        if (found->second != memberText(*member, "sha256"))
          add(path,
              fmt::format("has the digest {}, the manifest says {}", found->second, memberText(*member, "sha256")));
        if (std::int64_t size = memberInteger(*member, "size");
            size < 0 || archive_.size(path) != static_cast<std::uint64_t>(size))
          add(path, fmt::format("has {} bytes, the manifest says {}", archive_.size(path), size));
      }
    }
    for (const auto& [path, digest] : documents_.digests)
      if (path != manifestPath && !listed.contains(path)) add(path, "is not in the manifest");
  }

  std::string ledgerText(std::string_view path) const {
    auto found = ledger_.find(path);
    return found == ledger_.end() ? std::string() : found->second;
  }

  void openCheckpoint() {
    std::string own(trim(ledgerText(keyPath)));
    key_ = options_.key;
    if (!key_) {
      auto parsed = ledger::parseVerifierKey(own);
      if (!parsed) return add(keyPath, "is not a verifier key: " + parsed.error());
      key_ = *parsed;
    } else if (key_->text() != own) {
      add(keyPath, fmt::format("is the key {}, not the given one", own));
    }
    report_.key = key_->text();
    note_ = ledgerText(checkpointPath);
    auto opened = ledger::openCheckpoint(note_, *key_);
    if (!opened) return add(checkpointPath, fmt::format("is not signed by the key: {}", opened.error()));
    report_.checkpoint = *opened;
    if (options_.kept) compareKept(*options_.kept);
    if (options_.witnesses) {
      auto cosigned = ledger::openCosigned(note_, *key_, *options_.witnesses);
      if (cosigned)
        report_.cosigned = *std::move(cosigned);
      else
        add(checkpointPath, fmt::format("is not cosigned as required: {}", cosigned.error()));
    }
    checkTimestamp();
  }

  void checkTimestamp() {
    auto stamp = ledger_.find(timestampPath);
    if (stamp == ledger_.end()) {
      if (!options_.timestampCa.empty()) add(timestampPath, "is missing: the checkpoint has no timestamp");
      return;
    }
    auto read = crypto::readTimestamp(stamp->second, crypto::sha256(note_), "", options_.timestampCa);
    if (!read) return add(timestampPath, "is not a timestamp of the checkpoint: " + read.error());
    if (!options_.timestampCa.empty()) report_.timestampedAt = formatTime(read->time);
  }

  void compareKept(const std::string& note) {
    auto kept = ledger::openCheckpoint(note, *key_);
    if (!kept) return add("", fmt::format("the given checkpoint does not verify: {}", kept.error()));
    if (kept->size == report_.checkpoint.size) {
      if (*kept != report_.checkpoint)
        add(checkpointPath, "is of another tree than the given checkpoint: the log was forked");
      return;
    }
    auto extension = ledger::parseExtension(ledgerText(consistencyPath));
    if (!extension || extension->old != kept->size || extension->note != note_)
      return add(checkpointPath,
                 fmt::format("covers {} entries, the given checkpoint {}, and the pack does not prove that it extends "
                             "that one; make the pack with --checkpoint",
                             report_.checkpoint.size, kept->size));
    if (!ledger::verifyConsistency(kept->size, report_.checkpoint.size, extension->proof, kept->root,
                                   report_.checkpoint.root))
      add(consistencyPath, "does not prove that the pack's checkpoint extends the given one: the log was forked");
  }

  /// Only entries that the checkpoint covers count as proven.
  void checkEntry(const std::string& path, const std::string& text) {
    std::string base = path.substr(0, path.size() - std::string_view(".json").size());
    std::string proof = ledgerText(base + ".tlog-proof");
    if (proof.empty()) return add(path, "has no inclusion proof");
    if (!key_) return;
    auto receipt = ledger::parseReceipt(proof);
    if (!receipt) return add(base + ".tlog-proof", receipt.error());
    if (fmt::format("{}{}", ledgerFolder, receipt->index) != base)
      return add(base + ".tlog-proof", fmt::format("proves entry {}", receipt->index));
    if (receipt->note != note_) return add(base + ".tlog-proof", "has another checkpoint than the pack");
    if (auto covered = ledger::verifyReceipt(proof, text, *key_); !covered)
      return add(path, fmt::format("is not proven: {}", covered.error()));
    json::value body = parsed(path, ledger::readDisclosure(text).body);
    if (!body.is_object()) return add(path, "is not an entry");
    documents_.entries.emplace(receipt->index, std::move(body.get_object()));
  }

  void checkLedgerName(const std::string& path) {
    if (path == keyPath || path == checkpointPath || path == consistencyPath || path == timestampPath) return;
    std::size_t dot = path.rfind('.');
    std::string base = path.substr(0, dot), ending = dot == std::string::npos ? "" : path.substr(dot);
    bool pair = (ending == ".json" && ledger_.contains(base + ".tlog-proof")) ||
                (ending == ".tlog-proof" && ledger_.contains(base + ".json"));
    if (!pair) add(path, "is not an entry with its proof");
  }

  /// The sealing entry has the digest of every document, so none can be changed, added or removed.
  void checkSeal(std::int64_t index) {
    auto entry = documents_.entries.find(index);
    if (entry == documents_.entries.end() || memberText(entry->second, "action") != packedAction ||
        std::next(entry) != documents_.entries.end())
      return add(manifestPath, fmt::format("names entry {} as the seal of the pack; that must be the last entry, "
                                           "with the action {}",
                                           index, packedAction));
    const json::value& data = memberOf(entry->second, "data");
    const json::value& sealed = data.is_object() ? memberOf(data.get_object(), "documents") : data;
    if (!sealed.is_object()) return add(fmt::format("{}{}.json", ledgerFolder, index), "seals no documents");
    sealed_ = entry->second;
    std::map<std::string, std::string> digests(documents_.digests.begin(), documents_.digests.end());
    json::object present = sealedDigests(digests);
    for (const auto& [group, digest] : sealed.get_object())
      if (memberOf(present, group) != digest)
        add(std::string_view(group), present.contains(group) ? fmt::format("is not what entry {} seals", index)
                                                             : fmt::format("is missing, entry {} seals it", index));
    for (const auto& [group, digest] : present)
      if (!sealed.get_object().contains(group))
        add(std::string_view(group), fmt::format("is not among what entry {} seals", index));
  }

  void describe() {
    const json::value& pack = documentOf(documents_, "pack.json");
    const json::value& version = documentOf(documents_, "version.json");
    if (!pack.is_object() || !version.is_object()) return add("pack.json", "or version.json is missing");
    const json::object &about = pack.get_object(), &of = version.get_object();
    report_.subject = memberText(about, "subject");
    report_.workspace = memberText(about, "workspace");
    report_.digest = memberText(about, "digest");
    report_.madeBy = memberText(about, "made_by");
    report_.madeAt = memberText(about, "made_at");
    std::string subject =
        fmt::format("{}/{}@{}", memberText(of, "kind"), memberText(of, "name"), memberInteger(of, "version"));
    if (report_.subject != subject || report_.workspace != memberText(of, "workspace") ||
        report_.digest != memberText(of, "digest"))
      add("pack.json", "is about another version than version.json");
    if (!sealed_.empty()) {
      const json::value& data = memberOf(sealed_, "data");
      if (memberText(sealed_, "subject") != subject || memberText(sealed_, "workspace") != report_.workspace ||
          memberText(sealed_, "actor") != report_.madeBy || memberText(data.get_object(), "digest") != report_.digest)
        add("pack.json", "has another version, workspace, digest or maker than the sealing entry");
    }
    if (const json::value& withheld = memberOf(about, "withheld"); withheld.is_object())
      for (const auto& [what, count] : withheld.get_object())
        report_.withheld.push_back(fmt::format("{} {}", json::serialize(count), std::string_view(what)));
  }

  const Archive& archive_;
  const PackOptions& options_;
  PackReport& report_;
  Documents documents_;
  std::map<std::string, std::string, std::less<>> ledger_;
  std::optional<ledger::VerifierKey> key_;
  std::string note_;
  json::object sealed_;
};

}  // namespace

PackReport verifyPack(const std::string& file, const PackOptions& options) {
  PackReport report;
  std::optional<Archive> archive;
  try {
    archive.emplace(file);
  } catch (const Error& failure) {
    if (failure.code != Code::corrupt) throw;
    report.findings.push_back({"", failure.message});
    return report;
  }
  Verifying(*archive, options, report).run();
  return report;
}

}  // namespace regesta::proof
