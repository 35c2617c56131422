#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/access.h"
#include "automation/run_condition.h"
#include "base/json.h"
#include "registry/change.h"

/// Triggers: rules that start a job on a runner, or call a webhook, on an event of the ledger or by a schedule.
namespace regesta::automation {

/// A rule as it was checked. Who set it must administer all names of its pattern, now and whenever it fires.
struct TriggerRule {
  std::vector<std::string> actions;     ///< globs: "version.created", "evidence.*"; empty: a schedule
  std::int64_t everyMinutes = 0;        ///< of a schedule
  std::string kind = "*", names = "*";  ///< of the asset that the event is about; of runs, the experiment
  std::optional<RunCondition> run;      ///< what a run must reach, instead of actions
  json::object filter;                  ///< member of the event by path → the text, number or boolean that it must be
  std::string when;                     ///< Rego: an expression over `input`, the event; empty: always
  std::string command;                  ///< name of a command in the runner's configuration; empty: no job
  json::value parameters;               ///< template (jobs/webhook_template.h)
  std::vector<access::Grant> grants;    ///< of the job's token
  std::int64_t minutes = 60;            ///< how long the job's token is valid
  std::int64_t webhook = 0;             ///< id of a webhook of the workspace; 0: none
  json::value payload;                  ///< template of the webhook's body, instead of its own; null: none
  bool note = false;                    ///< neither job nor webhook: only the firing is noted
  bool enabled = true;
  std::int64_t limitCount = 10, limitMinutes = 60;  ///< at most so often
};

struct Trigger {
  std::int64_t id = 0;
  std::string workspace, name;
  std::string body;  ///< canonical JSON
  TriggerRule rule;  ///< body, read
  std::int64_t afterIndex = 0;
  std::int64_t setAt = 0;
  std::string setBy;
  std::string subject() const { return "trigger/" + name; }
};

struct Firing {
  std::int64_t id = 0, trigger = 0;
  std::int64_t cause = 0;  ///< index of the ledger entry; negative: of a schedule, or of a run
  std::string subject;     ///< of the cause: "prompt/review@3"
  std::int64_t parent = 0;
  std::int64_t depth = 0;  ///< 0: nobody but a user or another program caused the event
  std::int64_t job = 0;
  std::string outcome;  ///< started, sending, cut, limited, refused, failed
  std::string problem;
  std::int64_t attempts = 0, firedAt = 0;
  std::string event = {};  ///< of a run: the event's body; empty for others
};

inline constexpr std::int64_t deepestChain = 5;  ///< of triggers that cause each other
inline constexpr std::size_t triggersOfWorkspace = 100;
inline constexpr std::string_view experimentKind = "experiment";  ///< of rules and events about runs
inline constexpr std::string_view runEvent = "run.matched";       ///< type of the event
inline constexpr std::string_view commandJob = "command";         ///< type of the jobs

/// Reads and checks a rule. Throws Invalid that names the member.
TriggerRule readRule(const json::object& body, std::string_view workspace);

/// Throws Error{denied} unless the identity administers every name that the rule is about and that the job's token may
/// use, and for a webhook the workspace.
void requireTriggerRights(const access::Identity& identity, std::string_view workspace, const TriggerRule& rule);
/// Whether the identity may read a name that the trigger can be about.
bool maySee(const access::Identity& identity, const Trigger& trigger);

/// Creates or replaces it; it looks at entries from now on. Recorded as "trigger.set".
Trigger setTrigger(registry::Change& change, const access::Identity& identity, std::string_view workspace,
                   std::string_view name, const json::object& body);
/// Recorded as "trigger.deleted".
void deleteTrigger(registry::Change& change, const access::Identity& identity, const Trigger& trigger);
std::optional<Trigger> findTrigger(db::Transaction& transaction, std::string_view workspace, std::string_view name);
/// By name. Empty workspace: of all.
std::vector<Trigger> listTriggers(db::Transaction& transaction, std::string_view workspace);
/// Newest first.
std::vector<Firing> firingsOf(db::Transaction& transaction, const Trigger& trigger, std::size_t limit);
std::optional<Firing> findFiring(db::Transaction& transaction, std::int64_t id);
/// The firing whose job's token the actor is ("token:job-12-1").
std::optional<Firing> firingOfActor(db::Transaction& transaction, std::string_view actor);
std::optional<Firing> firingOfJob(db::Transaction& transaction, std::int64_t job);

}  // namespace regesta::automation
