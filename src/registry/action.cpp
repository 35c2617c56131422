#include "registry/action.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"

namespace regesta::registry {
namespace {

constexpr std::string_view rowsOnly = "its tables are checked by row, as docs/security/columns.txt says";
constexpr std::string_view changesNothing = "records an attempt: no governed row changes";
constexpr std::string_view reading = "records who read it: no governed row changes";
constexpr std::string_view freeText = "a description, on which no decision rests";
constexpr std::string_view precedes = "says why; the rollout's own entry says what changed";
constexpr std::string_view bookkeeping = "about the ledger itself";

constexpr ActionInfo table[] = {
    {Action::accessLogSet, "access-log.set", SubjectKind::other, rowsOnly},
    {Action::accessRefused, "access.refused", SubjectKind::other, changesNothing},
    {Action::aliasMoveRefused, "alias.move-refused", SubjectKind::pointer, changesNothing},
    {Action::aliasMoved, "alias.moved", SubjectKind::pointer},
    {Action::aliasRemoved, "alias.removed", SubjectKind::pointer},
    {Action::approvalGiven, "approval.given", SubjectKind::changeRequest},
    {Action::assetCreated, "asset.created", SubjectKind::asset},
    {Action::assetDeleted, "asset.deleted", SubjectKind::asset},
    {Action::assetDescribed, "asset.described", SubjectKind::asset, freeText},
    {Action::assetRenamed, "asset.renamed", SubjectKind::asset},
    {Action::assetTagDeleted, "asset.tag-deleted", SubjectKind::asset},
    {Action::assetTagSet, "asset.tag-set", SubjectKind::asset},
    {Action::breakGlassReviewed, "break-glass.reviewed", SubjectKind::other, rowsOnly},
    {Action::breakGlassUsed, "break-glass.used", SubjectKind::other, rowsOnly},
    {Action::cardRuleDeleted, "card-rule.deleted", SubjectKind::other, rowsOnly},
    {Action::cardRuleSet, "card-rule.set", SubjectKind::other, rowsOnly},
    {Action::changeRequestApplied, "change-request.applied", SubjectKind::changeRequest},
    {Action::changeRequestCommented, "change-request.commented", SubjectKind::changeRequest},
    {Action::changeRequestDecided, "change-request.decided", SubjectKind::changeRequest},
    {Action::changeRequestExpired, "change-request.expired", SubjectKind::changeRequest},
    {Action::changeRequestLinked, "change-request.linked", SubjectKind::changeRequest, rowsOnly},
    {Action::changeRequestOpened, "change-request.opened", SubjectKind::changeRequest},
    {Action::changeRequestRejected, "change-request.rejected", SubjectKind::changeRequest},
    {Action::changeRequestReminded, "change-request.reminded", SubjectKind::changeRequest, changesNothing},
    {Action::changeRequestStale, "change-request.stale", SubjectKind::changeRequest},
    {Action::changeRequestWithdrawn, "change-request.withdrawn", SubjectKind::changeRequest},
    {Action::connectionDeleted, "connection.deleted", SubjectKind::other, rowsOnly},
    {Action::connectionSet, "connection.set", SubjectKind::other, rowsOnly},
    {Action::contentCollected, "content.collected", SubjectKind::other, rowsOnly},
    {Action::delegateAdded, "delegate.added", SubjectKind::other, rowsOnly},
    {Action::delegateRemoved, "delegate.removed", SubjectKind::other, rowsOnly},
    {Action::evaluationDatasetChanged, "evaluation-dataset.changed", SubjectKind::other, rowsOnly},
    {Action::evaluationDatasetCreated, "evaluation-dataset.created", SubjectKind::other, rowsOnly},
    {Action::evaluationDatasetDeleted, "evaluation-dataset.deleted", SubjectKind::other, rowsOnly},
    {Action::evidenceAdded, "evidence.added", SubjectKind::version},
    {Action::experimentCreated, "experiment.created", SubjectKind::other, rowsOnly},
    {Action::experimentDeleted, "experiment.deleted", SubjectKind::other, rowsOnly},
    {Action::experimentRenamed, "experiment.renamed", SubjectKind::other, rowsOnly},
    {Action::experimentRestored, "experiment.restored", SubjectKind::other, rowsOnly},
    {Action::gitExported, "git.exported", SubjectKind::other, rowsOnly},
    {Action::gitPushed, "git.pushed", SubjectKind::other, rowsOnly},
    {Action::gitRepacked, "git.repacked", SubjectKind::other, rowsOnly},
    {Action::goldenRuleDeleted, "golden-rule.deleted", SubjectKind::other, rowsOnly},
    {Action::goldenRuleSet, "golden-rule.set", SubjectKind::other, rowsOnly},
    {Action::guardBreached, "guard.breached", SubjectKind::pointer, precedes},
    {Action::holdLifted, "hold.lifted", SubjectKind::other},
    {Action::holdPlaced, "hold.placed", SubjectKind::other},
    {Action::incidentChanged, "incident.changed", SubjectKind::other, rowsOnly},
    {Action::incidentClosed, "incident.closed", SubjectKind::other, rowsOnly},
    {Action::incidentOpened, "incident.opened", SubjectKind::other, rowsOnly},
    {Action::issueChanged, "issue.changed", SubjectKind::other, rowsOnly},
    {Action::issueCreated, "issue.created", SubjectKind::other, rowsOnly},
    {Action::jobCreated, "job.created", SubjectKind::other, rowsOnly},
    {Action::jobFailed, "job.failed", SubjectKind::other, rowsOnly},
    {Action::jobLeased, "job.leased", SubjectKind::other, rowsOnly},
    {Action::labelSchemaChanged, "label-schema.changed", SubjectKind::other, rowsOnly},
    {Action::labelSchemaDeleted, "label-schema.deleted", SubjectKind::other, rowsOnly},
    {Action::ledgerRestored, "ledger.restored", SubjectKind::other, bookkeeping},
    {Action::lineageAdded, "lineage.added", SubjectKind::other, rowsOnly},
    {Action::loggedModelArtifactChanged, "logged-model.artifact-changed", SubjectKind::other, rowsOnly},
    {Action::loggedModelChanged, "logged-model.changed", SubjectKind::other, rowsOnly},
    {Action::loggedModelDeleted, "logged-model.deleted", SubjectKind::other, rowsOnly},
    {Action::loggedModelFinalized, "logged-model.finalized", SubjectKind::other, rowsOnly},
    {Action::policyBound, "policy.bound", SubjectKind::asset},
    {Action::policyUnbound, "policy.unbound", SubjectKind::asset},
    {Action::recordsErased, "records.erased", SubjectKind::other, rowsOnly},
    {Action::recordsExpired, "records.expired", SubjectKind::other, rowsOnly},
    {Action::recordsSealed, "records.sealed", SubjectKind::other, rowsOnly},
    {Action::registryDeleted, "registry.deleted", SubjectKind::other, rowsOnly},
    {Action::registrySet, "registry.set", SubjectKind::other, rowsOnly},
    {Action::retentionApplied, "retention.applied", SubjectKind::other, rowsOnly},
    {Action::retentionFinished, "retention.finished", SubjectKind::other, rowsOnly},
    {Action::retentionRuleDeleted, "retention.rule-deleted", SubjectKind::other, rowsOnly},
    {Action::retentionRuleSet, "retention.rule-set", SubjectKind::other, rowsOnly},
    {Action::reviewQueueChanged, "review-queue.changed", SubjectKind::other, rowsOnly},
    {Action::reviewQueueDeleted, "review-queue.deleted", SubjectKind::other, rowsOnly},
    {Action::rolloutCompleted, "rollout.completed", SubjectKind::pointer},
    {Action::rolloutHeld, "rollout.held", SubjectKind::pointer},
    {Action::rolloutKilled, "rollout.killed", SubjectKind::pointer},
    {Action::rolloutPaused, "rollout.paused", SubjectKind::pointer},
    {Action::rolloutReleased, "rollout.released", SubjectKind::pointer},
    {Action::rolloutResumed, "rollout.resumed", SubjectKind::pointer},
    {Action::rolloutRolledBack, "rollout.rolled-back", SubjectKind::pointer},
    {Action::rolloutStarted, "rollout.started", SubjectKind::pointer},
    {Action::rolloutStepped, "rollout.stepped", SubjectKind::pointer},
    {Action::rolloutStopped, "rollout.stopped", SubjectKind::pointer},
    {Action::runArtifactChanged, "run.artifact-changed", SubjectKind::other, rowsOnly},
    {Action::runChangedAfterSeal, "run.changed-after-seal", SubjectKind::other},
    {Action::runDeleted, "run.deleted", SubjectKind::other, rowsOnly},
    {Action::runLinked, "run.linked", SubjectKind::other, rowsOnly},
    {Action::runRestored, "run.restored", SubjectKind::other, rowsOnly},
    {Action::runSealed, "run.sealed", SubjectKind::other},
    {Action::scoreConfigChanged, "score-config.changed", SubjectKind::other, rowsOnly},
    {Action::scoreConfigCreated, "score-config.created", SubjectKind::other, rowsOnly},
    {Action::scorerDeleted, "scorer.deleted", SubjectKind::other, rowsOnly},
    {Action::scorerRegistered, "scorer.registered", SubjectKind::other, rowsOnly},
    {Action::sessionClosed, "session.closed", SubjectKind::other, rowsOnly},
    {Action::sessionOpened, "session.opened", SubjectKind::other, rowsOnly},
    {Action::sessionRefused, "session.refused", SubjectKind::other, changesNothing},
    {Action::stageEntered, "stage.entered", SubjectKind::pointer},
    {Action::stageLeft, "stage.left", SubjectKind::pointer},
    {Action::stageMoveRefused, "stage.move-refused", SubjectKind::pointer, changesNothing},
    {Action::standingGuardDeleted, "standing-guard.deleted", SubjectKind::other, rowsOnly},
    {Action::standingGuardSet, "standing-guard.set", SubjectKind::other, rowsOnly},
    {Action::stateAdopted, "state.adopted", SubjectKind::other, bookkeeping},
    {Action::stateRecorded, "state.recorded", SubjectKind::other, bookkeeping},
    {Action::subscriptionDeleted, "subscription.deleted", SubjectKind::other, rowsOnly},
    {Action::subscriptionSet, "subscription.set", SubjectKind::other, rowsOnly},
    {Action::testsSet, "tests.set", SubjectKind::asset, rowsOnly},
    {Action::tokenCreated, "token.created", SubjectKind::account},
    {Action::tokenRevoked, "token.revoked", SubjectKind::account},
    {Action::tracesDeleted, "traces.deleted", SubjectKind::other, rowsOnly},
    {Action::triggerDeleted, "trigger.deleted", SubjectKind::other, rowsOnly},
    {Action::triggerFired, "trigger.fired", SubjectKind::other, rowsOnly},
    {Action::triggerSet, "trigger.set", SubjectKind::other, rowsOnly},
    {Action::userCreated, "user.created", SubjectKind::account},
    {Action::userDeleted, "user.deleted", SubjectKind::account},
    {Action::userGrantsSet, "user.grants-set", SubjectKind::account},
    {Action::userLinked, "user.linked", SubjectKind::account},
    {Action::userPasswordSet, "user.password-set", SubjectKind::account},
    {Action::userUnlinked, "user.unlinked", SubjectKind::account},
    {Action::versionArchived, "version.archived", SubjectKind::version},
    {Action::versionCreated, "version.created", SubjectKind::version},
    {Action::versionDeleted, "version.deleted", SubjectKind::version},
    {Action::versionDescribed, "version.described", SubjectKind::version, freeText},
    {Action::versionExpirySet, "version.expiry-set", SubjectKind::version, rowsOnly},
    {Action::versionPacked, "version.packed", SubjectKind::version, reading},
    {Action::versionRestored, "version.restored", SubjectKind::version},
    {Action::versionTagDeleted, "version.tag-deleted", SubjectKind::version},
    {Action::versionTagSet, "version.tag-set", SubjectKind::version},
    {Action::waiverGranted, "waiver.granted", SubjectKind::other, rowsOnly},
    {Action::waiverRequested, "waiver.requested", SubjectKind::other, rowsOnly},
    {Action::waiverRevoked, "waiver.revoked", SubjectKind::other, rowsOnly},
    {Action::webhookChanged, "webhook.changed", SubjectKind::other, rowsOnly},
    {Action::webhookCreated, "webhook.created", SubjectKind::other, rowsOnly},
    {Action::webhookDeleted, "webhook.deleted", SubjectKind::other, rowsOnly},
    {Action::webhookGivenUp, "webhook.given-up", SubjectKind::other, rowsOnly},
    {Action::workspaceCreated, "workspace.created", SubjectKind::other, rowsOnly},
    {Action::workspaceDeleted, "workspace.deleted", SubjectKind::other, rowsOnly},
    {Action::workspaceDescribed, "workspace.described", SubjectKind::other, rowsOnly},
};

constexpr bool isSorted() { return std::ranges::is_sorted(table, {}, &ActionInfo::name); }
static_assert(isSorted(), "parseAction searches by name");

constexpr auto byAction = [] {
  std::array<std::size_t, std::size(table)> positions{};
  for (std::size_t at = 0; at < std::size(table); ++at) positions[static_cast<std::size_t>(table[at].action)] = at;
  return positions;
}();
static_assert(
    [] {
      for (std::size_t action = 0; action < byAction.size(); ++action)
        if (static_cast<std::size_t>(table[byAction[action]].action) != action) return false;
      return true;
    }(),
    "each action has exactly one row");

const ActionInfo* find(std::string_view name) {
  const ActionInfo* found = std::ranges::lower_bound(table, name, {}, &ActionInfo::name);
  return found != std::end(table) && found->name == name ? found : nullptr;
}

}  // namespace

std::span<const ActionInfo> actions() { return table; }

const ActionInfo& infoOf(Action action) { return table[byAction[static_cast<std::size_t>(action)]]; }

std::string_view nameOf(Action action) { return infoOf(action).name; }

std::string_view verbOf(Action action) {
  std::string_view name = nameOf(action);
  return name.substr(name.find('.') + 1);
}

bool isRolloutAction(Action action) { return nameOf(action).starts_with("rollout."); }

std::optional<Action> parseAction(std::string_view name) {
  const ActionInfo* found = find(name);
  return found ? std::optional(found->action) : std::nullopt;
}

void requireActionPattern(std::string_view field, std::string_view pattern) {
  std::vector<std::string> names;
  for (const ActionInfo& info : table) {
    if (globMatch(pattern, info.name)) return;
    names.emplace_back(info.name);
  }
  auto near = nearest(pattern, names);
  throw Invalid(std::string(field), fmt::format("no ledger action matches '{}'{}", shorten(pattern, 100),
                                                near ? fmt::format("; did you mean '{}'?", *near) : ""));
}

SubjectKind subjectKindOf(std::string_view actionName) {
  const ActionInfo* found = find(actionName);
  return found ? found->subject : SubjectKind::other;
}

}  // namespace regesta::registry
