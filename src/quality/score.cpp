#include "quality/score.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "db/columns.h"
#include "quality/score_config.h"
#include "quality/score_reach.h"
#include "quality/trace_link.h"
#include "registry/version.h"

namespace regesta::quality {
namespace {

constexpr std::string_view columns =
    "id, score_id, name, type, value, text, trace, observation, session, dataset_run, comment, metadata, environment, "
    "config, source, queue, author, at, created_at, updated_at, experiment";

// $1 … $19; empty text and NULL ask for nothing.
constexpr std::string_view conditions =
    "workspace = $1 AND ($2 = '' OR score_id = $2) AND ($3 = '' OR name = $3) AND ($4 = '' OR type = $4) "
    "AND ($5 = '' OR environment = $5) AND ($6 = '' OR source = $6) AND ($7 = '' OR config = $7) "
    "AND ($8 = '' OR queue = $8) AND ($9 = '' OR author = $9) AND ($10 = '' OR trace = $10) "
    "AND ($11 = '' OR observation = $11) AND ($12 = '' OR session = $12) AND ($13 = '' OR text = $13) "
    "AND ($14 IS NULL OR (value = $14 AND type IN ('NUMERIC', 'BOOLEAN'))) "
    "AND ($15 IS NULL OR (value >= $15 AND type = 'NUMERIC')) AND ($16 IS NULL OR (value <= $16 AND type = 'NUMERIC')) "
    "AND ($17 IS NULL OR at >= $17) AND ($18 IS NULL OR at < $18) AND ($19 = '' OR dataset_run = $19)";

/// Lets the index on traces be used.
std::string_view byTrace(const ScoreFilter& filter) { return filter.trace.empty() ? "" : " AND trace = $10"; }

Score readRow(db::Rows& rows) {
  constexpr db::Columns at(columns);
  return {.row = rows.integer(at["id"]),
          .id = rows.text(at["score_id"]),
          .name = rows.text(at["name"]),
          .type = rows.text(at["type"]),
          .value = rows.real(at["value"]),
          .text = rows.text(at["text"]),
          .trace = rows.text(at["trace"]),
          .observation = rows.text(at["observation"]),
          .session = rows.text(at["session"]),
          .datasetRun = rows.text(at["dataset_run"]),
          .comment = rows.text(at["comment"]),
          .metadata = parseJson(rows.view(at["metadata"])),
          .environment = rows.text(at["environment"]),
          .config = rows.text(at["config"]),
          .source = rows.text(at["source"]),
          .queue = rows.text(at["queue"]),
          .author = rows.text(at["author"]),
          .experiment = rows.integer(at["experiment"]),
          .at = rows.integer(at["at"]),
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"])};
}

/// The scores that clients gave this id: the caller's own first, then the oldest.
std::vector<Score> scoresNamed(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                               std::string_view id) {
  static const std::string sql = fmt::format(
      "SELECT {} FROM score WHERE workspace = $1 AND score_id = $2 ORDER BY CASE WHEN author = $3 THEN 0 ELSE 1 END, "
      "id",
      columns);
  std::vector<Score> found;
  db::Rows rows = transaction.query(sql, {workspace, id, caller.actor.name});
  while (rows.next()) found.push_back(readRow(rows));
  return found;
}

/// Who gave a score first stays its author.
void replaceRow(db::Transaction& transaction, std::int64_t row, const Score& score, std::int64_t now) {
  transaction.run(
      "UPDATE score SET name = $2, type = $3, value = $4, text = $5, trace = $6, observation = $7, session = $8, "
      "dataset_run = $9, comment = $10, metadata = $11, environment = $12, config = $13, source = $14, queue = $15, "
      "at = $16, updated_at = $17, experiment = $18 WHERE id = $1",
      {row, score.name, score.type, score.value, score.text, score.trace, score.observation, score.session,
       score.datasetRun, score.comment, writeJson(score.metadata), score.environment, score.config, score.source,
       score.queue, score.at ? score.at : now, now, score.experiment});
}

void insertRow(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
               const Score& score, std::int64_t now) {
  transaction.run(
      "INSERT INTO score (workspace, score_id, name, type, value, text, trace, observation, session, dataset_run, "
      "comment, metadata, environment, config, source, queue, author, at, created_at, updated_at, experiment) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, $20)",
      {workspace,
       score.id,
       score.name,
       score.type,
       score.value,
       score.text,
       score.trace,
       score.observation,
       score.session,
       score.datasetRun,
       score.comment,
       writeJson(score.metadata),
       score.environment,
       score.config,
       score.source,
       score.queue,
       caller.actor.name,
       score.at ? score.at : now,
       now,
       score.experiment});
}

/// Returns the author. Nobody but the author replaces a score that belongs to no experiment: an id that somebody takes
/// first would keep the score of another from counting.
std::string storeRow(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                     Score score, ScoreReach& reach, std::int64_t now) {
  score.experiment = reach.experimentOf(score);
  for (const Score& known : scoresNamed(transaction, caller, workspace, score.id)) {
    bool colleagues = known.experiment != 0 && known.experiment == score.experiment && reach.mayReplace(known);
    if (known.author != caller.actor.name && !colleagues) continue;
    replaceRow(transaction, known.row, score, now);
    return known.author;
  }
  insertRow(transaction, caller, workspace, score, now);
  return caller.actor.name;
}

std::string metadataText(const Score& score, std::string_view member) {
  if (!score.metadata.is_object()) return {};
  const json::value* value = score.metadata.get_object().if_contains(member);
  if (!value) return {};
  if (value->is_string()) return std::string(value->get_string());
  return value->is_int64() ? std::to_string(value->get_int64()) : std::string();
}

/// What a score says about versions: the report it is, or why it can be none, or what its trace may make of it.
struct Meaning {
  std::optional<Report> report;
  std::string fault;
  std::optional<TracedValue> traced;
};

/// Why the config that a score names forbids it; empty: it names none, or fits.
std::string configFault(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                        const Score& score) {
  if (score.config.empty()) return {};
  std::optional<ScoreConfig> config = findScoreConfig(transaction, caller, workspace, score.config);
  return config ? faultAgainst(*config, score) : "configId must name a score config of this project";
}

Meaning meaningOf(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                  const Score& score) {
  if (std::string fault = configFault(transaction, caller, workspace, score); !fault.empty())
    return {.report = {}, .fault = std::move(fault), .traced = {}};
  if (std::string fault = ScoreReach(transaction, caller, workspace).faultOf(score); !fault.empty())
    return {.report = {}, .fault = std::move(fault), .traced = {}};
  if (!score.isNumber()) return {};
  std::string prompt = metadataText(score, "prompt"), selector = metadataText(score, "version");
  if (prompt.empty() || selector.empty()) {
    if (score.trace.empty()) return {};
    return {.report = {},
            .fault = {},
            .traced = TracedValue{
                score.trace, score.observation, score.name, score.value, score.session, {}, score.at, "langfuse"}};
  }
  constexpr std::string_view rule = "metadata must name a version of a prompt that is there: ";
  if (std::string fault = reportFault(caller, workspace, prompt); !fault.empty())
    return {.report = {}, .fault = std::string(rule) + fault, .traced = {}};
  registry::AssetKey key{std::string(workspace), registry::Kind::prompt, prompt};
  try {
    std::int64_t number = registry::resolveVersion(transaction, key, selector).number;
    return {.report = Report{prompt, number, score.name, score.value, score.session, {}, score.at, "langfuse"},
            .fault = {},
            .traced = {}};
  } catch (const Error& e) {
    if (e.code != Code::notFound) throw;
    return {.report = {}, .fault = std::string(rule) + e.message, .traced = {}};
  }
}

/// By which its reports count once. Names of actors contain no '/', so nobody's id makes another's key. Always short
/// enough for a report.
std::string keyOf(const Score& score, std::string_view author) {
  return "score:" + crypto::sha256Hex(fmt::format("{}/{}", author, score.id));
}

}  // namespace

std::vector<std::string> storeScores(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                                     const std::vector<Score>& scores) {
  std::vector<Meaning> meanings = store.read([&](db::Transaction& transaction) {
    std::vector<Meaning> found;
    for (const Score& score : scores) found.push_back(meaningOf(transaction, caller, workspace, score));
    return found;
  });
  std::int64_t now = nowMillis();
  std::vector<std::string> authors = store.write([&](db::Transaction& transaction) {
    ScoreReach reach(transaction, caller, workspace);
    std::vector<std::string> stored(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i)
      if (meanings[i].fault.empty()) stored[i] = storeRow(transaction, caller, workspace, scores[i], reach, now);
    return stored;
  });
  // After a crash here, the client retries: it has no response yet.
  std::vector<Report> reports;
  std::vector<TracedValue> traced;
  std::vector<std::string> faults;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    Meaning& meaning = meanings[i];
    std::string key = keyOf(scores[i], authors[i]);
    faults.push_back(std::move(meaning.fault));
    if (meaning.report) reports.push_back(*std::move(meaning.report)), reports.back().key = key;
    if (meaning.traced) traced.push_back(*std::move(meaning.traced)), traced.back().key = key;
  }
  if (!reports.empty()) report(store, caller, workspace, reports);
  if (!traced.empty()) reportTraced(store, caller, workspace, traced);
  return faults;
}

std::vector<Score> listScores(db::Transaction& transaction, std::string_view workspace, const ScoreFilter& f,
                              std::size_t limit, std::optional<ScorePlace> after, std::size_t skip) {
  std::optional<std::int64_t> at, row;
  if (after) at = after->at, row = after->row;
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM score WHERE {}{} AND ($20 IS NULL OR at < $20 OR (at = $20 AND id < $21)) "
                  "ORDER BY at DESC, id DESC LIMIT $22 OFFSET $23",
                  columns, conditions, byTrace(f)),
      {workspace, f.id,    f.name,        f.type,    f.environment, f.source, f.config, f.queue,
       f.author,  f.trace, f.observation, f.session, f.text,        f.value,  f.least,  f.most,
       f.from,    f.to,    f.datasetRun,  at,        row,           limit,    skip});
  std::vector<Score> found;
  while (rows.next()) found.push_back(readRow(rows));
  return found;
}

std::size_t countScores(db::Transaction& transaction, std::string_view workspace, const ScoreFilter& f) {
  db::Rows rows =
      transaction.query(fmt::format("SELECT COUNT(*) FROM score WHERE {}{}", conditions, byTrace(f)),
                        {workspace, f.id, f.name, f.type, f.environment, f.source, f.config, f.queue, f.author, f.trace,
                         f.observation, f.session, f.text, f.value, f.least, f.most, f.from, f.to, f.datasetRun});
  return rows.next() ? static_cast<std::size_t>(rows.integer(0)) : 0;
}

std::optional<Score> findScore(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                               std::string_view id) {
  ScoreReach reach(transaction, caller, workspace);
  for (Score& score : scoresNamed(transaction, caller, workspace, id))
    if (reach.mayRead(score)) return std::move(score);
  return std::nullopt;
}

std::string scoredPrompt(const Score& score) { return metadataText(score, "prompt"); }

bool deleteScore(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                 std::string_view id) {
  return store.write([&](db::Transaction& transaction) {
    ScoreReach reach(transaction, caller, workspace);
    for (const Score& known : scoresNamed(transaction, caller, workspace, id))
      if (reach.mayReplace(known)) return transaction.run("DELETE FROM score WHERE id = $1", {known.row}) > 0;
    return false;
  });
}

}  // namespace regesta::quality
