#include "quality/score.h"

#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "db/columns.h"
#include "quality/score_config.h"
#include "quality/score_reach.h"
#include "quality/trace_link.h"
#include "registry/version.h"

namespace regesta::quality {
namespace {

constexpr std::string_view columns =
    "id, score_id, name, type, value, text, trace, observation, session, dataset_run, comment, metadata, environment, "
    "config, source, queue, author, at, created_at, updated_at";

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
          .at = rows.integer(at["at"]),
          .createdAt = rows.integer(at["created_at"]),
          .updatedAt = rows.integer(at["updated_at"])};
}

/// Who gave a score first stays its author.
void storeRow(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
              const Score& score, std::int64_t now) {
  transaction.run(
      "INSERT INTO score (workspace, score_id, name, type, value, text, trace, observation, session, dataset_run, "
      "comment, metadata, environment, config, source, queue, author, at, created_at, updated_at) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19) "
      "ON CONFLICT (workspace, score_id) DO UPDATE SET name = excluded.name, type = excluded.type, "
      "value = excluded.value, text = excluded.text, trace = excluded.trace, observation = excluded.observation, "
      "session = excluded.session, dataset_run = excluded.dataset_run, comment = excluded.comment, "
      "metadata = excluded.metadata, environment = excluded.environment, config = excluded.config, "
      "source = excluded.source, queue = excluded.queue, at = excluded.at, "
      "updated_at = excluded.updated_at",
      {workspace, score.id, score.name, score.type, score.value, score.text, score.trace, score.observation,
       score.session, score.datasetRun, score.comment, writeJson(score.metadata), score.environment, score.config,
       score.source, score.queue, caller.actor.name, score.at ? score.at : now, now});
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

/// Whether the caller may change the score with this id; true if there is none. Uses the index on ids, because lists of
/// scores are checked one by one.
bool mayReplace(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                std::string_view id) {
  db::Rows rows = transaction.query("SELECT metadata, trace, author FROM score WHERE workspace = $1 AND score_id = $2",
                                    {workspace, id});
  if (!rows.next()) return true;
  Score known{.trace = rows.text(1), .metadata = parseJson(rows.view(0)), .author = rows.text(2)};
  return ScoreReach(transaction, caller, workspace).mayReplace(known);
}

Meaning meaningOf(db::Transaction& transaction, const access::Identity& caller, std::string_view workspace,
                  const Score& score) {
  if (std::string fault = configFault(transaction, caller, workspace, score); !fault.empty())
    return {.report = {}, .fault = std::move(fault), .traced = {}};
  if (!mayReplace(transaction, caller, workspace, score.id))
    return {.report = {}, .fault = "id is used by another score", .traced = {}};
  if (std::string fault = ScoreReach(transaction, caller, workspace).faultOf(score); !fault.empty())
    return {.report = {}, .fault = std::move(fault), .traced = {}};
  if (!score.isNumber()) return {};
  std::string prompt = metadataText(score, "prompt"), selector = metadataText(score, "version"),
              id = "score:" + score.id;
  if (prompt.empty() || selector.empty()) {
    if (score.trace.empty()) return {};
    return {.report = {},
            .fault = {},
            .traced = TracedValue{score.trace, score.observation, score.name, score.value, score.session, id, score.at,
                                  "langfuse"}};
  }
  constexpr std::string_view rule = "metadata must name a version of a prompt that is there: ";
  if (std::string fault = reportFault(caller, workspace, prompt); !fault.empty())
    return {.report = {}, .fault = std::string(rule) + fault, .traced = {}};
  registry::AssetKey key{std::string(workspace), registry::Kind::prompt, prompt};
  try {
    std::int64_t number = registry::resolveVersion(transaction, key, selector).number;
    return {.report = Report{prompt, number, score.name, score.value, score.session, id, score.at, "langfuse"},
            .fault = {},
            .traced = {}};
  } catch (const Error& e) {
    if (e.code != Code::notFound) throw;
    return {.report = {}, .fault = std::string(rule) + e.message, .traced = {}};
  }
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
  store.write([&](db::Transaction& transaction) {
    for (std::size_t i = 0; i < scores.size(); ++i)
      if (meanings[i].fault.empty()) storeRow(transaction, caller, workspace, scores[i], now);
  });
  // After a crash here, the client retries: it has no response yet.
  std::vector<Report> reports;
  std::vector<TracedValue> traced;
  std::vector<std::string> faults;
  for (Meaning& meaning : meanings) {
    if (meaning.report) reports.push_back(*std::move(meaning.report));
    if (meaning.traced) traced.push_back(*std::move(meaning.traced));
    faults.push_back(std::move(meaning.fault));
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

std::optional<Score> findScore(db::Transaction& transaction, std::string_view workspace, std::string_view id) {
  std::vector<Score> found = listScores(transaction, workspace, {.id = std::string(id)}, 1, std::nullopt);
  return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
}

std::string scoredPrompt(const Score& score) { return metadataText(score, "prompt"); }

bool deleteScore(registry::Store& store, const access::Identity& caller, std::string_view workspace,
                 std::string_view id) {
  return store.write([&](db::Transaction& transaction) {
    if (!mayReplace(transaction, caller, workspace, id)) return false;
    return transaction.run("DELETE FROM score WHERE workspace = $1 AND score_id = $2", {workspace, id}) > 0;
  });
}

}  // namespace regesta::quality
