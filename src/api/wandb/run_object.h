#pragma once
#include "api/wandb/run_record.h"
#include "base/json.h"

namespace regesta::api::wandb {

json::object projectObject(const tracking::Experiment& project);
json::object runObject(const RunRecord& record);

/// Tags of a run with what W&B's clients say of it.
inline constexpr std::string_view groupTag = "wandb.group", jobTypeTag = "wandb.job_type", tagsTag = "wandb.tags",
                                  nameTag = "wandb.run_id", hostTag = "wandb.host", sweepTag = "wandb.sweep",
                                  notesTag = "mlflow.note.content", commitTag = "mlflow.source.git.commit",
                                  programTag = "mlflow.source.name", userTag = "mlflow.user",
                                  stopTag = "wandb.stop";  ///< when somebody asked the run to stop
bool shouldStop(const tracking::Run& run);

/// Values of nested JSON objects by their path, "optimizer.lr": texts as they are, all others as JSON.
tracking::Texts flattened(const json::object& nested, bool configuration);

}  // namespace regesta::api::wandb
