#include "api/system.h"

#include "api/native/front.h"
#include "base/metrics.h"
#include "ledger/log.h"

namespace regesta::api {
namespace {

Plain ready(Call& call, const Nothing&) {
  // Answers only when the database does, and says how far the ledger is.
  call.core.store.read([](db::Session& session) { session.query("SELECT 1").next(); });
  Plain answer;
  answer.body =
      fmt::format(R"({{"status":"ready","version":"{}","ledger_size":{}}})", call.core.version, call.core.log.size());
  return answer;
}

Plain metrics(Call&, const Nothing&) {
  Plain answer;
  answer.contentType = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = renderMetrics();
  return answer;
}

Plain openApiDocument(Call& call, const Nothing&) {
  static const std::string document = wholeOpenApi(call.core.version);
  Plain answer;
  answer.body = document;
  return answer;
}

const Route routes[] = {
    get("/ready", open(), ready),
    get("/metrics", open(), metrics),
    get("/openapi.json", open(), openApiDocument),
};

}  // namespace

Front systemFront() { return {native::dialect(), routes}; }

}  // namespace regesta::api
