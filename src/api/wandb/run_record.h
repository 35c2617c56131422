#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/endpoint.h"
#include "api/wandb/names.h"
#include "tracking/run.h"

namespace regesta::api::wandb {

/// A run of tracking with what W&B's clients want to read again of it.
struct RunRecord {
  tracking::Run run;
  std::string entity, project, name;
  std::string config = "{}", summary = "{}";  ///< JSON
  std::int64_t createdAt = 0, heartbeatAt = 0;
  std::int64_t history = 0, events = 0, logs = 0;  ///< stored lines
};

/// The experiment of the call's workspace; empty for none or one that the caller may not read.
std::optional<tracking::Experiment> findProject(const Call& call, db::Transaction& transaction, std::string_view name);
/// Creates it if it is missing. Throws Error{denied} without the right to write to it.
tracking::Experiment makeProject(const Call& call, std::string_view name);

std::optional<RunRecord> findRecord(db::Transaction& transaction, const tracking::Experiment& project,
                                    std::string_view name);
/// Throws Error{notFound}, Error{denied}.
RunRecord getRecord(const Call& call, db::Transaction& transaction, const RunName& name, access::Verb verb);
/// Also runs that other clients logged: they are named by their own id.
std::vector<RunRecord> listRecords(db::Transaction& transaction, const tracking::Experiment& project);
/// Stores config, summary and the number of lines.
void saveRecord(db::Transaction& transaction, const RunRecord& record);
/// Makes the run's row known as `name`.
void nameRecord(db::Transaction& transaction, RunRecord& record);

enum class Stream { history, events, logs };
/// Stores lines from number `offset` on, and returns those that are new. The same lines again change nothing, except
/// that lines of the log may be replaced.
std::vector<std::string> appendLines(db::Transaction& transaction, RunRecord& record, Stream stream,
                                     std::int64_t offset, std::vector<std::string> lines);
/// At most `most` lines from number `first` on.
std::vector<std::string> readLines(db::Transaction& transaction, const RunRecord& record, Stream stream,
                                   std::int64_t first, std::size_t most);

}  // namespace regesta::api::wandb
