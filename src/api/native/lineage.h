#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct LineageQuery {
  std::string node, direction, at;
  std::int64_t depth = 0;
  static constexpr std::string_view directions[] = {"upstream", "downstream", "both"};
  static constexpr std::string_view documentation =
      "Follows runs, versions, datasets and prompts upstream and downstream from a node, as the lineage was "
      "at `at`.";
  static constexpr Field fields[] = {
      field<&LineageQuery::node>("node", required | about("model/loan-risk@3, run/<id>, dataset/loanapp@1")),
      field<&LineageQuery::direction>("direction", oneOf(directions)),
      field<&LineageQuery::at>("at", about("RFC 3339: as it was then; absent: now")),
      field<&LineageQuery::depth>("depth", atLeast(0) | atMost(64))};
};
struct LineageNode {
  std::string id, label;
  std::vector<std::string> pointers;
  static constexpr Field fields[] = {
      field<&LineageNode::id>("id"), field<&LineageNode::label>("label"),
      field<&LineageNode::pointers>("pointers", about("aliases and stages that pointed to it at that moment"))};
};
struct LineageEdge {
  std::string from, to, relation;
  std::optional<std::string> at;
  static constexpr Field fields[] = {field<&LineageEdge::from>("from"), field<&LineageEdge::to>("to"),
                                     field<&LineageEdge::relation>("relation"), field<&LineageEdge::at>("at")};
};
struct LineageAnswer {
  std::string root;
  std::optional<std::string> at;
  std::vector<LineageNode> nodes;
  std::vector<LineageEdge> edges;
  static constexpr Field fields[] = {field<&LineageAnswer::root>("root"), field<&LineageAnswer::at>("at"),
                                     field<&LineageAnswer::nodes>("nodes"), field<&LineageAnswer::edges>("edges")};
};

/// `node` may also name a version by alias or selector, as of that moment: model/loan-risk@production.
LineageAnswer lineageGraph(Call& call, const LineageQuery& query);

}  // namespace regesta::api::native
