#pragma once
#include <string_view>
#include <vector>

#include "api/wandb/filter.h"
#include "api/wandb/run_record.h"

namespace regesta::api::wandb {

bool accepts(const Filter& filter, const RunRecord& record);

/// By "+created_at", "-summary_metrics.loss", "+config.lr.value"; default: newest first.
void sortRuns(std::vector<RunRecord>& records, std::string_view order);

}  // namespace regesta::api::wandb
