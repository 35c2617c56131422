#include "registry/action.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace regesta::registry {
namespace {

TEST(Action, everyNameReadsBack) {
  std::set<std::string_view> names;
  for (const ActionInfo& info : actions()) {
    EXPECT_EQ(parseAction(info.name), info.action) << info.name;
    EXPECT_EQ(nameOf(info.action), info.name);
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_EQ(info.name.find('.'), info.name.rfind('.')) << info.name;
  }
  EXPECT_EQ(parseAction("alias.moved"), Action::aliasMoved);
  EXPECT_EQ(parseAction("alias.mov"), std::nullopt);
  EXPECT_EQ(parseAction(""), std::nullopt);
}

TEST(Action, theNameTellsTheVerbAndTheKindOfSubject) {
  EXPECT_EQ(verbOf(Action::changeRequestWithdrawn), "withdrawn");
  EXPECT_EQ(subjectKindOf("evidence.added"), SubjectKind::version);
  EXPECT_EQ(subjectKindOf("rollout.held"), SubjectKind::pointer);
  EXPECT_EQ(subjectKindOf("something.new"), SubjectKind::other);
  EXPECT_TRUE(isRolloutAction(Action::rolloutHeld));
  EXPECT_FALSE(isRolloutAction(Action::guardBreached));
}

std::string typeScript() {
  std::string page =
      "// Written by the unit test of src/registry/action.cpp (UPDATE_GOLDEN=1); do not edit.\n"
      "export const ledgerActions = [\n";
  for (const ActionInfo& info : actions()) page += "  '" + std::string(info.name) + "',\n";
  page +=
      "] as const;\n"
      "/** What a ledger entry records. */\n"
      "export type LedgerAction = (typeof ledgerActions)[number];\n";
  return page;
}

/// The web UI has a phrase for each action: the table in web/src/lib/actions.ts fails the type check if one is missing.
/// UPDATE_GOLDEN=1 writes the list anew.
TEST(Action, theWebKnowsThem) {
  std::string path = std::string(REGESTA_SOURCE_DIR) + "/web/src/lib/ledgeraction.ts";
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(path) << typeScript();
  std::stringstream written;
  written << std::ifstream(path).rdbuf();
  EXPECT_EQ(written.str(), typeScript()) << "run with UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace regesta::registry
