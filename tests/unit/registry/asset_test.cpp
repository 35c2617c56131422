#include "registry/asset.h"

#include "registry/workspace.h"
#include "support/registry_test.h"

namespace regesta::registry {

class AssetTest : public RegistryTest {};
REGESTA_ON_BOTH(AssetTest);

TEST_P(AssetTest, IsCreatedFoundAndRecorded) {
  change(
      [](Change& c) { createAsset(c, {"default", Kind::model, "loan-risk"}, "who pays back", {{"team", "credit"}}); });
  Asset found = read([](db::Transaction& s) { return getAsset(s, {"default", Kind::model, "loan-risk"}); });
  EXPECT_EQ(found.description, "who pays back");
  EXPECT_EQ(found.createdBy, "user:anna");
  EXPECT_EQ(found.tags, (Tags{{"team", "credit"}}));
  EXPECT_GT(found.createdAt, 1'600'000'000'000);
  EXPECT_EQ(actions(), std::vector<std::string>{"asset.created"});
  EXPECT_EQ(commits_, 1);
}

TEST_P(AssetTest, AFailedChangeLeavesNothing) {
  EXPECT_THROW(change([](Change& c) {
                 createAsset(c, {"default", Kind::model, "half"}, "", {});
                 throw Error(Code::internal, "power cut");
               }),
               Error);
  EXPECT_EQ(count("asset"), 0);
  EXPECT_EQ(count("ledger_entry"), 0);
  EXPECT_EQ(count("subject_entry"), 0);
  EXPECT_EQ(commits_, 0);
}

TEST_P(AssetTest, PromptsAndModelsShareNamesOtherKindsDoNot) {
  make("summary", Kind::prompt);
  EXPECT_NE(thrown(Code::exists, [&] { make("summary", Kind::model); }).find("taken by a prompt"), std::string::npos);
  EXPECT_EQ(thrown(Code::exists, [&] { make("summary", Kind::prompt); }), "A prompt named 'summary' already exists");
  make("summary", Kind::dataset);
  EXPECT_EQ(read([](db::Transaction& s) { return findRegistered(s, "default", "summary"); })->key.kind, Kind::prompt);
}

TEST_P(AssetTest, BadNamesAreRefused) {
  for (const char* name : {"", "  ", "a/b", "a:b", "a\\b", "..", ".", "a\nb", "\xFF"})
    thrown(Code::invalid, [&] { make(name); });
  for (const char* name : {"a//b", "/a", "a/", "a/../b", "./a", "a/ /b", "a/b:c", "/"})
    thrown(Code::invalid, [&] { make(name, Kind::prompt); });

  // What people would read as another name: base/name.h has the rules.
  for (const char* name : {"lo\u200Ban", "loan\u00A0", "l\u043Ean", "loan\u2013risk", "cafe\u0301"})
    thrown(Code::invalid, [&] { make(name); });

  thrown(Code::invalid, [&] { make(std::string(251, 'x')); });
  make(std::string(250, 'x'));
  make("Ünïcode ok '\" -- ;DROP TABLE asset");
  EXPECT_EQ(count("asset"), 2);
}

TEST_P(AssetTest, TagsAreSetReplacedAndDeleted) {
  Asset asset = make("tagged");
  auto tags = [&] { return read([&](db::Transaction& s) { return getAsset(s, asset.key).tags; }); };
  change([&](Change& c) { setAssetTag(c, asset, "a", "1"); });
  change([&](Change& c) { setAssetTag(c, asset, "a", ""); });
  EXPECT_EQ(tags(), (Tags{{"a", ""}}));
  change([&](Change& c) { deleteAssetTag(c, asset, "a"); });
  change([&](Change& c) { deleteAssetTag(c, asset, "never"); });
  EXPECT_TRUE(tags().empty());
  EXPECT_EQ(actions(),
            (std::vector<std::string>{"asset.created", "asset.tag-set", "asset.tag-set", "asset.tag-deleted"}));
  thrown(Code::invalid, [&] { change([&](Change& c) { setAssetTag(c, asset, "k", std::string(100'001, 'v')); }); });
}

TEST_P(AssetTest, ListsInByteOrderFromAnyName) {
  for (const char* name : {"b", "a", "B", "ä", "a-1"}) make(name);
  make("aa", Kind::prompt);
  make("zz", Kind::policy);
  auto names = [&](std::optional<Kind> kind, const char* after, std::size_t limit) {
    return read([&](db::Transaction& s) {
      std::vector<std::string> found;
      for (const Asset& asset : listAssets(s, "default", kind, after, limit)) found.push_back(asset.key.name);
      return found;
    });
  };
  EXPECT_EQ(names(std::nullopt, "", 10), (std::vector<std::string>{"B", "a", "a-1", "aa", "b", "ä"}));
  EXPECT_EQ(names(std::nullopt, "a", 2), (std::vector<std::string>{"a-1", "aa"}));
  EXPECT_EQ(names(Kind::prompt, "", 10), (std::vector<std::string>{"aa"}));
  EXPECT_TRUE(read([](db::Transaction& s) { return listAssets(s, "other", std::nullopt, "", 10); }).empty());
}

TEST_P(AssetTest, PromptsMayStandInFolders) {
  EXPECT_EQ(make("support/de/greeting", Kind::prompt).key.subject(), "prompt/support/de/greeting");
  thrown(Code::invalid, [&] { make("support/de/greeting", Kind::dataset); });
  Asset model = make("plain");
  thrown(Code::invalid,
         [&] { change([&](Change& c) { renameAsset(c, model, "in/a/folder", ClearanceIssuer::rename()); }); });
}

TEST_P(AssetTest, RenameKeepsVersionsAndRefusesATakenName) {
  Asset asset = make("old");
  add(asset);
  make("taken", Kind::prompt);
  thrown(Code::exists, [&] { change([&](Change& c) { renameAsset(c, asset, "taken", ClearanceIssuer::rename()); }); });
  change([&](Change& c) { renameAsset(c, asset, "new", ClearanceIssuer::rename()); });
  EXPECT_EQ(read([](db::Transaction& s) { return getVersion(s, {"default", Kind::model, "new"}, 1).asset.key.name; }),
            "new");
  EXPECT_FALSE(read([](db::Transaction& s) { return findAsset(s, {"default", Kind::model, "old"}); }));
}

TEST_P(AssetTest, ARenameCannotShedAGateNorSlipUnderOne) {
  protect("loan-*", "production");
  Asset guarded = make("loan-risk");
  add(guarded);
  point(guarded, "production", 1, "decided");
  thrown(Code::refused,
         [&] { change([&](Change& c) { renameAsset(c, guarded, "free", ClearanceIssuer::rename()); }); });
  Asset open = make("open");
  add(open);
  point(open, "production", 1);
  thrown(Code::conflict,
         [&] { change([&](Change& c) { renameAsset(c, open, "loan-open", ClearanceIssuer::rename()); }); });
  thrown(Code::refused, [&] { change([&](Change& c) { deleteAsset(c, guarded, ClearanceIssuer::remove(true)); }); });
  std::string why =
      thrown(Code::refused, [&] { change([&](Change& c) { deleteAsset(c, open, ClearanceIssuer::remove(false)); }); });
  EXPECT_NE(why.find("production"), std::string::npos) << why;
  change([&](Change& c) {
    std::vector<Clearance> pointers{ClearanceIssuer::move(Pointer::alias("production"), 1, 1, "decided, too")};
    open = renameAsset(c, open, "loan-open", ClearanceIssuer::rename(std::move(pointers)));
  });
  EXPECT_EQ(actions().back(), "alias.moved");
  change([&](Change& c) { guarded = renameAsset(c, guarded, "free", ClearanceIssuer::rename({}, true)); });
  change([&](Change& c) { deleteAsset(c, guarded, ClearanceIssuer::remove(true)); });
}

TEST_P(AssetTest, DeleteTakesEverythingAlongAndRecordsIt) {
  Asset asset = make("gone");
  add(asset);
  point(asset, "champion", 1);
  change([&](Change& c) { deleteAsset(c, asset, ClearanceIssuer::remove(true)); });
  EXPECT_EQ(count("version"), 0);
  EXPECT_EQ(count("alias"), 0);
  EXPECT_EQ(actions().back(), "asset.deleted");
  EXPECT_EQ(add(make("gone")).number, 1);
}

class WorkspaceTest : public RegistryTest {};
REGESTA_ON_BOTH(WorkspaceTest);

TEST_P(WorkspaceTest, LivesAndDies) {
  change([](Change& c) { createWorkspace(c, "team-a", "Team A"); });
  thrown(Code::exists, [&] { change([](Change& c) { createWorkspace(c, "team-a", ""); }); });
  for (const char* name : {"A", "x", "-ab", "ab-", "a b", "team/a", ""})
    thrown(Code::invalid, [&] { change([&](Change& c) { createWorkspace(c, name, ""); }); });
  change([](Change& c) { describeWorkspace(c, "team-a", "Team of A"); });
  std::vector<Workspace> all = read([](db::Transaction& s) { return listWorkspaces(s); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].description, "Team of A");
  change([](Change& c) { createAsset(c, {"team-a", Kind::model, "m"}, "", {}); });
  thrown(Code::invalidState, [&] { change([](Change& c) { deleteWorkspace(c, "team-a"); }); });
  thrown(Code::invalidState, [&] { change([](Change& c) { deleteWorkspace(c, "default"); }); });
  change([](Change& c) {
    deleteAsset(c, getAsset(c.transaction, {"team-a", Kind::model, "m"}), ClearanceIssuer::remove(true));
  });
  change([](Change& c) { deleteWorkspace(c, "team-a"); });
  thrown(Code::notFound, [&] { change([](Change& c) { createAsset(c, {"team-a", Kind::model, "m"}, "", {}); }); });
}

}  // namespace regesta::registry
