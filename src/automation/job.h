#pragma once
#include <string>
#include <vector>

#include "access/access.h"
#include "base/json.h"
#include "jobs/queue.h"
#include "registry/change.h"

/// Jobs of triggers: a runner runs a command that its own configuration names, with the trigger's parameters and a
/// token of the job. The server sends a name and data, never a command line.
namespace regesta::automation {

bool isCommandJob(const jobs::Job& job);
/// Whether the runner has the command, and may run jobs on every name that the job's token opens to it.
bool mayRun(const access::Identity& runner, const jobs::Job& job, const std::vector<std::string>& commands);
/// What the runner gets, without the token. Throws Error{notFound} if the trigger was deleted, or who set it may no
/// longer do what it does.
json::object describeJob(db::Transaction& transaction, const jobs::Job& job);

/// The secret of a token with the job's grants, valid while the job is leased, at most for the minutes that the trigger
/// says. What its owner does is traced to the job. Empty on a server without users, where requests need none.
std::string openToken(access::Access& access, const jobs::Job& job);
/// No effect without one.
void closeToken(access::Access& access, const jobs::Job& job);

/// Stores a runner's report on a job that it finished. Recorded as "trigger.fired" with the outcome "done". Throws
/// Invalid{field "result"}.
void acceptResult(registry::Change& change, const jobs::Job& job, const json::value& result);

}  // namespace regesta::automation
