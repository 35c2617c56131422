#include "cli/commands.h"

#include "cli/run.h"

namespace regesta::cli {

const Commands& allCommands() {
  static const Commands commands = [] {
    Commands all;
    for (const Commands& part :
         {serveCommands(),      loginCommands(),      assetCommands(),        promptCommands(),  promptPushCommands(),
          promptLintCommands(), promptLookCommands(), promptImportCommands(), versionCommands(), fileCommands(),
          aliasCommands(),      promoteCommands(),    requestCommands(),      historyCommands(), evidenceCommands(),
          evaluateCommands(),   policyTestCommands(), policyCommands(),       ledgerCommands(),  ledgerVerifyCommands(),
          tokenCommands(),      userCommands(),       workspaceCommands(),    configCommands(),  backupCommands(),
          completionCommands(), pageCommands(),       rolloutCommands(),      agentCommands(),   qualityCommands(),
          webhookCommands(),    runnerCommands(),     promptTestCommands()})
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
      {"artifact", "any other artifact"},
      {"version", "versions of an asset and their files"},
      {"alias", "the names that point to versions"},
      {"rollout", "bringing a version to an alias step by step"},
      {"request", "change requests: moves that wait for something"},
      {"evidence", "what speaks for a version: cards, scans, evaluations"},
      {"policy", "gate policies: test, check, store, bind"},
      {"job", "work that runners do"},
      {"ledger", "the record of every change, and its proof"},
      {"token", "service tokens"},
      {"user", "people and their roles"},
      {"workspace", "workspaces"},
      {"webhook", "addresses that are told of changes"},
      {"completion", "shell completion"},
  };
  return groups;
}

}  // namespace regesta::cli
