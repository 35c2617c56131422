#include "api/mlflow/trace_scope.h"
#include "api/mlflow/trace_wire.h"
#include "api/mlflow/traces.h"
#include "api/tracking_scope.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "quality/trace_quality.h"

namespace regesta::api::mlflow {
namespace {

using access::Verb;

struct AssessmentRef {
  std::string trace_id, assessment_id;
  static constexpr Field fields[] = {field<&AssessmentRef::trace_id>("trace_id", required),
                                     field<&AssessmentRef::assessment_id>("assessment_id", required)};
};
struct CreateRequest {
  std::string trace_id;
  std::optional<wire::Assessment> assessment;
  static constexpr Field fields[] = {field<&CreateRequest::trace_id>("trace_id", required),
                                     field<&CreateRequest::assessment>("assessment", required)};
};
struct UpdateRequest {
  std::string trace_id, assessment_id;
  std::optional<wire::Assessment> assessment;
  std::string update_mask;
  static constexpr Field fields[] = {field<&UpdateRequest::trace_id>("trace_id", required),
                                     field<&UpdateRequest::assessment_id>("assessment_id", required),
                                     field<&UpdateRequest::assessment>("assessment", required),
                                     field<&UpdateRequest::update_mask>("update_mask", required)};
};
struct OneAssessment {
  wire::Assessment assessment;
  static constexpr Field fields[] = {field<&OneAssessment::assessment>("assessment")};
};

/// Protobuf's JSON has the paths of a mask in lowerCamelCase; clients in other languages send the declared names.
bool names(std::string_view path, std::string_view snake, std::string_view camel) {
  return path == snake || path == camel;
}

telemetry::AssessmentUpdate updateOf(const UpdateRequest& in) {
  telemetry::AssessmentUpdate update;
  const wire::Assessment& from = *in.assessment;
  for (std::string_view part : split(in.update_mask, ',')) {
    std::string_view path = trim(part);
    if (names(path, "assessment_name", "assessmentName")) {
      update.name = from.assessment_name;
    } else if (path == "rationale") {
      update.rationale = from.rationale.value_or("");
    } else if (path == "metadata") {
      update.metadata = tracking::Texts(from.metadata.begin(), from.metadata.end());
    } else if (path == "valid") {
      update.valid = from.valid.value_or(true);
    } else if (path == "feedback") {
      if (!from.feedback) throw Invalid("assessment.feedback", "is required");
      update.feedback = wire::valueOf(*from.feedback);
      update.error = wire::errorOf(from.feedback->error);
    } else if (path == "expectation") {
      if (!from.expectation) throw Invalid("assessment.expectation", "is required");
      update.expectation = wire::valueOf(*from.expectation);
    }
  }
  return update;
}

/// traceFor(), with MLflow's words for calls on an assessment that exists.
telemetry::Trace assessedTrace(const Call& call, Verb verb, db::Transaction& transaction, std::string_view traceId) {
  auto trace = findVisibleTrace(call, transaction, traceId);
  if (!trace) throw error(Code::notFound, "Trace with request_id '{}' not found", shorten(traceId, 100));
  return verb == Verb::read ? *std::move(trace) : traceFor(call, verb, transaction, traceId);
}

/// Changes the trace by `fn` and returns its result with the changed trace.
template <class Fn>
std::pair<telemetry::Trace, telemetry::Assessment> changeTrace(Call& call, const std::string& traceId, Fn fn,
                                                               decltype(traceFor)* get = traceFor) {
  return call.core.store.write([&](db::Transaction& transaction) {
    telemetry::Trace trace = get(call, Verb::write, transaction, traceId);
    telemetry::Assessment one = fn(trace);
    telemetry::saveTrace(transaction, trace);
    return std::pair(std::move(trace), std::move(one));
  });
}

OneAssessment tell(Call& call, std::pair<telemetry::Trace, telemetry::Assessment> changed) {
  auto& [trace, one] = changed;
  trace.assessments = {one};
  quality::observeFeedback(call.core.store, *call.identity, trace);
  return {wire::assessmentOf(one, trace.traceId)};
}

OneAssessment create(Call& call, const CreateRequest& in) {
  telemetry::Assessment made = wire::assessmentOf(*in.assessment);
  return tell(call, changeTrace(call, in.trace_id, [&](telemetry::Trace& trace) {
                return telemetry::addAssessment(trace, made, nowMillis());
              }));
}

OneAssessment read(Call& call, const AssessmentRef& in) {
  return call.core.store.read([&](db::Transaction& transaction) -> OneAssessment {
    telemetry::Trace trace = assessedTrace(call, Verb::read, transaction, in.trace_id);
    return {wire::assessmentOf(telemetry::getAssessment(trace, in.assessment_id), trace.traceId)};
  });
}

OneAssessment update(Call& call, const UpdateRequest& in) {
  telemetry::AssessmentUpdate wanted = updateOf(in);
  auto change = [&](telemetry::Trace& trace) {
    return telemetry::updateAssessment(trace, in.assessment_id, wanted, nowMillis());
  };
  return tell(call, changeTrace(call, in.trace_id, change, assessedTrace));
}

/// No error if there is no such trace or assessment, as in MLflow.
Empty remove(Call& call, const AssessmentRef& in) {
  if (!call.core.store.read(
          [&](db::Transaction& transaction) { return findVisibleTrace(call, transaction, in.trace_id).has_value(); }))
    return {};
  changeTrace(call, in.trace_id, [&](telemetry::Trace& trace) {
    telemetry::removeAssessment(trace, in.assessment_id);
    return telemetry::Assessment{};
  });
  return {};
}

}  // namespace

std::span<const Route> assessmentRoutes() {
  static const Route routes[] = {
      post("/api/3.0/mlflow/traces/{trace_id}/assessments", "Create an assessment", writes("traces"), create),
      get("/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", "Get an assessment", reads("traces"), read),
      patch("/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", "Update an assessment", writes("traces"),
            update),
      del("/api/3.0/mlflow/traces/{trace_id}/assessments/{assessment_id}", "Delete an assessment", writes("traces"),
          remove),
  };
  return routes;
}

}  // namespace regesta::api::mlflow
