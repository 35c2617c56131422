#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

/// An event of OpenLineage (https://openlineage.io/spec): RunEvent, DatasetEvent or JobEvent. Members that are not
/// named here are kept in the stored event.
struct LineageEvent {
  std::string eventTime, eventType, producer, schemaUrl;
  RawJson run, job, dataset, inputs, outputs;
  static constexpr std::string_view documentation =
      "What a run of the event read and wrote becomes edges. A dataset of the namespace `regesta` is a version here, "
      "by "
      "its name: model/loan-risk@3. Writing edges to one needs write on its name, edges from one read.";
  static constexpr Field fields[] = {field<&LineageEvent::eventTime>("eventTime", required),
                                     field<&LineageEvent::eventType>("eventType"),
                                     field<&LineageEvent::producer>("producer"),
                                     field<&LineageEvent::schemaUrl>("schemaURL"),
                                     field<&LineageEvent::run>("run"),
                                     field<&LineageEvent::job>("job"),
                                     field<&LineageEvent::dataset>("dataset"),
                                     field<&LineageEvent::inputs>("inputs"),
                                     field<&LineageEvent::outputs>("outputs")};
};
struct LineageEventAnswer {
  std::string node;
  std::int64_t edges = 0;
  static constexpr Field fields[] = {field<&LineageEventAnswer::node>("node", about("of the run")),
                                     field<&LineageEventAnswer::edges>("edges", about("that are new"))};
};
LineageEventAnswer addLineage(Call& call, const LineageEvent& event);

struct ImpactQuery {
  std::string node;
  static constexpr std::string_view documentation =
      "Everything downstream of a node, with the pointers to affected versions and the number of decision records that "
      "cite them.";
  static constexpr Field fields[] = {field<&ImpactQuery::node>("node", required | about("dataset/loanapp@1"))};
};
struct ImpactItem {
  std::string node;
  std::vector<std::string> pointers;
  std::int64_t records = 0;
  static constexpr Field fields[] = {field<&ImpactItem::node>("node"), field<&ImpactItem::pointers>("pointers"),
                                     field<&ImpactItem::records>("records")};
};
struct ImpactAnswer {
  std::string root;
  std::vector<ImpactItem> affected;
  static constexpr Field fields[] = {field<&ImpactAnswer::root>("root"),
                                     field<&ImpactAnswer::affected>("affected", about("nearest first"))};
};
ImpactAnswer lineageImpact(Call& call, const ImpactQuery& query);

struct LineageExport {
  std::string node, direction, format;
  static constexpr Field fields[] = {
      field<&LineageExport::node>("node", required | about("model/loan-risk@3")),
      field<&LineageExport::direction>("direction", about("upstream (default), downstream or both")),
      field<&LineageExport::format>("format", required | about("prov (PROV-JSON), openlineage or ro-crate"))};
};
Plain exportLineage(Call& call, const LineageExport& query);

}  // namespace regesta::api::native
