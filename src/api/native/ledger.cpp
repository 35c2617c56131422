#include "api/native/ledger.h"

#include <algorithm>

#include "base/text.h"
#include "governance/replay.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/tile.h"
#include "ledger/verify.h"

namespace regesta::api::native {

namespace {

constexpr std::int64_t looksAtMost = 20'000;  // entries a filtered listing reads in one call

std::string text(const json::value& body, std::string_view name) {
  const json::value* found = body.is_object() ? body.as_object().if_contains(name) : nullptr;
  return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

bool fits(const std::string& pattern, const std::string& value) { return pattern.empty() || globMatch(pattern, value); }

bool fits(const EntryQuery& query, std::string_view bodyText) {
  if (query.subject.empty() && query.actor.empty() && query.action.empty()) return true;
  json::value body = parseJson(bodyText);
  return fits(query.subject, text(body, "subject")) && fits(query.actor, text(body, "actor")) &&
         (query.action.empty() ||
          std::ranges::any_of(query.action,
                              [action = text(body, "action")](const auto& pattern) { return fits(pattern, action); }));
}

/// All entries of the tree, or by its index those about one subject, which any workspace may have: the recursion hops
/// from one workspace to the next, so that the index serves.
constexpr std::string_view everything = "FROM ledger_entry e WHERE $5 = ''";
constexpr std::string_view aboutOne =
    "FROM (WITH RECURSIVE w (name) AS (SELECT MIN(workspace) FROM subject_entry UNION ALL "
    "SELECT (SELECT MIN(workspace) FROM subject_entry WHERE workspace > w.name) FROM w WHERE w.name IS NOT NULL) "
    "SELECT s.entry FROM w JOIN subject_entry s ON s.workspace = w.name AND s.subject = $5) found "
    "JOIN ledger_entry e ON e.id = found.entry WHERE 1 = 1";

struct Span {
  std::int64_t first = 0, last = INT64_MAX;               // indexes
  std::int64_t sinceMicros = 0, untilMicros = INT64_MAX;  // times
  bool newest = false;
};

Span spanOf(const EntryQuery& query) {
  Span span;
  span.newest = query.order == "newest";
  std::int64_t from = query.pageToken.empty() ? query.from : readNumberToken(query.pageToken);
  if (!span.newest || query.pageToken.empty()) span.first = from;
  if (span.newest && !query.pageToken.empty()) span.last = from;
  if (auto since = momentOf(query.since, "since")) span.sinceMicros = *since * 1000;
  if (auto until = momentOf(query.until, "until")) span.untilMicros = *until * 1000 + 999;
  return span;
}

db::Rows entriesIn(db::Session& session, const Span& span, const std::string& subject) {
  bool exact = !subject.empty() && subject.find_first_of("*?[\\") == std::string::npos;
  std::string sql = fmt::format(
      "SELECT e.idx, e.id, e.body {} AND e.idx >= $1 AND e.idx <= $2 AND e.time >= $3 AND e.time <= $4 "
      "ORDER BY e.idx {} LIMIT $6",
      exact ? aboutOne : everything, span.newest ? "DESC" : "ASC");
  return session.query(sql, {span.first, span.last, span.sinceMicros, span.untilMicros,
                             exact ? std::string_view(subject) : std::string_view(), looksAtMost});
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
  std::size_t wanted = rowsOf(query.pageSize > 0 ? query.pageSize : query.limit);
  Span span = spanOf(query);
  return call.core.store.read([&](db::Session& session) {
    Page<EntryAnswer> page;
    auto rows = entriesIn(session, span, query.subject);
    std::int64_t seen = 0, next = span.newest ? span.last : span.first;
    auto more = [&] {
      if (next >= 0) page.nextPageToken = makeToken(std::to_string(next));
    };
    while (rows.next()) {
      if (page.items.size() == wanted) {
        more();
        return page;
      }
      ++seen;
      next = rows.integer(0) + (span.newest ? -1 : 1);
      if (fits(query, rows.view(2))) page.items.push_back({rows.integer(0), rows.integer(1), {rows.text(2)}});
    }
    if (seen == looksAtMost) more();
    return page;
  });
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
