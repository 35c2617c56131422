#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace regesta::registry {

/// What a ledger entry records. The names that entries, feed and webhooks carry are in actions(); they never change.
enum class Action : std::uint8_t {
  accessLogSet,
  accessRefused,
  aliasMoveRefused,
  aliasMoved,
  aliasRemoved,
  approvalGiven,
  assetCreated,
  assetDeleted,
  assetDescribed,
  assetRenamed,
  assetTagDeleted,
  assetTagSet,
  breakGlassReviewed,
  breakGlassUsed,
  cardRuleDeleted,
  cardRuleSet,
  changeRequestApplied,
  changeRequestCommented,
  changeRequestDecided,
  changeRequestExpired,
  changeRequestLinked,
  changeRequestOpened,
  changeRequestRejected,
  changeRequestReminded,
  changeRequestStale,
  changeRequestWithdrawn,
  connectionDeleted,
  connectionSet,
  contentCollected,
  delegateAdded,
  delegateRemoved,
  evaluationDatasetChanged,
  evaluationDatasetCreated,
  evaluationDatasetDeleted,
  evidenceAdded,
  experimentCreated,
  experimentDeleted,
  experimentRenamed,
  experimentRestored,
  gitExported,
  gitPushed,
  gitRepacked,
  goldenRuleDeleted,
  goldenRuleSet,
  guardBreached,
  holdLifted,
  holdPlaced,
  incidentChanged,
  incidentClosed,
  incidentOpened,
  issueChanged,
  issueCreated,
  jobCreated,
  jobFailed,
  jobLeased,
  labelSchemaChanged,
  labelSchemaDeleted,
  ledgerRestored,
  lineageAdded,
  loggedModelArtifactChanged,
  loggedModelChanged,
  loggedModelDeleted,
  loggedModelFinalized,
  policyBound,
  policyUnbound,
  recordsErased,
  recordsExpired,
  recordsSealed,
  registryDeleted,
  registrySet,
  retentionApplied,
  retentionFinished,
  retentionRuleDeleted,
  retentionRuleSet,
  reviewQueueChanged,
  reviewQueueDeleted,
  rolloutCompleted,
  rolloutHeld,
  rolloutKilled,
  rolloutPaused,
  rolloutReleased,
  rolloutResumed,
  rolloutRolledBack,
  rolloutStarted,
  rolloutStepped,
  rolloutStopped,
  runArtifactChanged,
  runChangedAfterSeal,
  runDeleted,
  runLinked,
  runRestored,
  runSealed,
  scoreConfigChanged,
  scoreConfigCreated,
  scorerDeleted,
  scorerRegistered,
  sessionClosed,
  sessionOpened,
  sessionRefused,
  stageEntered,
  stageLeft,
  stageMoveRefused,
  standingGuardDeleted,
  standingGuardSet,
  stateAdopted,
  stateRecorded,
  subscriptionDeleted,
  subscriptionSet,
  testsSet,
  tokenCreated,
  tokenRevoked,
  tracesDeleted,
  triggerDeleted,
  triggerFired,
  triggerSet,
  userCreated,
  userDeleted,
  userGrantsSet,
  userLinked,
  userPasswordSet,
  userUnlinked,
  versionArchived,
  versionCreated,
  versionDeleted,
  versionDescribed,
  versionExpirySet,
  versionPacked,
  versionRestored,
  versionTagDeleted,
  versionTagSet,
  waiverGranted,
  waiverRequested,
  waiverRevoked,
  webhookChanged,
  webhookCreated,
  webhookDeleted,
  webhookGivenUp,
  workspaceCreated,
  workspaceDeleted,
  workspaceDescribed,
};

/// What the subject of an action's entries names. A subject's kind cannot be read off the subject: names of assets may
/// hold the marks '@' and '#'.
enum class SubjectKind : std::uint8_t {
  asset,          ///< "model/loan-risk"
  version,        ///< "model/loan-risk@7"
  pointer,        ///< "model/loan-risk#production"
  changeRequest,  ///< "change-request/4"
  account,        ///< "user/anna", "token/ci"
  other,          ///< "<kind>/<id>": belongs to no asset
};

struct ActionInfo {
  Action action;
  std::string_view name;  ///< "alias.moved"
  SubjectKind subject;
  /// Why governance/replay.h derives no row from it; empty: it does. The rows' digests (governance/row_replay.h) are
  /// compared for every action.
  std::string_view exempt = {};
};

/// Every action, by name.
std::span<const ActionInfo> actions();
const ActionInfo& infoOf(Action action);
std::string_view nameOf(Action action);
/// The part of the name after the dot: "moved".
std::string_view verbOf(Action action);
/// Of the rollout itself; a guard's action is not.
bool isRolloutAction(Action action);
/// Nothing for a name that this version does not know: a newer server may have written the entry.
std::optional<Action> parseAction(std::string_view name);
/// Throws Invalid for a pattern of names, such as "rollout.*", that no action matches.
void requireActionPattern(std::string_view field, std::string_view pattern);
/// The kind of subject that entries with this action name have; other for an unknown name.
SubjectKind subjectKindOf(std::string_view actionName);

}  // namespace regesta::registry
