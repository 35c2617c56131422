#pragma once
#include "cli/command.h"

/// What each file of commands gives to the table in commands.cpp.
namespace regesta::cli {

Commands serveCommands();
Commands loginCommands();
Commands assetCommands();
Commands promptCommands();
Commands qualityCommands();
Commands promptTestCommands();
Commands runnerCommands();
Commands promptPushCommands();
Commands promptLintCommands();
Commands promptInspectCommands();
Commands promptImportCommands();
Commands versionCommands();
Commands fileCommands();
Commands aliasCommands();
Commands promoteCommands();
Commands gateCommands();
Commands ciCommands();
Commands ciTokenCommands();
Commands rolloutCommands();
Commands recordCommands();
Commands goldenCommands();
Commands accessLogCommands();
Commands lineageCommands();
Commands reproduceCommands();
Commands agentCommands();
Commands requestCommands();
Commands historyCommands();
Commands evidenceCommands();
Commands evaluateCommands();
Commands policyTestCommands();
Commands policyCommands();
Commands ledgerCommands();
Commands ledgerKeyCommands();
Commands ledgerRestoreCommands();
Commands ledgerVerifyCommands();
Commands tokenCommands();
Commands userCommands();
Commands workspaceCommands();
Commands webhookCommands();
Commands connectionCommands();
Commands configCommands();
Commands migrateCommands();
Commands backupCommands();
Commands blobCommands();
Commands holdCommands();
Commands incidentCommands();
Commands usageCommands();
Commands retentionCommands();
Commands completionCommands();
Commands packCommands();
Commands pageCommands();
Commands importCommands();
Commands triggerCommands();
Commands standingGuardCommands();
Commands subscriptionCommands();
Commands waiverCommands();
Commands delegateCommands();
Commands signCommands();
Commands bomCommands();
Commands cardCommands();

}  // namespace regesta::cli
