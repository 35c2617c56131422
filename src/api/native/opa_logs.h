#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct DecisionLogAnswer {
  std::int64_t records = 0, skipped = 0;
  std::optional<std::int64_t> batch;
  static constexpr std::string_view documentation =
      "Takes the body that OPA's decision log plugin sends: an array of events, gzip or plain. Each becomes a decision "
      "record of the policy version whose bundle decided, as the bundle's revision names it. The query parameter "
      "'subject' is a JSON pointer (RFC 6901) into the input; its value is the record's subject.";
  static constexpr Field fields[] = {
      field<&DecisionLogAnswer::records>("records", about("stored")),
      field<&DecisionLogAnswer::skipped>("skipped", about("decided by no bundle of this server that still exists")),
      field<&DecisionLogAnswer::batch>("batch", about("absent if no record was stored"))};
};

DecisionLogAnswer takeDecisionLog(Call& call, const Empty& request);

}  // namespace regesta::api::native
