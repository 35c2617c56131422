// Trace exports from anybody. The first byte chooses protobuf or JSON. Whatever is taken has well-formed ids and times,
// can be stored as a row and read back the same, and its figures are finite.
// rooms: api
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "api/mlflow/trace_wire.h"
#include "api/otlp.h"
#include "base/error.h"

using namespace regesta;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  api::otlp::Batch batch;
  try {
    batch = api::otlp::decode(body, data[0] % 2 ? api::otlp::Encoding::json : api::otlp::Encoding::protobuf);
  } catch (const Error& refused) {
    require(refused.code == Code::invalid);
    return 0;
  }
  for (const telemetry::Span& span : batch.spans) {
    require(span.traceId.size() == 32 && span.spanId.size() == 16);
    require(span.startNs >= 0 && span.endNs >= 0);
    std::string packed = telemetry::packSpan(span);
    telemetry::Span again;
    telemetry::unpackSpan(packed, again);
    require(telemetry::packSpan(again) == packed);
    if (auto usage = telemetry::usageOf(span)) require(usage->input >= 0 && usage->output >= 0);
    if (auto cost = telemetry::costOf(span)) require(std::isfinite(*cost));
    span.type();
  }
  if (auto usage = telemetry::usageOf(batch.spans)) require(usage->total >= 0);
  parseJson(api::mlflow::wire::traceFileOf(batch.spans));
  return 0;
}
