#include "proof/pack.h"

#include "base/error.h"
#include "base/log.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "ledger/consistency.h"
#include "ledger/receipt.h"
#include "proof/gathering.h"
#include "proof/report.h"

namespace regesta::proof {
namespace {

constexpr int cosignMillis = 8000;  // a reply of a witness takes milliseconds
constexpr int waitMillis = 10'000;

/// Gathers again while an entry that it needs waits for its index.
struct Gathered {
  registry::Version version;
  std::vector<registry::VersionFile> files;
  std::map<std::string, std::string> documents;
  std::map<std::int64_t, ledger::Logged> entries;
  std::map<std::string, std::int64_t> withheld;
};

Gathered gatherAll(registry::Store& store, ledger::Log& log, const access::Identity& identity, const PackOrder& order) {
  std::int64_t waiting = 0;
  for (int attempt = 0; attempt < 10; ++attempt) {
    if (waiting != 0) log.indexOf(waiting, waitMillis);
    auto gathered = store.read([&](db::Transaction& transaction) {
      Gathering g(transaction, identity, registry::resolveVersion(transaction, order.key, order.selector));
      g.server = order.server;
      g.program = order.program;
      gather(g);
      waiting = g.waiting;
      Gathered all{g.version, {}, std::move(g.documents), std::move(g.entries), std::move(g.withheld)};
      if (order.files) all.files = registry::versionFiles(transaction, g.version);
      return all;
    });
    if (waiting == 0) return gathered;
  }
  throw Error(Code::unavailable, "the ledger has not given the newest entries their indexes yet; try again");
}

std::map<std::string, std::string> digestsOf(const Gathered& gathered) {
  std::map<std::string, std::string> digests;
  for (const auto& [path, bytes] : gathered.documents) digests[path] = crypto::sha256Hex(bytes);
  for (const registry::VersionFile& file : gathered.files) digests[std::string(filesFolder) + file.path] = file.digest;
  return digests;
}

/// The entry that says who made the pack, and of what.
ledger::Logged seal(registry::Store& store, ledger::Log& log, const access::Identity& identity,
                    const registry::Version& version, const json::object& documents) {
  std::int64_t id = store.change(identity.actor, [&](registry::Change& change) {
    change.record(registry::Action::versionPacked, version.asset.key.workspace, version.subject(),
                  {{"digest", version.digest}, {"documents", documents}});
    return change.lastEntry();
  });
  auto index = log.indexOf(id, waitMillis);
  auto entry = index ? log.entry(*index) : std::nullopt;
  if (!entry)
    throw error(Code::unavailable, "the ledger has not given entry {} an index within {} s; try again", id,
                waitMillis / 1000);
  return *std::move(entry);
}

std::string extensionOf(ledger::Log& log, std::int64_t since, const std::string& note) {
  std::int64_t size = ledger::parseCheckpoint(ledger::parseNote(note).value().text).value().size;
  return ledger::formatExtension({since, log.consistencyProof(since, size), note});
}

/// Empty if the authority does not respond.
std::string timestampOf(const PackOrder& order, const std::string& note) {
  if (!order.timestamping) return {};
  try {
    return order.timestamping->stamp(note);
  } catch (const Error& failure) {
    regesta::log(LogLevel::warn, "an evidence pack has no timestamp", {{"why", failure.message}});
    return {};
  }
}

}  // namespace

std::string_view sealedGroup(std::string_view path) {
  if (path == manifestPath || path.starts_with(ledgerFolder)) return {};
  return path.substr(0, path.find('/'));
}

json::object sealedDigests(const std::map<std::string, std::string>& digests) {
  std::map<std::string, std::string, std::less<>> folders;
  json::object sealed;
  for (const auto& [path, digest] : digests) {
    std::string_view group = sealedGroup(path);
    if (group.empty()) continue;
    if (group == path)
      sealed[group] = digest;
    else
      folders[std::string(group)] += fmt::format("{}  {}\n", digest, path);
  }
  for (const auto& [folder, lines] : folders) sealed[folder] = crypto::sha256Hex(lines);
  return sealed;
}

Pack makePack(registry::Store& store, ledger::Log& log, const access::Identity& identity, const PackOrder& order) {
  if (order.since < 0 || order.since > log.size())
    throw Invalid("since",
                  fmt::format("must be the size of a checkpoint of this ledger, which has {} entries", log.size()));
  Gathered gathered = gatherAll(store, log, identity, order);
  json::object withheld;
  for (const auto& [what, count] : gathered.withheld) withheld[what] = count;
  gathered.documents["pack.json"] = canonicalJson(json::object{{"format", format},
                                                               {"workspace", order.key.workspace},
                                                               {"subject", gathered.version.subject()},
                                                               {"digest", gathered.version.digest},
                                                               {"made_by", identity.actor.name},
                                                               {"made_at", formatTime(nowMillis())},
                                                               {"made_with", "regesta " + order.program},
                                                               {"withheld", std::move(withheld)}});
  gathered.documents["report.html"] = renderReport(gathered.documents);
  std::map<std::string, std::string> digests = digestsOf(gathered);
  ledger::Logged sealing = seal(store, log, identity, gathered.version, sealedDigests(digests));
  std::int64_t sealIndex = sealing.index;
  gathered.entries.emplace(sealIndex, std::move(sealing));

  Pack pack{gathered.version, std::move(gathered.documents), std::move(gathered.files)};
  std::vector<std::int64_t> indexes;
  for (const auto& [index, entry] : gathered.entries) indexes.push_back(index);
  if (order.witnessing) order.witnessing->cosignedFrom(sealIndex + 1, cosignMillis);
  std::vector<std::string> receipts = log.receipts(indexes);
  for (std::size_t i = 0; i < indexes.size(); ++i) {
    std::string base = fmt::format("{}{}", ledgerFolder, indexes[i]);
    pack.members[base + ".json"] = gathered.entries.at(indexes[i]).disclosure();
    pack.members[base + ".tlog-proof"] = std::move(receipts[i]);
  }
  auto parsed = ledger::parseReceipt(pack.members.at(fmt::format("{}{}.tlog-proof", ledgerFolder, sealIndex)));
  const std::string& note = pack.members[std::string(checkpointPath)] = parsed.value().note;
  if (order.since > 0) pack.members[std::string(consistencyPath)] = extensionOf(log, order.since, note);
  if (std::string stamp = timestampOf(order, note); !stamp.empty())
    pack.members[std::string(timestampPath)] = std::move(stamp);
  pack.members[std::string(keyPath)] = log.verifierKey() + "\n";

  json::array members;
  std::map<std::string, std::pair<std::string, std::int64_t>> listed;
  for (const auto& [path, bytes] : pack.members)
    listed[path] = {crypto::sha256Hex(bytes), static_cast<std::int64_t>(bytes.size())};
  for (const registry::VersionFile& file : pack.files)
    listed[std::string(filesFolder) + file.path] = {file.digest, file.size};
  for (const auto& [path, member] : listed)
    members.push_back(json::object{{"path", path}, {"sha256", member.first}, {"size", member.second}});
  pack.members[std::string(manifestPath)] =
      canonicalJson(json::object{{"format", format}, {"entry", sealIndex}, {"members", std::move(members)}});
  return pack;
}

}  // namespace regesta::proof
