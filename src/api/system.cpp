#include "api/system.h"

#include "api/native/front.h"
#include "base/metrics.h"
#include "base/time.h"
#include "ledger/log.h"
#include "ledger/timestamping.h"
#include "ledger/witnessing.h"

namespace regesta::api {
namespace {

/// The names and addresses of witnesses are in the server's log and settings.
json::object witnessState(const ledger::Witnessing::Summary& summary) {
  std::size_t failing = 0;
  for (const ledger::Witnessing::State& state : summary.witnesses) failing += state.fault.empty() ? 0U : 1U;
  json::object said{{"required", summary.required}, {"witnesses", summary.witnesses.size()},
                    {"failing", failing},           {"cosigned_size", summary.size},
                    {"cosigned_at", nullptr},       {"conflict", summary.conflict}};
  if (summary.time > 0) said["cosigned_at"] = formatTime(summary.time * 1000);
  return said;
}

Plain ready(Call& call, const Empty&) {
  // Answers only when the database does, and says how far the ledger is.
  call.core.store.read([](db::Transaction& transaction) { transaction.query("SELECT 1").next(); });
  if (!call.core.store.acceptsWrites())
    throw Error(Code::unavailable, "the disk failed to store earlier data: restart the server");
  Plain answer;
  json::object body{{"status", "ready"}, {"version", call.core.version}, {"ledger_size", call.core.log.size()}};
  if (call.core.log.witnessing()) body["witnesses"] = witnessState(call.core.log.witnessing()->summary());
  if (call.core.log.timestamping() && !call.core.log.timestamping()->fault().empty())
    body["timestamps"] = "the time-stamping authority cannot be used at the moment; the server's log has the reason";
  // An outage of the object store does not make it unready: other servers use the same one.
  // The reasons name hosts and buckets, which not everyone may know.
  if (!call.core.blobs.outage().empty())
    body["blobs"] = "the object store cannot be used at the moment; the server's log has the reason";
  if (!call.core.blobs.misplaced().empty()) {
    body["status"] = "not ready";
    body["blobs"] = "content of the database is stored elsewhere; see the server's log or run regesta doctor";
    answer.status = httpStatus(Code::unavailable);
  }
  answer.body = json::serialize(body);
  return answer;
}

Plain metrics(Call&, const Empty&) {
  Plain answer;
  answer.contentType = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = renderMetrics();
  return answer;
}

Plain openApiDocument(Call& call, const Empty&) {
  static const std::string document = renderOpenApi(call.core.version);
  Plain answer;
  answer.body = document;
  return answer;
}

const Route routes[] = {
    get("/ready", "Check that the server is ready", open(), ready),
    get("/metrics", "Get metrics for Prometheus", open(), metrics),
    get("/openapi.json", "Get this OpenAPI document", open(), openApiDocument),
};

}  // namespace

Front systemFront() { return {native::dialect(), routes}; }

}  // namespace regesta::api
