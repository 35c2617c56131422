#include "lifecycle/usage.h"

#include "registry/blob_alias.h"
#include "registry/tree.h"
#include "registry/workspace.h"
#include "support/registry_test.h"

namespace regesta::lifecycle {

using registry::Asset;
using registry::Change;

class UsageTest : public RegistryTest {
 protected:
  static std::string digest(char c) { return std::string(64, c); }
  void version(const Asset& asset, std::vector<registry::VersionFile> files) {
    change([&](Change& c) { registry::createVersion(c, asset, {.files = std::move(files)}); });
  }
  WorkspaceUsage usage(std::string_view workspace = "default") {
    return measureUsage(*store_).workspaces.find(workspace)->second;
  }
};
REGESTA_ON_BOTH(UsageTest);

const UsageRow& row(const WorkspaceUsage& usage, std::string_view name, Holder holder = Holder::asset) {
  for (const UsageRow& one : usage.rows)
    if (one.holder == holder && one.name == name) return one;
  throw std::runtime_error(fmt::format("no row of '{}'", name));
}

TEST_P(UsageTest, SharedContentIsSplitAndUniqueContentIsWhatDeletingFrees) {
  Asset loan = make("loan"), churn = make("churn");
  version(loan, {{"base", digest('a'), 600}, {"own", digest('b'), 50}});
  version(loan, {{"base", digest('a'), 600}, {"copy", digest('a'), 600}, {"own", digest('c'), 70}});
  version(churn, {{"base", digest('a'), 600}});
  write([&](db::Transaction& s) {
    registry::putFile(s, "default", "1/run/artifacts/base", {digest('a'), 600}, {"user:anna"});
    registry::putFile(s, "default", "1/run/artifacts/log", {digest('d'), 9}, {"user:anna"});
    registry::putBlobAlias(s, "default", "md5:x", {digest('e'), 30}, "user:anna");
  });
  change([&](Change& c) { registry::setAssetTag(c, loan, "team", "credit"); });

  WorkspaceUsage found = usage();
  EXPECT_EQ(found.stored, 600 + 50 + 70 + 9 + 30);
  EXPECT_EQ(found.logical, 5 * 600 + 50 + 70 + 9 + 30);
  const UsageRow& first = row(found, "loan");
  EXPECT_EQ(first.versions, 2);
  EXPECT_EQ(first.bytes.files, 5);
  EXPECT_EQ(first.bytes.logical, 3 * 600 + 50 + 70);
  EXPECT_EQ(first.bytes.unique, 120);
  EXPECT_DOUBLE_EQ(first.bytes.share, 200 + 120);
  EXPECT_EQ(first.tags.find("team")->second, "credit");
  EXPECT_EQ(row(found, "churn").bytes.unique, 0);
  EXPECT_EQ(row(found, "", Holder::runs).bytes.unique, 9);
  EXPECT_EQ(row(found, "", Holder::clients).bytes.unique, 30);
  EXPECT_EQ(found.rows.front().name, "loan");

  // What deleting frees is what is then no longer stored.
  change([&](Change& c) { registry::deleteAsset(c, loan, registry::ClearanceIssuer::remove(false)); });
  EXPECT_EQ(usage().stored, found.stored - 120);
}

TEST_P(UsageTest, DeletedVersionsAndOtherWorkspacesDoNotCount) {
  Asset loan = make("loan");
  version(loan, {{"a", digest('a'), 10}});
  version(loan, {{"b", digest('f'), 20}});
  change([&](Change& c) {
    registry::createWorkspace(c, "west", "");
    Asset there = registry::createAsset(c, {"west", registry::Kind::model, "loan"}, "", {});
    registry::createVersion(c, there, {.files = {{"a", digest('a'), 10}}});
    registry::deleteVersion(c, registry::getVersion(c.transaction, loan.key, 2),
                            registry::ClearanceIssuer::remove(false));
  });
  WorkspaceUsage here = usage();
  EXPECT_EQ(here.stored, 10);
  EXPECT_EQ(row(here, "loan").bytes.unique, 10) << "another workspace's copy is not told";
  EXPECT_EQ(usage("west").stored, 10);
}

TEST_P(UsageTest, AReportIsKeptForAWhile) {
  UsageMeter meter(*store_);
  auto first = meter.report();
  version(make("loan"), {{"a", digest('a'), 10}});
  EXPECT_EQ(meter.report(), first);
  EXPECT_EQ(meter.report(true), first) << "not before ten seconds are over";
}

}  // namespace regesta::lifecycle
