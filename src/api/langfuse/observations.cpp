#include "api/langfuse/observations.h"

#include <algorithm>
#include <functional>
#include <map>

#include "api/langfuse/dialect.h"
#include "api/langfuse/observation_wire.h"
#include "api/langfuse/score_wire.h"
#include "api/tracking_scope.h"
#include "base/encoding.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/score_reach.h"

namespace regesta::api::langfuse {
namespace {

using telemetry::Span;
using telemetry::Trace;

struct ObservationQuery {
  std::string fields_ = "core,basic", cursor, name, userId, sessionId, type, traceId, level, version, filter,
              fromStartTime, toStartTime;
  std::optional<std::string> parentObservationId;
  std::optional<bool> isRootObservation;
  bool parseIoAsJson = false;
  std::vector<std::string> environment;
  std::int64_t limit = 50;
  static constexpr Field fields[] = {
      field<&ObservationQuery::fields_>("fields",
                                        about("core, basic, time, io, metadata, model, usage, prompt, metrics, "
                                              "trace_context")),
      field<&ObservationQuery::cursor>("cursor"),
      field<&ObservationQuery::name>("name"),
      field<&ObservationQuery::userId>("userId"),
      field<&ObservationQuery::sessionId>("sessionId"),
      field<&ObservationQuery::type>("type"),
      field<&ObservationQuery::traceId>("traceId"),
      field<&ObservationQuery::level>("level"),
      field<&ObservationQuery::version>("version"),
      field<&ObservationQuery::filter>("filter", about("not supported: use the other members")),
      field<&ObservationQuery::fromStartTime>("fromStartTime"),
      field<&ObservationQuery::toStartTime>("toStartTime"),
      field<&ObservationQuery::parentObservationId>("parentObservationId", about("empty: those without a parent")),
      field<&ObservationQuery::isRootObservation>("isRootObservation"),
      field<&ObservationQuery::parseIoAsJson>("parseIoAsJson"),
      field<&ObservationQuery::environment>("environment"),
      field<&ObservationQuery::limit>("limit", atLeast(1) | atMost(1000))};
};

/// How many traces one request looks into when it names none.
constexpr std::int64_t tracesLookedAt = 1000;

/// What the query asks of an observation, read once.
struct Filter {
  const ObservationQuery& query;
  std::optional<std::int64_t> from, to;

  explicit Filter(const ObservationQuery& query)
      : query(query), from(timeOf("fromStartTime", query.fromStartTime)), to(timeOf("toStartTime", query.toStartTime)) {
    if (!query.filter.empty())
      throw Invalid("filter", "is not supported here; use parameters such as name, type and traceId");
    if (query.parseIoAsJson) throw Invalid("parseIoAsJson", "is deprecated; input and output are texts");
  }

  bool admits(const Observation& one) const {
    const Span& span = one.span();
    std::int64_t at = span.startNs / 1'000'000;
    auto is = [](const std::string& request, const std::string& has) { return request.empty() || request == has; };
    return (!from || at >= *from) && (!to || at < *to) && is(query.name, span.name) && is(query.type, one.type()) &&
           is(query.level, one.level()) && is(query.version, one.version()) && is(query.userId, one.user()) &&
           is(query.sessionId, one.session()) &&
           (!query.parentObservationId || *query.parentObservationId == span.parentId) &&
           (!query.isRootObservation || *query.isRootObservation == one.isRoot()) && inEnvironment(one);
  }

 private:
  bool inEnvironment(const Observation& one) const {
    return query.environment.empty() ||
           std::ranges::find(query.environment, one.environment()) != query.environment.end();
  }
};

/// The newest that the caller may read.
std::vector<Trace> newestFor(db::Transaction& transaction, const Call& call, std::int64_t most) {
  std::vector<Trace> traces = telemetry::newestTraces(transaction, call.workspace, most);
  telemetry::Reach reach = reachOf(call, access::Verb::read, transaction);
  std::map<std::int64_t, bool> readable;
  std::erase_if(traces, [&](const Trace& trace) {
    auto [known, fresh] = readable.try_emplace(trace.experiment, false);
    if (fresh) known->second = reach(trace.experiment);
    return !known->second;
  });
  return traces;
}

/// The trace with this id that the caller may read. Langfuse's SDKs name a trace by its 32 digits, MLflow's with "tr-"
/// before.
std::optional<Trace> findFor(db::Transaction& transaction, const Call& call, const std::string& traceId) {
  telemetry::Reach reach = reachOf(call, access::Verb::read, transaction);
  auto found = telemetry::findTrace(transaction, call.workspace, traceId, reach);
  return found ? found : telemetry::findTrace(transaction, call.workspace, telemetry::prefixedTraceId(traceId), reach);
}

std::vector<Trace> tracesFor(db::Transaction& transaction, const Call& call, const std::string& traceId) {
  if (traceId.empty()) return newestFor(transaction, call, tracesLookedAt);
  std::optional<Trace> one = findFor(transaction, call, traceId);
  return one ? std::vector{*std::move(one)} : std::vector<Trace>();
}

/// How many observations earlier pages have shown.
std::int64_t shownBefore(const std::string& cursor) {
  if (cursor.empty()) return 0;
  auto text = base64Decode(cursor);
  auto count = text ? parseInteger(*text) : std::nullopt;
  if (!count || *count < 0) throw Invalid("cursor", "must be the cursor of an earlier answer");
  return *count;
}

Plain listObservations(Call& call, const ObservationQuery& query) {
  Filter filter(query);
  std::int64_t skip = shownBefore(query.cursor), seen = 0;
  json::array data;
  bool more = false;
  std::size_t size = 0;
  call.core.store.read([&](db::Transaction& transaction) {
    for (const Trace& trace : tracesFor(transaction, call, query.traceId)) {
      std::vector<Span> spans = telemetry::spansOf(transaction, trace);
      std::ranges::stable_sort(spans, std::greater<>(), &Span::startNs);
      for (const Span& span : spans) {
        Observation one(span, trace);
        if (!filter.admits(one) || seen++ < skip) continue;
        more = std::ssize(data) == query.limit || size > limits::spansAnswer;
        if (more) return;
        data.emplace_back(one.shown(query.fields_, call.workspace));
        size += writeJson(data.back()).size();
      }
    }
  });
  json::object meta;
  if (more) meta["cursor"] = base64Encode(std::to_string(skip + std::ssize(data)));
  Plain answer;
  answer.body = writeJson(json::object{{"data", std::move(data)}, {"meta", std::move(meta)}});
  return answer;
}

struct TracePath {
  std::string traceId;
  static constexpr Field fields[] = {field<&TracePath::traceId>("traceId", required)};
};

json::array scoresOf(db::Transaction& transaction, const Call& call, const Trace& trace, const std::string& traceId) {
  json::array scores;
  constexpr std::size_t most = 1000;
  for (const quality::Score& score :
       quality::readableScores(transaction, *call.identity, call.workspace, {.trace = traceId}, most, std::nullopt))
    if (score.experiment == 0 || score.experiment == trace.experiment)
      scores.emplace_back(scoreJson(score, call.workspace));
  return scores;
}

/// A trace as SDKs before 5.10 read it: the fields of its root, with all observations and scores. Nothing: it has no
/// spans. Without `whole`, all observations but the first have their core only.
std::optional<json::object> traceJson(db::Transaction& transaction, const Call& call, const Trace& trace,
                                      std::string_view id, bool whole) {
  constexpr std::string_view all = "basic,time,io,metadata,model,usage,prompt,metrics,trace_context";
  std::vector<Span> spans = telemetry::spansOf(transaction, trace);
  if (spans.empty()) return std::nullopt;
  json::array observations;
  for (const Span& span : spans)
    observations.emplace_back(
        Observation(span, trace).shown(whole || observations.empty() ? all : "core", call.workspace));
  json::object shown = observations.front().get_object();
  shown["id"] = id;
  shown["timestamp"] = shown.at("startTime");
  shown["name"] = shown.at("traceName").is_null() ? shown.at("name") : shown.at("traceName");
  shown["htmlPath"] = "";
  shown["observations"] = std::move(observations);
  shown["scores"] = scoresOf(transaction, call, trace, std::string(id));
  return shown;
}

Plain getTrace(Call& call, const TracePath& path) {
  return call.core.store.read([&](db::Transaction& transaction) {
    std::optional<Trace> found = findFor(transaction, call, path.traceId);
    auto shown = found ? traceJson(transaction, call, *found, path.traceId, true) : std::nullopt;
    if (!shown) throw error(Code::notFound, "Trace {} not found within authorized project", path.traceId);
    Plain answer;
    answer.body = writeJson(*shown);
    return answer;
  });
}

struct TraceQuery {
  std::int64_t page = 1, limit = 50;
  static constexpr Field fields[] = {field<&TraceQuery::page>("page", atLeast(1) | atMost(10'000)),
                                     field<&TraceQuery::limit>("limit", atLeast(1) | atMost(100))};
};

/// Ids in place of what a trace consists of.
json::array idsOf(const json::value& list) {
  json::array ids;
  for (const json::value& one : list.as_array()) ids.push_back(one.at("id"));
  return ids;
}

/// Newest first.
Plain listTraces(Call& call, const TraceQuery& query) {
  constexpr std::int64_t mostTraces = 10'000;
  if (query.page * query.limit > mostTraces)
    throw Invalid("page", fmt::format("must be within the newest {} traces; list observations by time for older ones",
                                      mostTraces));
  return call.core.store.read([&](db::Transaction& transaction) {
    std::vector<Trace> traces = newestFor(transaction, call, mostTraces);
    json::array data;
    for (auto at = static_cast<std::size_t>((query.page - 1) * query.limit);
         at < std::min(traces.size(), static_cast<std::size_t>(query.page * query.limit)); ++at) {
      std::string_view id = traces[at].traceId;
      if (id.starts_with("tr-")) id.remove_prefix(3);
      auto shown = traceJson(transaction, call, traces[at], id, false);
      if (!shown) continue;
      for (std::string_view part : {"observations", "scores"}) (*shown)[part] = idsOf(shown->at(part));
      data.emplace_back(*std::move(shown));
    }
    std::int64_t total = std::ssize(traces);
    Plain answer;
    answer.body =
        writeJson(json::object{{"data", std::move(data)},
                               {"meta", json::object{{"page", query.page},
                                                     {"limit", query.limit},
                                                     {"totalItems", total},
                                                     {"totalPages", (total + query.limit - 1) / query.limit}}}});
    return answer;
  });
}

const Route routes[] = {
    get("/api/public/v2/observations", "List observations", searching(reads("traces")), listObservations),
    get("/api/public/traces", "List traces", scanning(reads("traces")), listTraces),
    get("/api/public/traces/{traceId}", "Get a trace with its observations", searching(reads("traces")), getTrace),
};

}  // namespace

std::span<const Route> observationRoutes() { return routes; }

}  // namespace regesta::api::langfuse
