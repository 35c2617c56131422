#include "registry/version.h"

#include "crypto/hash.h"
#include "support/registry_test.h"

namespace regesta::registry {

class VersionTest : public RegistryTest {};
REGESTA_ON_BOTH(VersionTest);

TEST_P(VersionTest, CarriesWhatWasGiven) {
  Asset asset = make("loan-risk");
  Version made = change([&](Change& c) {
    return createVersion(c, asset,
                         {.semver = "1.0.0",
                          .description = "first",
                          .source = "runs:/r/model",
                          .storage = "mlflow-artifacts:/1/r/artifacts/model",
                          .runId = "r",
                          .runLink = "http://x",
                          .modelId = "m-1",
                          .tags = {{"k", "v"}},
                          .files = {{"b", "22", 2}, {"a", "11", 1}}});
  });
  Version found = read([&](db::Transaction& s) { return getVersion(s, asset.key, 1); });
  EXPECT_EQ(found.subject(), "model/loan-risk@1");
  EXPECT_EQ(found.digest, crypto::sha256Hex("11  a\n22  b\n"));
  EXPECT_EQ(found.digest, made.digest);
  EXPECT_EQ(found.storage, "mlflow-artifacts:/1/r/artifacts/model");
  EXPECT_EQ(found.stage, "None");
  EXPECT_EQ(found.createdBy, "user:anna");
  EXPECT_EQ(found.tags, (Tags{{"k", "v"}}));
  std::vector<VersionFile> files = read([&](db::Transaction& s) { return versionFiles(s, found); });
  ASSERT_EQ(files.size(), 2u);
  EXPECT_EQ(files[0].path, "a");
  EXPECT_EQ(files[0].size, 1);
}

TEST_P(VersionTest, NumbersAreNeverUsedTwice) {
  Asset asset = make("m");
  EXPECT_EQ(add(asset).number, 1);
  Version second = add(asset);
  change([&](Change& c) { deleteVersion(c, second, ClearanceIssuer::remove(true)); });
  EXPECT_EQ(add(asset).number, 3);
  thrown(Code::notFound, [&] { read([&](db::Transaction& s) { return getVersion(s, asset.key, 2); }); });
  std::vector<Version> all = read([&](db::Transaction& s) { return listVersions(s, asset, 10); });
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].number, 3);
}

TEST_P(VersionTest, ParallelCreatesDoNotCollide) {
  Asset asset = make("m");
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (int j = 0; j < 5; ++j) add(asset);
    });
  for (std::thread& thread : threads) thread.join();
  std::vector<Version> all = read([&](db::Transaction& s) { return listVersions(s, asset, 100); });
  ASSERT_EQ(all.size(), 40u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].number, static_cast<std::int64_t>(40 - i));
}

TEST_P(VersionTest, ARepeatedPromptTextMakesNoNewVersionUnlessAskedFor) {
  Asset prompt = make("summary", Kind::prompt);
  auto register_ = [&](const char* text, bool evenIfSame) {
    return change(
        [&](Change& c) { return createVersion(c, prompt, {.content = text, .evenIfSame = evenIfSame}).number; });
  };
  EXPECT_EQ(register_("A", false), 1);
  EXPECT_EQ(register_("A", false), 1);
  EXPECT_EQ(register_("B", false), 2);
  EXPECT_EQ(register_("A", false), 3);
  EXPECT_EQ(register_("A", true), 4);
}

TEST_P(VersionTest, ASemverIsUniqueAndSelectable) {
  Asset asset = make("m");
  auto with = [&](const char* semver) {
    change([&](Change& c) { createVersion(c, asset, {.semver = semver, .source = "s"}); });
  };
  with("1.0.0");
  with("1.10.0");
  with("1.9.0");
  with("2.0.0-rc.1");
  thrown(Code::exists, [&] { with("1.9.0"); });
  thrown(Code::invalid, [&] { with("one"); });
  add(asset);
  point(asset, "production", 2);
  auto resolve = [&](const char* selector) {
    return read([&](db::Transaction& s) { return resolveVersion(s, asset.key, selector).number; });
  };
  EXPECT_EQ(resolve("3"), 3);
  EXPECT_EQ(resolve("1.9.0"), 3);
  EXPECT_EQ(resolve("^1.0.0"), 2);
  EXPECT_EQ(resolve("~1.0"), 1);
  EXPECT_EQ(resolve("latest"), 5);
  EXPECT_EQ(resolve("production"), 2);
  EXPECT_NE(thrown(Code::notFound, [&] { resolve("staging"); }).find("alias 'staging'"), std::string::npos);
  thrown(Code::notFound, [&] { resolve("9"); });
  thrown(Code::notFound, [&] { resolve("^7"); });
}

TEST_P(VersionTest, DeletingRedactsAndDropsAliases) {
  Asset asset = make("m");
  Version version =
      change([&](Change& c) { return createVersion(c, asset, {.source = "s3://secret", .runId = "run"}); });
  point(asset, "champion", 1);
  change([&](Change& c) { deleteVersion(c, version, ClearanceIssuer::remove(true)); });
  EXPECT_EQ(count("alias"), 0);
  read([&](db::Transaction& s) {
    db::Rows rows = s.query("SELECT source, run_id FROM version");
    ASSERT_TRUE(rows.next());
    EXPECT_EQ(rows.text(0), "");
    EXPECT_EQ(rows.text(1), "");
  });
  EXPECT_EQ(actions(), (std::vector<std::string>{"asset.created", "version.created", "alias.moved", "alias.removed",
                                                 "version.deleted"}));
}

TEST_P(VersionTest, AVersionUnderAProtectedPointerStays) {
  protect("*", "production");
  Asset asset = make("m");
  Version version = add(asset);
  point(asset, "production", 1, "decided");
  thrown(Code::refused, [&] { change([&](Change& c) { deleteVersion(c, version, ClearanceIssuer::remove(true)); }); });
  EXPECT_EQ(read([&](db::Transaction& s) { return getVersion(s, asset.key, 1).number; }), 1);
}

TEST_P(VersionTest, TooMuchOrBrokenTextIsRefused) {
  Asset asset = make("m");
  auto with = [&](NewVersion made) {
    return thrown(Code::invalid, [&] { change([&](Change& c) { createVersion(c, asset, made); }); });
  };
  EXPECT_NE(with({.source = std::string(5000, 's')}).find("source"), std::string::npos);
  EXPECT_NE(with({.description = std::string(5001, 'd')}).find("description"), std::string::npos);
  EXPECT_NE(with({.source = "\xC3("}).find("UTF-8"), std::string::npos);
  EXPECT_NE(with({.source = std::string("a\0b", 3)}).find("source"), std::string::npos);
  EXPECT_EQ(count("version"), 0);
}

}  // namespace regesta::registry
