#include "registry/content_collect.h"

#include <algorithm>

#include "base/encoding.h"
#include "blob/store.h"
#include "registry/xorb.h"

namespace regesta::registry {
namespace {

constexpr std::size_t page = 400;

constexpr DigestColumn columns[] = {
    {"version_file", "digest"},     {"tree_file", "digest"},     {"git_pack", "digest"},
    {"blob_alias", "digest"},       {"oci_blob", "content"},     {"oci_upload_piece", "digest"},
    {"upload_part", "digest"},      {"evidence", "body", true},  {"decision", "facts", true},
    {"decision", "body", true},     {"job", "payload", true},    {"job", "result", true},
    {"version", "content", true},   {"version", "source", true}, {"version", "storage", true},
    {"test_suite", "content", true}};

/// Takes every run of 64 hexadecimal digits that is one of `wanted` out of it.
void takeMentioned(std::string_view text, std::set<std::string>& wanted, std::set<std::string>& found) {
  for (std::size_t at = 0; at + 64 <= text.size() && !wanted.empty();) {
    std::size_t end = at;
    while (end < text.size() && isLowerHex(text[end])) ++end;
    for (std::size_t start = at; start + 64 <= end; ++start)
      if (auto node = wanted.extract(std::string(text.substr(start, 64)))) found.insert(std::move(node));
    at = end + 1;
  }
}

std::set<std::string> mentioned(db::Transaction& transaction, std::set<std::string> wanted) {
  std::set<std::string> found;
  for (const auto& [table, column, inText] : columns) {
    if (wanted.empty()) break;
    if (!inText) continue;
    db::Rows rows = transaction.query(fmt::format("SELECT {} FROM {} WHERE length({}) >= 64", column, table, column));
    while (rows.next()) takeMentioned(rows.view(0), wanted, found);
  }
  return found;
}

bool holdsExactly(db::Transaction& transaction, const std::string& digest, std::int64_t uploadsSince,
                  std::int64_t now) {
  for (const auto& [table, column, inText] : columns)
    if (!inText &&
        transaction.query(fmt::format("SELECT 1 FROM {} WHERE {} = $1 LIMIT 1", table, column), {digest}).next())
      return true;
  return xorbKeepsContent(transaction, digest, uploadsSince, now) ||
         transaction.query("SELECT 1 FROM blob_upload WHERE digest = $1 AND at > $2 LIMIT 1", {digest, uploadsSince})
             .next();
}

/// What is to be done about one page. Reads much text: not for a transaction that writes.
struct Plan {
  Collected collected;
  std::vector<blob::CollectedObject> usedAgain;  ///< condemned before
  bool changesNothing() const { return collected.condemned.empty() && collected.removed.empty() && usedAgain.empty(); }
};

Plan planPage(db::Transaction& transaction, blob::Packs& packs, const std::string& after,
              const CollectOptions& options) {
  std::vector<blob::CollectedObject> objects = blob::objectsAfter(transaction, packs.index().place(), after, page);
  Plan plan;
  Collected& done = plan.collected;
  done.looked = objects.size();
  if (objects.size() == page) done.next = objects.back().digest;
  std::int64_t cutoff = options.now - options.graceMillis;
  std::vector<std::string> due;
  for (const blob::CollectedObject& object : objects)
    if (object.condemnedAt != 0 || object.touchedAt < cutoff) due.push_back(object.digest);
  std::set<std::string> used = referencedContent(transaction, due, options.now - options.uploadMillis, options.now);
  for (const blob::CollectedObject& object : objects) {
    if (!std::ranges::binary_search(due, object.digest) || used.contains(object.digest)) {
      done.kept += 1;
      if (object.condemnedAt != 0) plan.usedAgain.push_back(object);
    } else if (object.condemnedAt == 0) {
      done.condemned.push_back(object);
    } else if (object.condemnedAt < cutoff) {
      done.removed.push_back(object);
    }
  }
  return plan;
}

/// What was planned may have been used or stored again since: what is to be removed is looked at again, what is
/// condemned will be before it is removed.
Collected apply(db::Transaction& transaction, Plan plan, const CollectOptions& options) {
  Collected& done = plan.collected;
  std::int64_t cutoff = options.now - options.graceMillis;
  for (const auto& object : plan.usedAgain) blob::keepObject(transaction, object.id);
  std::erase_if(done.condemned,
                [&](const auto& object) { return !blob::condemnObject(transaction, object.id, cutoff, options.now); });
  std::vector<std::string> due;
  due.reserve(done.removed.size());
  for (const auto& object : done.removed) due.push_back(object.digest);
  std::set<std::string> used = referencedContent(transaction, due, options.now - options.uploadMillis, options.now);
  std::erase_if(done.removed, [&](const auto& object) {
    if (used.contains(object.digest)) {
      blob::keepObject(transaction, object.id);
    } else if (blob::removeObject(transaction, object.id, cutoff)) {
      transaction.run("DELETE FROM blob_upload WHERE digest = $1", {object.digest});
      return false;
    }
    done.kept += 1;
    return true;
  });
  return std::move(done);
}

}  // namespace

std::span<const DigestColumn> digestColumns() { return columns; }

std::set<std::string> referencedContent(db::Transaction& transaction, const std::vector<std::string>& digests,
                                        std::int64_t uploadsSince, std::int64_t now) {
  std::set<std::string> used, rest;
  for (const std::string& digest : digests)
    (holdsExactly(transaction, digest, uploadsSince, now) ? used : rest).insert(digest);
  used.merge(mentioned(transaction, std::move(rest)));
  return used;
}

std::vector<ContentUse> versionsWithContent(db::Transaction& transaction, std::string_view digest) {
  std::vector<ContentUse> uses;
  db::Rows rows = transaction.query(
      "SELECT asset.kind, asset.name, version.number, asset.workspace, version_file.path FROM version_file "
      "JOIN version ON version.id = version_file.version JOIN asset ON asset.id = version.asset "
      "WHERE version_file.digest = $1 ORDER BY asset.name, version.number LIMIT 100",
      {digest});
  while (rows.next())
    uses.push_back({fmt::format("{}/{}@{}", rows.view(0), rows.text(1), rows.integer(2)), rows.text(3), rows.text(4)});
  return uses;
}

Collected collectContent(Store& store, blob::Packs& packs, const Actor& actor, const std::string& after,
                         const CollectOptions& options) {
  if (after.empty() && !options.dryRun)
    store.write([&](db::Transaction& transaction) {
      removeOldXorbs(transaction, options.now - options.uploadMillis, options.now);
    });
  Plan plan = store.read([&](db::Transaction& transaction) { return planPage(transaction, packs, after, options); });
  if (options.dryRun || plan.changesNothing()) return std::move(plan.collected);
  return store.change(actor, [&](Change& change) {
    Collected done = apply(change.transaction, plan, options);
    if (done.removed.empty()) return done;
    json::array digests;
    std::uint64_t bytes = 0;
    for (const blob::CollectedObject& object : done.removed) {
      digests.emplace_back(object.digest);
      bytes += object.size;
    }
    change.record(Action::contentCollected, "", "content", {{"digests", std::move(digests)}, {"bytes", bytes}});
    return done;
  });
}

}  // namespace regesta::registry
