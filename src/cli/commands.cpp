#include "cli/commands.h"

#include "cli/run.h"

namespace regesta::cli {

const Commands& allCommands() {
  static const Commands commands = [] {
    Commands all;
    for (const Commands& part :
         {serveCommands(),      loginCommands(),        assetCommands(),         promptCommands(),
          promptPushCommands(), promptLintCommands(),   promptInspectCommands(), promptImportCommands(),
          promptTestCommands(), qualityCommands(),      versionCommands(),       fileCommands(),
          aliasCommands(),      promoteCommands(),      gateCommands(),          ciCommands(),
          ciTokenCommands(),    rolloutCommands(),      standingGuardCommands(), requestCommands(),
          waiverCommands(),     delegateCommands(),     historyCommands(),       lineageCommands(),
          evidenceCommands(),   evaluateCommands(),     cardCommands(),          policyTestCommands(),
          policyCommands(),     ledgerCommands(),       ledgerVerifyCommands(),  ledgerRestoreCommands(),
          ledgerKeyCommands(),  packCommands(),         bomCommands(),           signCommands(),
          recordCommands(),     reproduceCommands(),    goldenCommands(),        incidentCommands(),
          accessLogCommands(),  tokenCommands(),        userCommands(),          workspaceCommands(),
          webhookCommands(),    subscriptionCommands(), connectionCommands(),    triggerCommands(),
          runnerCommands(),     agentCommands(),        holdCommands(),          retentionCommands(),
          usageCommands(),      blobCommands(),         configCommands(),        migrateCommands(),
          backupCommands(),     importCommands(),       completionCommands(),    pageCommands()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return commands;
}

const std::vector<Group>& commandGroups() {
  static const std::vector<Group> groups = {
      {"model", "registered models"},
      {"prompt", "prompts: files, versions, and which one a caller gets"},
      {"dataset", "datasets"},
      {"artifact", "artifacts: other versioned files"},
      {"version", "versions of an asset and their files"},
      {"alias", "aliases: names that point to versions"},
      {"rollout", "rollouts: serve a version to a growing share of users"},
      {"gate", "check or perform a promotion from a pipeline, with reports that CI systems read"},
      {"ci", "pipelines for GitHub, GitLab and Jenkins"},
      {"request", "change requests: moves that wait for approval or evidence"},
      {"waiver", "waivers: violations of policies that pass until a date"},
      {"delegate", "delegates: who reviews change requests while an approver is away"},
      {"break-glass", "reviews of moves that were made against the policies"},
      {"evidence", "cards, scans and evaluations of a version"},
      {"card", "cards of versions: drafts, templates, required sections"},
      {"policy", "gate policies: test, check, store, bind"},
      {"job", "jobs for runners"},
      {"ledger", "the ledger: entries, receipts and verification"},
      {"access-log", "who read or downloaded which version"},
      {"golden", "golden datasets: what every new version must answer"},
      {"record", "decision records: what versions answered"},
      {"incident", "incidents: flawed versions, from discovery to the report"},
      {"guard", "standing guards: what an alias is watched for"},
      {"trigger", "triggers: jobs and webhooks that events start"},
      {"hold", "legal holds: what must not be deleted"},
      {"retention", "retention rules: what is archived and deleted, and when"},
      {"import", "move from another server to this one"},
      {"blob", "maintenance of the content store"},
      {"token", "service tokens"},
      {"user", "users and their roles"},
      {"workspace", "workspaces"},
      {"webhook", "URLs that receive changes"},
      {"subscription", "mail about change requests that wait for you, and other events"},
      {"connection", "programs in which people review change requests, such as JIRA"},
      {"completion", "shell completion"},
  };
  return groups;
}

}  // namespace regesta::cli
