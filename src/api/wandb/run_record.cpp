#include "api/wandb/run_record.h"

#include <algorithm>

#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "tracking/experiment.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::size_t linesInRow = 1000;

constexpr std::string_view recordColumns =
    "w.name, w.config, w.summary, w.created_at, w.heartbeat_at, w.history, w.events, w.logs, r.run_id";

RunRecord readRecord(db::Transaction& transaction, const tracking::Experiment& project, const db::Rows& rows) {
  RunRecord record{.run = {},
                   .entity = project.workspace,
                   .project = project.name,
                   .name = rows.text(0),
                   .config = rows.text(1),
                   .summary = rows.text(2),
                   .createdAt = rows.integer(3),
                   .heartbeatAt = rows.integer(4),
                   .history = rows.integer(5),
                   .events = rows.integer(6),
                   .logs = rows.integer(7)};
  record.run = tracking::getRun(transaction, project.workspace, rows.text(8));
  return record;
}

std::string_view nameOf(Stream stream) {
  return stream == Stream::history ? "history" : stream == Stream::events ? "events" : "logs";
}
std::int64_t& countOf(RunRecord& record, Stream stream) {
  return stream == Stream::history ? record.history : stream == Stream::events ? record.events : record.logs;
}

std::vector<std::string> linesOf(std::string_view body) {
  std::vector<std::string> lines;
  for (std::string_view line : split(body, '\n')) lines.emplace_back(line);
  return lines;
}

/// Removes what is stored from line `first` on.
void cut(db::Transaction& transaction, std::int64_t run, Stream stream, std::int64_t first) {
  std::int64_t start = -1;
  std::vector<std::string> kept;
  {
    db::Rows rows = transaction.query(
        "SELECT first, body FROM wandb_line WHERE run = $1 AND stream = $2 AND first < $3 AND first + lines > $3",
        {run, nameOf(stream), first});
    if (rows.next()) {
      start = rows.integer(0);
      kept = linesOf(rows.text(1));
    }
  }
  transaction.run("DELETE FROM wandb_line WHERE run = $1 AND stream = $2 AND (first >= $3 OR first = $4)",
                  {run, nameOf(stream), first, start});
  if (start < 0) return;
  kept.resize(static_cast<std::size_t>(first - start));
  transaction.run("INSERT INTO wandb_line (run, stream, first, lines, body) VALUES ($1, $2, $3, $4, $5)",
                  {run, nameOf(stream), start, static_cast<std::int64_t>(kept.size()), join(kept, "\n")});
}

}  // namespace

std::optional<tracking::Experiment> findProject(const Call& call, db::Transaction& transaction, std::string_view name) {
  std::optional<tracking::Experiment> found =
      tracking::findExperimentByName(transaction, call.workspace, name.empty() ? defaultProject : name);
  if (!found || found->deleted || !call.identity->may(Verb::read, call.workspace, found->name)) return std::nullopt;
  return found;
}

tracking::Experiment makeProject(const Call& call, std::string_view name) {
  std::string named(name.empty() ? defaultProject : name);
  call.require(Verb::write, named);
  auto known = call.core.store.read(
      [&](db::Transaction& transaction) { return tracking::findExperimentByName(transaction, call.workspace, named); });
  if (!known)
    return call.core.store.change(call.actor(), [&](registry::Change& change) {
      auto meanwhile = tracking::findExperimentByName(change.transaction, call.workspace, named);
      if (meanwhile) return *std::move(meanwhile);
      return tracking::createExperiment(change, call.workspace, named, "", {}, call.core.artifactRoot);
    });
  tracking::requireActive(*known);
  return *std::move(known);
}

std::optional<RunRecord> findRecord(db::Transaction& transaction, const tracking::Experiment& project,
                                    std::string_view name) {
  db::Rows rows = transaction.query(
      fmt::format("SELECT {} FROM wandb_run w JOIN run r ON r.id = w.run WHERE w.experiment = $1 AND w.name = $2",
                  recordColumns),
      {project.id, name});
  if (rows.next()) return readRecord(transaction, project, rows);
  std::optional<tracking::Run> run = tracking::findRun(transaction, project.workspace, name);
  if (!run || run->experiment != project.id || run->deleted) return std::nullopt;
  RunRecord record{
      .run = *std::move(run), .entity = project.workspace, .project = project.name, .name = std::string(name)};
  record.createdAt = record.heartbeatAt = record.run.startTime;
  return record;
}

RunRecord getRecord(const Call& call, db::Transaction& transaction, const RunName& name, Verb verb) {
  auto project = findProject(call, transaction, name.project);
  std::optional<RunRecord> record;
  if (project) record = findRecord(transaction, *project, name.run);
  if (!record || record->run.deleted)
    throw error(Code::notFound, "there is no run '{}' in project '{}/{}'", shorten(name.run, 100), call.workspace,
                shorten(name.project, 100));
  call.require(verb, project->name);
  return *std::move(record);
}

std::vector<RunRecord> listRecords(db::Transaction& transaction, const tracking::Experiment& project) {
  std::vector<RunRecord> records;
  db::Rows rows = transaction.query(
      "SELECT r.run_id, w.name FROM run r LEFT JOIN wandb_run w ON w.run = r.id WHERE "
      "r.experiment = $1 AND r.stage = 0 ORDER BY r.start_time DESC, r.id DESC LIMIT 5000",
      {project.id});
  while (rows.next())
    if (auto record = findRecord(transaction, project, rows.isNull(1) ? rows.text(0) : rows.text(1)))
      records.push_back(*std::move(record));
  return records;
}

void saveRecord(db::Transaction& transaction, const RunRecord& record) {
  transaction.run(
      "UPDATE wandb_run SET config = $2, summary = $3, heartbeat_at = $4, history = $5, events = $6, logs = $7 "
      "WHERE run = $1",
      {record.run.row, record.config, record.summary, record.heartbeatAt, record.history, record.events, record.logs});
}

void nameRecord(db::Transaction& transaction, RunRecord& record) {
  record.createdAt = record.heartbeatAt = nowMillis();
  transaction.run("INSERT INTO wandb_run (run, experiment, name, created_at, heartbeat_at) VALUES ($1, $2, $3, $4, $4)",
                  {record.run.row, record.run.experiment, record.name, record.createdAt});
}

std::vector<std::string> appendLines(db::Transaction& transaction, RunRecord& record, Stream stream,
                                     std::int64_t offset, std::vector<std::string> lines) {
  std::int64_t& count = countOf(record, stream);
  std::int64_t known = std::clamp<std::int64_t>(count - offset, 0, static_cast<std::int64_t>(lines.size()));
  if (stream == Stream::logs && known > 0)
    cut(transaction, record.run.row, stream, offset);
  else
    lines.erase(lines.begin(), lines.begin() + known);
  for (std::string& line : lines) std::replace(line.begin(), line.end(), '\n', ' ');
  std::int64_t first = stream == Stream::logs ? offset : std::max(offset, count);
  for (std::size_t at = 0; at < lines.size(); at += linesInRow) {
    std::vector<std::string> piece(
        lines.begin() + static_cast<std::ptrdiff_t>(at),
        lines.begin() + static_cast<std::ptrdiff_t>(std::min(lines.size(), at + linesInRow)));
    transaction.run("INSERT INTO wandb_line (run, stream, first, lines, body) VALUES ($1, $2, $3, $4, $5)",
                    {record.run.row, nameOf(stream), first + static_cast<std::int64_t>(at),
                     static_cast<std::int64_t>(piece.size()), join(piece, "\n")});
  }
  if (!lines.empty())
    count = std::max(stream == Stream::logs ? 0 : count, first + static_cast<std::int64_t>(lines.size()));
  return lines;
}

std::vector<std::string> readLines(db::Transaction& transaction, const RunRecord& record, Stream stream,
                                   std::int64_t first, std::size_t most) {
  std::vector<std::string> found;
  db::Rows rows = transaction.query(
      "SELECT first, body FROM wandb_line WHERE run = $1 AND stream = $2 AND first + lines > $3 "
      "ORDER BY first",
      {record.run.row, nameOf(stream), first});
  while (found.size() < most && rows.next()) {
    std::int64_t number = rows.integer(0);
    for (std::string& line : linesOf(rows.text(1)))
      if (number++ >= first && found.size() < most) found.push_back(std::move(line));
  }
  return found;
}

}  // namespace regesta::api::wandb
