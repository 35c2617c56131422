#pragma once
#include "api/native/common.h"

namespace regesta::api::native {

struct TriggerAnswer {
  std::string name;
  RawJson rule;
  std::optional<std::string> setAt;
  std::string setBy;
  static constexpr Field fields[] = {
      field<&TriggerAnswer::name>("name"),
      field<&TriggerAnswer::rule>("rule", about("on, run, filter, when, job, webhook, payload, note, limit, "
                                                "enabled, description, annotations")),
      field<&TriggerAnswer::setAt>("set_at"), field<&TriggerAnswer::setBy>("set_by")};
};
struct FiringAnswer {
  std::int64_t id = 0, cause = 0, depth = 0;
  std::string subject, outcome;
  std::optional<std::int64_t> job;
  std::optional<std::string> problem, at, jobStatus;
  static constexpr Field fields[] = {
      field<&FiringAnswer::id>("id"),
      field<&FiringAnswer::cause>("cause", about("index of the ledger entry; negative: of a schedule")),
      field<&FiringAnswer::subject>("subject", about("what the entry is about: prompt/review@3")),
      field<&FiringAnswer::outcome>("outcome", about("started, sending, cut, limited, refused or failed")),
      field<&FiringAnswer::depth>("depth", about("how many triggers caused each other before it")),
      field<&FiringAnswer::job>("job"),
      field<&FiringAnswer::jobStatus>("job_status"),
      field<&FiringAnswer::problem>("problem"),
      field<&FiringAnswer::at>("at")};
};
struct TriggerReport {
  TriggerAnswer trigger;
  std::vector<FiringAnswer> firings;
  static constexpr Field fields[] = {field<&TriggerReport::trigger>("trigger"),
                                     field<&TriggerReport::firings>("firings", about("newest first"))};
};
struct NewTrigger {
  std::string name, when, description;
  RawJson on, run, filter, job, payload, limit, annotations;
  std::int64_t webhook = 0;
  bool note = false, enabled = true;
  static constexpr std::string_view documentation =
      "Creates or replaces a trigger. Needs admin on every name that it is about and that its job's token may use.";
  static constexpr Field fields[] = {
      field<&NewTrigger::name>("name", required),
      field<&NewTrigger::on>("on", present | about("{\"action\": \"version.created\", \"kind\": \"prompt\", \"names\": "
                                                   "\"review-*\"}, or every_minutes")),
      field<&NewTrigger::run>("run", about("what a run must reach, instead of actions: {\"states\": [\"failed\"]} or "
                                           "{\"metric\": \"loss\", \"is\": \"<\", \"value\": 0.1}")),
      field<&NewTrigger::filter>("filter", about("members of the event by path and what each must be")),
      field<&NewTrigger::when>("when", about("a Rego expression over input, the event")),
      field<&NewTrigger::job>("job", about("command, parameters, grants, minutes")),
      field<&NewTrigger::webhook>("webhook", about("id of a webhook to call instead of a job")),
      field<&NewTrigger::payload>("payload", about("template of the webhook's body, instead of its own")),
      field<&NewTrigger::note>("note", about("only note the firing, without a job or webhook")),
      field<&NewTrigger::limit>("limit", about("{\"count\": 10, \"minutes\": 60}")),
      field<&NewTrigger::enabled>("enabled", about("default true")),
      field<&NewTrigger::description>("description"),
      field<&NewTrigger::annotations>("annotations", about("members that other programs keep with the trigger"))};
};

Page<TriggerAnswer> listTriggers(Call& call, const PageQuery& query);
TriggerAnswer setTrigger(Call& call, const NewTrigger& request);
TriggerReport getTrigger(Call& call, const NameOnly& path);
Empty deleteTrigger(Call& call, const NameOnly& path);

}  // namespace regesta::api::native
