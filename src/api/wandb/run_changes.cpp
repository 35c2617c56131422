// What W&B's clients change about a run from outside: files, state, a request to stop. And what there is none of.
#include "api/wandb/resolvers.h"
#include "api/wandb/run_files.h"
#include "api/wandb/run_object.h"
#include "base/error.h"
#include "base/text.h"
#include "base/time.h"
#include "registry/actor.h"
#include "registry/tree.h"
#include "tracking/artifact.h"
#include "tracking/record.h"
#include "tracking/seal.h"

namespace regesta::api::wandb {
namespace {

using access::Verb;
using tracking::RunStatus;

constexpr std::string_view projects = "projects of this name";
constexpr std::size_t mostFiles = 1000;

Call callIn(const Call& call, const std::string& workspace) {
  Call there = call;
  there.workspace = workspace;
  return there;
}

/// All of them, or none.
json::value deleteFiles(FieldCall& field) {
  const json::value* ids = field.input().if_contains("files");
  if (!ids || !ids->is_array()) throw Invalid("files", "must be a list");
  if (ids->get_array().size() > mostFiles) throw Invalid("files", fmt::format("must be at most {}", mostFiles));
  field.call.core.store.change(field.call.actor(), [&](registry::Change& change) {
    for (const json::value& id : ids->get_array()) {
      auto [name, path] = runFileOf(std::string(id.as_string()));
      Call call = callIn(field.call, name.entity);
      RunRecord record = getRecord(call, change.transaction, name, Verb::write);
      std::string file = registry::safePath(path);
      if (file.empty() || tracking::removeArtifacts(change, name.entity, folderOf(record) + "/" + file) == 0)
        throw error(Code::notFound, "the run has no file '{}'", shorten(path, 200));
    }
  });
  return json::object{{"success", true}};
}

/// To "pending" from a state other than finished, to "failed" from one that has not ended.
json::value updateState(FieldCall& field) {
  RunName name = runNameOf(memberText(field.input(), "id"));
  std::string wanted = memberText(field.input(), "state");
  if (wanted != "pending" && wanted != "failed") throw Invalid("state", "must be pending or failed");
  const Call call = callIn(field.call, name.entity);
  RunRecord record = call.core.store.read(
      [&](db::Transaction& transaction) { return getRecord(call, transaction, name, Verb::write); });
  RunStatus now = record.run.status;
  bool pending = wanted == "pending";
  if (record.run.tags.contains(std::string(sweepTag)) || now == RunStatus::finished ||
      (!pending && tracking::isTerminal(now)) || (pending && now == RunStatus::scheduled))
    throw error(Code::invalidState, "the state of run '{}', {}, cannot become {}", record.name,
                lower(tracking::statusName(now)), wanted);
  tracking::updateRun(call.core.store, call.actor(), name.entity, record.run.runId,
                      {.status = pending ? RunStatus::scheduled : RunStatus::failed,
                       .endTime = pending ? std::nullopt : std::optional(nowMillis()),
                       .name = {}});
  return json::object{{"success", true}};
}

/// The run learns of it with the answer to its next lines.
json::value stopRun(FieldCall& field) {
  RunName name = runNameOf(memberText(field.input(), "id"));
  const Call call = callIn(field.call, name.entity);
  call.core.store.change(call.actor(), [&](registry::Change& change) {
    RunRecord record = getRecord(call, change.transaction, name, Verb::write);
    if (tracking::isTerminal(record.run.status)) return;
    tracking::setTag(change.transaction, name.entity, record.run.runId, stopTag, formatTime(change.now));
    tracking::recordWrite(change, name.entity, record.run.runId);
  });
  return json::object{{"success", true}};
}

json::value noQueue(FieldCall&) {
  throw Error(Code::unsupported, "this server has no launch queues: start jobs with a runner (regesta runner)");
}

/// Callers see themselves.
json::value users(FieldCall& field) {
  std::string own = registry::ActorId::read(field.call.actor().name).name;
  json::array edges;
  if (field.text("query") == own)
    edges.push_back(json::object{{"node", json::object{{"id", idOf("User", 1)},
                                                       {"name", own},
                                                       {"username", own},
                                                       {"email", ""},
                                                       {"admin", false},
                                                       {"apiKeys", json::object{{"edges", json::array{}}}},
                                                       {"teams", json::object{{"edges", json::array{}}}}}}});
  return json::object{{"edges", std::move(edges)}};
}

constexpr Resolver table[] = {
    {"Mutation", "deleteFiles", signedIn(), Where::nowhere, deleteFiles},
    {"Mutation", "updateRunState", writes(projects), Where::input, updateState},
    {"Mutation", "stopRun", writes(projects), Where::input, stopRun},
    {"Project", "runQueue", reads(projects), Where::parent, noQueue},
    {"Query", "users", signedIn(), Where::nowhere, users},
};

}  // namespace

std::span<const Resolver> runChanges() { return table; }

}  // namespace regesta::api::wandb
