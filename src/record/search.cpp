#include "base/error.h"
#include "base/text.h"
#include "record/record.h"
#include "record/row.h"

namespace regesta::record {
namespace {

constexpr std::string_view from = "FROM decision_record r LEFT JOIN record_subject s ON s.id = r.subject";

std::vector<Record> all(db::Rows rows) {
  std::vector<Record> found;
  while (rows.next()) found.push_back(rows::record(rows));
  return found;
}

std::vector<Record> byArrival(db::Transaction& transaction, const Search& search) {
  return all(transaction.query(
      fmt::format("SELECT {} FROM record_batch b JOIN decision_record r ON r.batch = b.id LEFT JOIN record_subject s "
                  "ON s.id = r.subject WHERE b.workspace = $1 AND b.last_at >= $2 AND b.first_at <= $3 AND b.id <= $4 "
                  "AND r.at >= $2 AND r.at <= $3 AND (b.id, r.position) < ($4, $5) "
                  "ORDER BY b.id DESC, r.position DESC LIMIT $6",
                  rows::recordColumns),
      {search.workspace, search.since, search.until, search.beforeBatch, search.beforePosition,
       static_cast<std::int64_t>(search.limit)}));
}

}  // namespace

std::vector<Record> search(db::Transaction& transaction, const registry::Store& store, const Search& search) {
  const Cited& cited = search.cited;
  std::int64_t subject = 0;
  if (!search.subject.empty()) {
    auto known = transaction.query("SELECT id FROM record_subject WHERE workspace = $1 AND tag = $2",
                                   {search.workspace, rows::subjectTag(store, search.workspace, search.subject)});
    if (!known.next()) return {};
    subject = known.integer(0);
  }
  // The first condition is what an index finds; the others only filter.
  std::string_view indexed = subject != 0        ? "r.subject = $7 AND r.subject <> 0"
                             : cited.asset != 0  ? "r.asset = $8 AND r.number = $9"
                             : cited.prompt != 0 ? "r.prompt = $10 AND r.prompt <> 0 AND r.prompt_number = $11"
                                                 : "";
  if (indexed.empty()) return byArrival(transaction, search);
  return all(transaction.query(
      fmt::format("SELECT {} {} WHERE {} AND r.at >= $1 AND r.at <= $2 AND (r.at, r.batch, r.position) < ($3, $4, $5) "
                  "AND ($7 = 0 OR r.subject = $7) AND ($8 = 0 OR (r.asset = $8 AND r.number = $9)) "
                  "AND ($10 = 0 OR (r.prompt = $10 AND r.prompt_number = $11)) "
                  "ORDER BY r.at DESC, r.batch DESC, r.position DESC LIMIT $6",
                  rows::recordColumns, from, indexed),
      {search.since, search.until, search.beforeAt, search.beforeBatch, search.beforePosition,
       static_cast<std::int64_t>(search.limit), subject, cited.asset, cited.number, cited.prompt, cited.promptNumber}));
}

std::optional<Record> find(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  std::size_t dot = id.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  auto batch = parseInteger(id.substr(0, dot)), position = parseInteger(id.substr(dot + 1));
  if (!batch || !position || !findBatch(transaction, workspace, *batch)) return std::nullopt;
  auto found = all(
      transaction.query(fmt::format("SELECT {} {} WHERE r.batch = $1 AND r.position = $2", rows::recordColumns, from),
                        {*batch, *position}));
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::optional<Batch> findBatch(db::Transaction& transaction, std::string_view workspace, std::int64_t id) {
  auto found = transaction.query(
      fmt::format("SELECT {} FROM record_batch b WHERE b.id = $1 AND b.workspace = $2", rows::batchColumns),
      {id, workspace});
  return found.next() ? std::optional(rows::batch(found)) : std::nullopt;
}

std::vector<Batch> listBatches(db::Transaction& transaction, std::string_view workspace, std::size_t limit,
                               std::int64_t before) {
  auto found = transaction.query(
      fmt::format("SELECT {} FROM record_batch b WHERE b.workspace = $1 AND b.id < $2 ORDER BY b.id DESC LIMIT $3",
                  rows::batchColumns),
      {workspace, before > 0 ? before : INT64_MAX, static_cast<std::int64_t>(limit)});
  std::vector<Batch> batches;
  while (found.next()) batches.push_back(rows::batch(found));
  return batches;
}

namespace {
std::string_view citing(const registry::Version& version) {
  bool isPrompt = version.asset.key.kind == registry::Kind::prompt;
  return isPrompt ? "prompt = $1 AND prompt <> 0 AND prompt_number = $2" : "asset = $1 AND number = $2";
}
}  // namespace

Times timesOf(db::Transaction& transaction, const registry::Version& version) {
  auto counted = transaction.query(
      fmt::format("SELECT COUNT(*), COALESCE(MIN(at), 0), COALESCE(MAX(at), 0) FROM decision_record WHERE {}",
                  citing(version)),
      {version.asset.id, version.number});
  if (!counted.next()) return {};
  return {counted.integer(0), counted.integer(1), counted.integer(2)};
}

std::int64_t countOf(db::Transaction& transaction, const registry::Version& version) {
  auto counted = transaction.query(fmt::format("SELECT COUNT(*) FROM decision_record WHERE {}", citing(version)),
                                   {version.asset.id, version.number});
  return counted.next() ? counted.integer(0) : 0;
}

std::vector<Share> batchesOf(db::Transaction& transaction, const registry::Version& version, std::size_t limit) {
  auto found = transaction.query(
      fmt::format("SELECT {}, n.records FROM (SELECT batch, COUNT(*) AS records FROM decision_record WHERE {} "
                  "GROUP BY batch ORDER BY batch DESC LIMIT $3) n JOIN record_batch b ON b.id = n.batch "
                  "ORDER BY b.id DESC",
                  rows::batchColumns, citing(version)),
      {version.asset.id, version.number, static_cast<std::int64_t>(limit)});
  std::vector<Share> shares;
  while (found.next()) {
    Batch batch = rows::batch(found);
    shares.push_back({std::move(batch), found.integer(9)});
  }
  return shares;
}

}  // namespace regesta::record
