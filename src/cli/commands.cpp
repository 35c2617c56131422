#include "cli/commands.h"

#include "cli/run.h"

namespace regesta::cli {

const Commands& allCommands() {
  static const Commands commands = [] {
    Commands all;
    for (const Commands& part :
         {serveCommands(),        loginCommands(),      assetCommands(),      promptCommands(),    versionCommands(),
          fileCommands(),         aliasCommands(),      promoteCommands(),    requestCommands(),   historyCommands(),
          evidenceCommands(),     evaluateCommands(),   policyTestCommands(), policyCommands(),    ledgerCommands(),
          ledgerVerifyCommands(), tokenCommands(),      userCommands(),       workspaceCommands(), configCommands(),
          backupCommands(),       completionCommands(), pageCommands()})
      all.insert(all.end(), part.begin(), part.end());
    return all;
  }();
  return commands;
}

const std::vector<Group>& allGroups() {
  static const std::vector<Group> groups = {
      {"model", "registered models"},
      {"prompt", "prompts, and which version a caller gets"},
      {"dataset", "datasets"},
      {"artifact", "any other artifact"},
      {"version", "versions of an asset and their files"},
      {"alias", "the names that point to versions"},
      {"request", "change requests: moves that wait for something"},
      {"evidence", "what speaks for a version: cards, scans, evaluations"},
      {"policy", "gate policies: test, check, store, bind"},
      {"ledger", "the record of every change, and its proof"},
      {"token", "service tokens"},
      {"user", "people and their roles"},
      {"workspace", "workspaces"},
      {"completion", "shell completion"},
  };
  return groups;
}

}  // namespace regesta::cli
