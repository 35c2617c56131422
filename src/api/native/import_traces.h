#pragma once
#include "api/native/imports.h"

/// Imports of traces with their spans and assessments.
namespace regesta::api::native {

struct ImportSpanEvent {
  std::string name;
  std::int64_t timeNs = 0;
  RawJson attributes;
  static constexpr Field fields[] = {field<&ImportSpanEvent::name>("name"), field<&ImportSpanEvent::timeNs>("time_ns"),
                                     field<&ImportSpanEvent::attributes>("attributes")};
};
struct ImportSpan {
  std::string spanId, parentId, name, status, message;
  std::int64_t kind = 0, startNs = 0, endNs = 0;
  RawJson attributes;
  std::vector<ImportSpanEvent> events;
  static constexpr Field fields[] = {field<&ImportSpan::spanId>("span_id", required | about("16 hexadecimal digits")),
                                     field<&ImportSpan::parentId>("parent_id"),
                                     field<&ImportSpan::name>("name"),
                                     field<&ImportSpan::kind>("kind"),
                                     field<&ImportSpan::status>("status", about("UNSET, OK or ERROR")),
                                     field<&ImportSpan::message>("message"),
                                     field<&ImportSpan::startNs>("start_ns"),
                                     field<&ImportSpan::endNs>("end_ns"),
                                     field<&ImportSpan::attributes>("attributes", about("object")),
                                     field<&ImportSpan::events>("events")};
};
struct ImportAssessment {
  std::string id, name, type, spanId, sourceType, sourceId, value, error, overrides;
  std::optional<std::string> rationale;
  std::int64_t createdAt = 0, updatedAt = 0;
  bool valid = true;
  TextMap metadata;
  static constexpr Field fields[] = {
      field<&ImportAssessment::id>("id", required),
      field<&ImportAssessment::name>("name", required),
      field<&ImportAssessment::type>("type", required | about("feedback, expectation or issue")),
      field<&ImportAssessment::spanId>("span_id"),
      field<&ImportAssessment::sourceType>("source_type"),
      field<&ImportAssessment::sourceId>("source_id"),
      field<&ImportAssessment::value>("value", about("JSON")),
      field<&ImportAssessment::error>("error", about("JSON")),
      field<&ImportAssessment::overrides>("overrides"),
      field<&ImportAssessment::rationale>("rationale"),
      field<&ImportAssessment::createdAt>("created_at"),
      field<&ImportAssessment::updatedAt>("updated_at"),
      field<&ImportAssessment::valid>("valid"),
      field<&ImportAssessment::metadata>("metadata")};
};
struct TraceItem {
  std::string id, digest, experiment, state, clientRequestId;
  std::int64_t requestTime = 0;
  std::optional<std::int64_t> duration;
  std::optional<std::string> requestPreview, responsePreview;
  TextMap tags, metadata;
  std::vector<ImportSpan> spans;
  std::vector<ImportAssessment> assessments;
  std::vector<std::string> runs, prompts;
  static constexpr Field fields[] = {
      field<&TraceItem::id>("id", idRule),
      field<&TraceItem::digest>("digest", digestRule),
      field<&TraceItem::experiment>("experiment", required | about("its number at the source")),
      field<&TraceItem::state>("state", about("OK, ERROR, IN_PROGRESS or STATE_UNSPECIFIED")),
      field<&TraceItem::clientRequestId>("client_request_id"),
      field<&TraceItem::requestTime>("request_time"),
      field<&TraceItem::duration>("duration"),
      field<&TraceItem::requestPreview>("request_preview"),
      field<&TraceItem::responsePreview>("response_preview"),
      field<&TraceItem::tags>("tags"),
      field<&TraceItem::metadata>("metadata"),
      field<&TraceItem::spans>("spans"),
      field<&TraceItem::assessments>("assessments"),
      field<&TraceItem::runs>("runs", about("linked to it")),
      field<&TraceItem::prompts>("prompts", about("versions that it used: name/3"))};
};
struct ImportTraces {
  std::string source;
  std::vector<TraceItem> items;
  static constexpr std::string_view documentation =
      "Spans and assessments of an earlier import are replaced by those of the source. Assessments do not become "
      "quality reports and trigger no guard: they are history.";
  static constexpr Field fields[] = {field<&ImportTraces::source>("source", required),
                                     field<&ImportTraces::items>("items", atMost(1000))};
};

ImportAnswer importTraces(Call& call, const ImportTraces& request);

}  // namespace regesta::api::native
