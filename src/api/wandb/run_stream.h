#pragma once
#include "api/wandb/run_record.h"

namespace regesta::api::wandb {

/// One request of W&B's file stream:
/// {"files":{"wandb-history.jsonl":{"offset","content":[…]},…},"complete","exitcode"}. The same request again changes
/// nothing. Throws Error{invalid}, Error{notFound}, Error{denied}. True if somebody asked the run to stop.
bool takeFileStream(const Call& call, const RunName& name, const json::value& body);

}  // namespace regesta::api::wandb
