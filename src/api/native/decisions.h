#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct DecisionShort {
  std::string digest, kind, name, pointer, result;
  std::optional<std::string> at;
  static constexpr Field fields[] = {field<&DecisionShort::digest>("digest"), field<&DecisionShort::kind>("kind"),
                                     field<&DecisionShort::name>("name"),     field<&DecisionShort::pointer>("pointer"),
                                     field<&DecisionShort::result>("result"), field<&DecisionShort::at>("at")};
};
struct DecisionAnswer {
  std::string digest, kind, name, pointer, result;
  std::optional<std::string> at;
  RawJson input, verdict, requirements, evaluations, inputs, waivers, breakGlass;
  std::string body;
  bool hidden = false;
  static constexpr Field fields[] = {
      field<&DecisionAnswer::digest>("digest"),
      field<&DecisionAnswer::kind>("kind"),
      field<&DecisionAnswer::name>("name"),
      field<&DecisionAnswer::pointer>("pointer"),
      field<&DecisionAnswer::result>("result"),
      field<&DecisionAnswer::at>("at"),
      field<&DecisionAnswer::input>("input"),
      field<&DecisionAnswer::verdict>("verdict"),
      field<&DecisionAnswer::requirements>("requirements"),
      field<&DecisionAnswer::evaluations>("evaluations", about("each policy version with its digest and what it said")),
      field<&DecisionAnswer::inputs>("inputs", about("two if a version also left a protected stage")),
      field<&DecisionAnswer::waivers>("waivers", about("violations that waivers let pass")),
      field<&DecisionAnswer::breakGlass>("break_glass", about("who moved against the policies, and why")),
      field<&DecisionAnswer::body>("body",
                                   about("the canonical JSON whose SHA-256 is the digest; empty if parts are hidden")),
      field<&DecisionAnswer::hidden>("hidden",
                                     about("inputs name runs or assets that you may not read; they are left out"))};
};
struct DecisionQuery {
  std::string kind, name, pointer, pageToken;
  std::int64_t pageSize = 0;
  static constexpr Field fields[] = {field<&DecisionQuery::kind>("kind"), field<&DecisionQuery::name>("name"),
                                     field<&DecisionQuery::pointer>("pointer"),
                                     field<&DecisionQuery::pageToken>("page_token"),
                                     field<&DecisionQuery::pageSize>("page_size", pageRule)};
};
struct DigestPath {
  std::string digest;
  static constexpr Field fields[] = {field<&DigestPath::digest>("digest", required)};
};
struct ReplayAnswer {
  bool same = false;
  std::vector<std::string> differences;
  static constexpr Field fields[] = {field<&ReplayAnswer::same>("same"),
                                     field<&ReplayAnswer::differences>("differences")};
};

Page<DecisionShort> listDecisions(Call& call, const DecisionQuery& query);
DecisionAnswer getDecision(Call& call, const DigestPath& path);
ReplayAnswer replayDecision(Call& call, const DigestPath& path);

}  // namespace regesta::api::native
