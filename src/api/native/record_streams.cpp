#include "api/native/front.h"
#include "api/native/records.h"
#include "api/streaming.h"
#include "base/limits_records.h"

namespace regesta::api::native {
namespace {

/// POST /api/v1/records: JSON Lines, one record each. All of them are stored, or none.
Task addRecords(http::Exchange& exchange, Core& core) {
  Collected body = co_await collect(exchange);
  std::optional<Call> call;
  http::Response answer;
  answer.status = 201;
  co_await exchange.waiting([&] {
    call.emplace(admit(core, exchange.request(), writes("records"), dialect()));
    answer.body =
        writeAs(sealRecords(*call, body.text, exchange.request().headers.get("Idempotency-Key").value_or("")));
  });
  co_await exchange.respond(std::move(answer));
}

const StreamRoute recordRoutes[] = {
    {"POST", "/api/v1/records", "Add decision records", writes("the models and prompts that the records cite"),
     makeStream<addRecords>, limits::recordBatchBytes},
};

}  // namespace

std::span<const StreamRoute> recordStreams() { return recordRoutes; }

}  // namespace regesta::api::native
