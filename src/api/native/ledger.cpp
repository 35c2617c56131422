#include "api/native/ledger.h"

#include "base/encoding.h"
#include "governance/entry_access.h"
#include "governance/replay.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/tile.h"
#include "ledger/timestamping.h"
#include "ledger/verify.h"
#include "registry/entry_search.h"

namespace regesta::api::native {

namespace {

registry::EntryFilter filterOf(const EntryQuery& query) {
  registry::EntryFilter filter{query.subject, query.actor, query.action};
  filter.newestFirst = query.order == "newest";
  std::int64_t from = query.pageToken.empty() ? query.from : readNumberToken(query.pageToken);
  if (!filter.newestFirst || query.pageToken.empty()) filter.first = from;
  if (filter.newestFirst && !query.pageToken.empty()) filter.last = from;
  if (auto since = momentOf(query.since, "since")) filter.sinceMicros = *since * 1000;
  if (auto until = momentOf(query.until, "until")) filter.untilMicros = *until * 1000 + 999;
  return filter;
}

ledger::VerifierKey keyOf(const Call& call) {
  auto key = ledger::parseVerifierKey(call.core.log.verifierKey());
  REGESTA_INVARIANT(key.has_value());
  return *key;
}

EntryAnswer answerOf(ledger::Logged entry) {
  EntryAnswer answer{entry.index, entry.id, {std::move(entry.body)}, {}};
  if (!entry.salt.empty()) answer.salt = hexEncode(entry.salt);
  return answer;
}

/// Whether the caller may read the entry. Its existence is not secret, because the tree is public.
bool readable(const Call& call, db::Transaction& transaction, std::string_view body) {
  json::value parsed = parseJson(body);
  return parsed.is_object() &&
         governance::mayRead(*call.identity, governance::scopeOf(transaction, parsed.get_object()));
}

ledger::Logged entryAt(Call& call, std::int64_t index) {
  auto entry = call.core.log.entry(index);
  if (!entry)
    throw error(Code::notFound, "the ledger has {} entries, so none with index {}", call.core.log.size(), index);
  if (!call.core.store.read([&](db::Transaction& transaction) { return readable(call, transaction, entry->body); }))
    throw error(Code::notFound,
                "there is no entry {} that you may read; its commitment is in the public tree below /ledger/", index);
  return *std::move(entry);
}

Plain plainText(std::string body) {
  Plain answer;
  answer.contentType = "text/plain; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

}  // namespace

LedgerAnswer ledgerState(Call& call, const Empty&) {
  return {call.core.log.size(), keyOf(call).name, call.core.log.verifierKey(), call.core.log.checkpoint()};
}

Page<EntryAnswer> listEntries(Call& call, const EntryQuery& query) {
  registry::EntryFilter filter = filterOf(query);
  std::size_t limit = rowsOf(query.pageSize > 0 ? query.pageSize : query.limit);
  constexpr int pages = 5;  // looked at by one call, when most entries are not for this caller
  return call.core.store.read([&](db::Transaction& transaction) {
    Page<EntryAnswer> page;
    std::optional<std::int64_t> next;
    for (int i = 0; i < pages && page.items.size() < limit && (i == 0 || next); ++i) {
      if (next) (filter.newestFirst ? filter.last : filter.first) = *next;
      registry::FoundEntries found = registry::findEntries(transaction, filter, limit - page.items.size());
      for (ledger::Logged& entry : found.entries)
        if (readable(call, transaction, entry.body)) page.items.push_back(answerOf(std::move(entry)));
      next = found.next;
    }
    if (next) page.nextPageToken = makeToken(std::to_string(*next));
    return page;
  });
}

EntryAnswer getEntry(Call& call, const IndexPath& path) { return answerOf(entryAt(call, path.index)); }

Plain getReceipt(Call& call, const IndexPath& path) {
  entryAt(call, path.index);
  return plainText(call.core.log.receipt(path.index));
}

VerifyAnswer verifyLedger(Call& call, const Empty&) {
  // Findings name things of every workspace.
  call.identity->require(access::Verb::administer, "*", "*");
  WorkScope scan({.lane = Lane::scan, .caller = call.actor().name});  // reads all there is: not on others' connections
  db::Database& database = call.core.store.database();
  ledger::VerifyOptions options;
  options.pending = &call.core.log.pendingKey();
  if (std::string kept = call.core.log.keptCheckpoint(); !kept.empty()) options.kept.push_back(std::move(kept));
  ledger::Report report = ledger::verifyDatabase(database, keyOf(call), options);
  VerifyAnswer answer;
  answer.entries = report.entries;
  for (const ledger::Finding& finding : report.findings)
    answer.findings.push_back({finding.index, "ledger", finding.what});
  governance::Comparison comparison = governance::compareWithDatabase(database, options.pending);
  answer.compared = comparison.compared;
  for (const governance::Difference& difference : comparison.differences)
    answer.findings.push_back({difference.entry, difference.subject, difference.what});
  answer.ok = answer.findings.empty() && report.further == 0 && comparison.further == 0;
  return answer;
}

Plain publicCheckpoint(Call& call, const Empty&) {
  std::string note = call.core.log.cosignedCheckpoint();
  Plain answer = plainText(note.empty() ? call.core.log.publishedCheckpoint() : std::move(note));
  answer.headers.set("Cache-Control", "no-cache");
  return answer;
}

Plain latestCheckpoint(Call& call, const Empty&) {
  Plain answer = plainText(call.core.log.publishedCheckpoint());
  answer.headers.set("Cache-Control", "no-cache");
  return answer;
}

namespace {

ledger::Stamped newestTimestamp(const Call& call) {
  auto stamped = call.core.log.timestamping() ? call.core.log.timestamping()->newest() : std::nullopt;
  if (!stamped) throw Error(Code::notFound, "no checkpoint of this ledger has a timestamp");
  return *std::move(stamped);
}

}  // namespace

Plain timestampedCheckpoint(Call& call, const Empty&) { return plainText(newestTimestamp(call).note); }

Plain publicTimestamp(Call& call, const Empty&) {
  Plain answer;
  answer.contentType = "application/timestamp-reply";
  answer.body = newestTimestamp(call).response;
  answer.headers.set("Cache-Control", "no-cache");
  return answer;
}

Plain publicKey(Call& call, const Empty&) { return plainText(call.core.log.verifierKey() + "\n"); }

Plain publicTile(Call& call, const TilePath& path) {
  auto tile = ledger::parseTilePath("tile/" + path.path);
  std::optional<std::string> bytes;
  if (tile)
    bytes = tile->level == ledger::entryLevel ? call.core.log.entryBundle(tile->number, tile->width)
                                              : call.core.log.tile(tile->level, tile->number, tile->width);
  if (!bytes) throw Error(Code::notFound, "the tile does not exist");
  Plain answer;
  answer.contentType = "application/octet-stream";
  answer.body = *std::move(bytes);
  answer.headers.set("Cache-Control", "public, max-age=31536000, immutable");
  return answer;
}

}  // namespace regesta::api::native
