#include "api/native/ledger.h"

#include "governance/replay.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/tile.h"
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

Plain plainText(std::string body) {
  Plain answer;
  answer.contentType = "text/plain; charset=utf-8";
  answer.body = std::move(body);
  return answer;
}

}  // namespace

LedgerAnswer ledgerState(Call& call, const Nothing&) {
  return {call.core.log.size(), keyOf(call).name, call.core.log.verifierKey(), call.core.log.checkpoint()};
}

Page<EntryAnswer> listEntries(Call& call, const EntryQuery& query) {
  registry::EntryFilter filter = filterOf(query);
  std::size_t limit = rowsOf(query.pageSize > 0 ? query.pageSize : query.limit);
  registry::FoundEntries found =
      call.core.store.read([&](db::Session& session) { return registry::findEntries(session, filter, limit); });
  Page<EntryAnswer> page;
  for (registry::FoundEntry& entry : found.entries)
    page.items.push_back({entry.index, entry.id, {std::move(entry.body)}});
  if (found.next) page.nextPageToken = makeToken(std::to_string(*found.next));
  return page;
}

EntryAnswer getEntry(Call& call, const IndexPath& path) {
  auto entry = call.core.log.entry(path.index);
  if (!entry)
    throw error(Code::notFound, "the ledger has {} entries, so none with index {}", call.core.log.size(), path.index);
  return {entry->index, entry->id, {std::move(entry->body)}};
}

Plain getReceipt(Call& call, const IndexPath& path) {
  if (path.index >= call.core.log.size())
    throw error(Code::notFound, "the ledger has {} entries, so none with index {}", call.core.log.size(), path.index);
  return plainText(call.core.log.receipt(path.index));
}

VerifyAnswer verifyLedger(Call& call, const Nothing&) {
  db::Database& database = call.core.store.database();
  ledger::Report report = ledger::verifyDatabase(database, keyOf(call));
  VerifyAnswer answer;
  answer.entries = report.entries;
  for (const ledger::Finding& finding : report.findings)
    answer.findings.push_back({finding.index, "ledger", finding.what});
  governance::Comparison comparison = governance::compareWithDatabase(database);
  answer.compared = comparison.compared;
  for (const governance::Difference& difference : comparison.differences)
    answer.findings.push_back({difference.entry, difference.subject, difference.what});
  answer.ok = answer.findings.empty() && report.further == 0 && comparison.further == 0;
  return answer;
}

Plain publicCheckpoint(Call& call, const Nothing&) {
  Plain answer = plainText(call.core.log.checkpoint());
  answer.headers.set("Cache-Control", "no-cache");
  return answer;
}

Plain publicKey(Call& call, const Nothing&) { return plainText(call.core.log.verifierKey() + "\n"); }

Plain publicTile(Call& call, const TilePath& path) {
  auto tile = ledger::parseTilePath("tile/" + path.path);
  std::optional<std::string> bytes;
  if (tile)
    bytes = tile->level == ledger::entryLevel ? call.core.log.entryBundle(tile->number, tile->width)
                                              : call.core.log.tile(tile->level, tile->number, tile->width);
  if (!bytes) throw Error(Code::notFound, "there is no such tile");
  Plain answer;
  answer.contentType = "application/octet-stream";
  answer.body = *std::move(bytes);
  answer.headers.set("Cache-Control", "public, max-age=31536000, immutable");
  return answer;
}

}  // namespace regesta::api::native
