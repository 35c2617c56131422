#include "api/wandb/run_stream.h"

#include <limits>

#include "api/wandb/run_object.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "tracking/history.h"
#include "tracking/record.h"
#include "tracking/rules.h"
#include "tracking/seal.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;

constexpr std::int64_t lastOffset = 1'000'000'000'000;

struct Part {
  std::int64_t offset = 0;
  std::vector<std::string> lines;
};

Part partOf(const json::object& files, std::string_view name) {
  Part part;
  const json::value* file = files.if_contains(name);
  if (!file || !file->is_object()) return part;
  part.offset = memberInteger(file->get_object(), "offset");
  if (part.offset < 0 || part.offset > lastOffset)
    throw Invalid("offset", fmt::format("must be from 0 to {}", lastOffset));
  if (const json::value* content = file->get_object().if_contains("content"); content && content->is_array())
    for (const json::value& line : content->get_array())
      if (line.is_string()) part.lines.emplace_back(line.get_string());
  return part;
}

std::optional<double> numberOf(const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  if (value.is_bool()) return value.get_bool() ? 1 : 0;
  if (!value.is_string()) return std::nullopt;
  if (value.get_string() == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (value.get_string() == "Infinity") return std::numeric_limits<double>::infinity();
  if (value.get_string() == "-Infinity") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

bool isKey(const std::string& name) {
  try {
    tracking::checkKey(name, "key");
    tracking::checkLength("key", limits::trackingKeyLength, name);
    return true;
  } catch (const Error&) {
    return false;
  }
}

/// The numbers of a line, also those of nested objects. Media and other objects of clients ("_type") have none.
void addPoints(std::vector<tracking::Metric>& points, const json::object& line, std::string_view prefix,
               std::int64_t step, std::int64_t time, int depth = 0) {
  for (const auto& [key, value] : line) {
    if (key.starts_with("_")) continue;
    std::string name = fmt::format("{}{}", prefix, std::string_view(key));
    if (value.is_object() && !value.get_object().contains("_type") && depth < 8)
      addPoints(points, value.get_object(), name + ".", step, time, depth + 1);
    else if (auto number = numberOf(value); number && isKey(name))
      points.push_back({.key = name, .value = *number, .timestamp = time, .step = step});
  }
}

std::int64_t timeOf(const json::object& line, std::int64_t now) {
  const json::value* time = line.if_contains("_timestamp");
  double millis = time && time->is_number() ? time->to_number<double>() * 1000 : -1;
  return millis >= 0 && millis < 1e15 ? static_cast<std::int64_t>(millis) : now;
}

/// Lines read before the transaction, because there is one writer at a time.
struct Prepared {
  std::int64_t offset = 0;
  std::vector<std::string> lines;  ///< as they are stored: numbers that JSON has no name for are texts
  std::vector<std::vector<tracking::Metric>> points;
};

Prepared prepare(Part part, bool history, std::int64_t now) {
  Prepared made{.offset = part.offset, .lines = {}, .points = {}};
  std::int64_t number = part.offset;
  for (std::string& line : part.lines) {
    bool plain = line.find("NaN") == std::string::npos && line.find("Infinity") == std::string::npos;
    json::value read = plain ? parseJson(line) : looseJson(line);
    if (!read.is_object()) throw Invalid("files", "each line must be a JSON object");
    const json::object& object = read.get_object();
    std::int64_t step = history ? memberInteger(object, "_step") : number++;
    addPoints(made.points.emplace_back(), object, "", step, timeOf(object, now));
    made.lines.push_back(plain ? std::move(line) : writeJson(read));
  }
  return made;
}

/// Stores the lines that are new, and their points. Returns whether there are any.
bool append(db::Transaction& transaction, RunRecord& record, Stream stream, const Prepared& prepared,
            std::vector<tracking::Metric>& points) {
  std::size_t fresh = appendLines(transaction, record, stream, prepared.offset, prepared.lines).size();
  for (std::size_t at = prepared.points.size() - fresh; at < prepared.points.size(); ++at)
    points.insert(points.end(), prepared.points[at].begin(), prepared.points[at].end());
  return fresh > 0;
}

tracking::Run take(db::Transaction& transaction, const Call& call, const RunName& name, const json::object& files,
                   const Prepared& history, const Prepared& events) {
  RunRecord record = getRecord(call, transaction, name, Verb::write);
  std::vector<tracking::Metric> points;
  std::string before = record.summary;
  bool changed = append(transaction, record, Stream::history, history, points);
  changed |= append(transaction, record, Stream::events, events, points);
  Part logs = partOf(files, "output.log");
  changed |= !appendLines(transaction, record, Stream::logs, logs.offset, std::move(logs.lines)).empty();
  if (Part summary = partOf(files, "wandb-summary.json"); !summary.lines.empty())
    record.summary = writeJson(looseJson(summary.lines.back()));
  record.heartbeatAt = nowMillis();
  saveRecord(transaction, record);
  if (points.empty() && (changed || record.summary != before))
    tracking::saveRun(transaction, record.run);  // counts the write
  else
    tracking::logPoints(transaction, record.run, points);
  return record.run;
}

}  // namespace

bool takeFileStream(const Call& call, const RunName& name, const json::value& body) {
  if (!body.is_object()) throw Invalid("body", "must be a JSON object");
  const json::object& request = body.get_object();
  const json::value* given = request.if_contains("files");
  const json::object files = given && given->is_object() ? given->get_object() : json::object{};
  const Prepared history = prepare(partOf(files, "wandb-history.jsonl"), true, nowMillis());
  const Prepared events = prepare(partOf(files, "wandb-events.jsonl"), false, nowMillis());
  bool stop = call.core.store.change(call.actor(), [&](registry::Change& change) {
    tracking::Run run = take(change.transaction, call, name, files, history, events);
    tracking::recordWrite(change, call.workspace, run.runId);
    return shouldStop(run);
  });
  if (request.contains("complete") && request.at("complete") == json::value(true)) {
    RunRecord record = call.core.store.read(
        [&](db::Transaction& transaction) { return getRecord(call, transaction, name, Verb::write); });
    bool failed = memberInteger(request, "exitcode") != 0;
    if (tracking::isTerminal(record.run.status)) return false;
    tracking::updateRun(call.core.store, call.actor(), call.workspace, record.run.runId,
                        {.status = failed ? tracking::RunStatus::failed : tracking::RunStatus::finished,
                         .endTime = nowMillis(),
                         .name = {}});
    tracking::compactHistory(call.core.store, call.workspace, record.run.runId);
  }
  return stop;
}

}  // namespace regesta::api::wandb
