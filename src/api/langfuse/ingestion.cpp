#include "api/langfuse/ingestion.h"

#include <algorithm>

#include "api/langfuse/score_wire.h"
#include "base/limits.h"
#include "quality/trace_link.h"

namespace regesta::api::langfuse {
namespace {

struct Event {
  std::string id, type, timestamp;
  RawJson body;
  static constexpr Field fields[] = {field<&Event::id>("id", required), field<&Event::type>("type", required),
                                     field<&Event::timestamp>("timestamp"), field<&Event::body>("body")};
};
struct Batch {
  std::vector<RawJson> batch;
  RawJson metadata;
  static constexpr Field fields[] = {field<&Batch::batch>("batch"), field<&Batch::metadata>("metadata")};
};

/// The used part of an observation: the version of a prompt that it used.
struct Observation {
  std::string id, traceId, promptName;
  std::int64_t promptVersion = 0;
  static constexpr Field fields[] = {
      field<&Observation::id>("id", atMost(static_cast<std::int64_t>(limits::nameLength))),
      field<&Observation::traceId>("traceId", atMost(static_cast<std::int64_t>(limits::nameLength))),
      field<&Observation::promptName>("promptName"), field<&Observation::promptVersion>("promptVersion", atLeast(0))};
};

constexpr std::string_view observationTypes[] = {"trace-create",       "span-create",        "span-update",
                                                 "generation-create",  "generation-update",  "event-create",
                                                 "observation-create", "observation-update", "sdk-log"};

struct Taken {
  std::string id;  ///< of the event; may be empty
  int status = 201;
  std::string message;
};

/// Everything that a batch asks for, checked one by one: a bad event does not keep the others out.
struct Work {
  std::vector<Taken> taken;
  std::vector<quality::Score> scores;
  std::vector<std::size_t> scoreEvents;  ///< whose event each score is
  std::vector<quality::PromptUse> uses;

  void add(const RawJson& raw) {
    Taken& one = taken.emplace_back();
    try {
      json::value value = parseJson(raw.text);
      if (const json::value* id = value.is_object() ? value.get_object().if_contains("id") : nullptr)
        if (id->is_string()) one.id = std::string(id->get_string());
      take(readAs<Event>(value));
    } catch (const Error& e) {
      if (httpStatus(e.code) != 400) throw;
      one.status = 400;
      one.message = e.message;
    }
  }

 private:
  void take(const Event& event) {
    json::value given = parseJson(event.body.text.empty() ? "{}" : event.body.text);
    if (std::ranges::find(observationTypes, event.type) != std::end(observationTypes)) return observe(given);
    if (event.type != "score-create") throw Invalid("type", "is none of the events that are known here");
    auto body = readAs<ScoreBody>(given);
    if (body.id.empty()) body.id = event.id;
    if (body.timestamp.empty()) body.timestamp = event.timestamp;
    scores.push_back(scoreOf(body));
    scoreEvents.push_back(taken.size() - 1);
  }

  void observe(const json::value& body) {
    auto seen = readAs<Observation>(body);
    if (!seen.promptName.empty() && seen.promptVersion > 0 && !seen.traceId.empty())
      uses.push_back({seen.traceId, seen.id, seen.promptName, std::to_string(seen.promptVersion)});
  }
};

json::object resultOf(const std::vector<Taken>& taken) {
  json::array successes, errors;
  for (const Taken& one : taken) {
    if (one.status == 201)
      successes.emplace_back(json::object{{"id", one.id}, {"status", one.status}});
    else
      errors.emplace_back(json::object{
          {"id", one.id}, {"status", one.status}, {"message", "Invalid request data"}, {"error", one.message}});
  }
  return {{"successes", std::move(successes)}, {"errors", std::move(errors)}};
}

Plain ingest(Call& call, const Batch& request) {
  Work work;
  for (const RawJson& raw : request.batch) work.add(raw);
  quality::linkTraces(call.core.store, *call.identity, call.workspace, work.uses);
  std::vector<std::string> faults = quality::storeScores(call.core.store, *call.identity, call.workspace, work.scores);
  for (std::size_t i = 0; i < faults.size(); ++i)
    if (!faults[i].empty()) work.taken[work.scoreEvents[i]] = {work.taken[work.scoreEvents[i]].id, 400, faults[i]};
  Plain answer;
  answer.status = 207;
  answer.body = writeJson(resultOf(work.taken));
  return answer;
}

const Route routes[] = {post("/api/public/ingestion", "Ingest a batch of Langfuse events", writes("scores"), ingest)};

}  // namespace

std::span<const Route> ingestionRoutes() { return routes; }

}  // namespace regesta::api::langfuse
