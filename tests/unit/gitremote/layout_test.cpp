#include "gitremote/layout.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta::gitremote {
namespace {

std::string refusal(auto&& read) {
  try {
    read();
  } catch (const Error& fault) {
    return fault.message;
  }
  return "accepted";
}

TEST(Layout, PathsAndNamesAgree) {
  EXPECT_EQ(gitremote::versionPath("greeting", "1.2.0"), "prompts/greeting/v1.2.0.md");
  for (const char* name : {"greeting", "a b", "50%", ".git", "git~1", "what?", "über", "a..b", "end.", "x ",
                           "support/greeting", "a/v1.0.0.md", "a/aliases.yaml", "x.lock/y", "a/.git/b"}) {
    std::string path = gitremote::versionPath(name, "1.2.0-rc.1");
    auto place = gitremote::parseVersionPath(path);
    ASSERT_TRUE(place) << path;
    EXPECT_EQ(place->name, name);
    EXPECT_EQ(place->semver, "1.2.0-rc.1");
    auto tagged = gitremote::parseVersionTag(gitremote::versionTag(name, "1.2.0"));
    ASSERT_TRUE(tagged) << name;
    EXPECT_EQ(tagged->name, name);
    EXPECT_EQ(gitremote::parseAliasesPath(gitremote::aliasesPath(name)), name);
  }
  EXPECT_EQ(gitremote::versionPath(".git", "1.0.0"), "prompts/%2Egit/v1.0.0.md");
  EXPECT_EQ(gitremote::versionPath("support/greeting", "1.0.0"), "prompts/support/greeting/v1.0.0.md");
}

TEST(Layout, LongNamesFitEveryFileSystem) {
  std::string steps;
  for (int i = 0; i < 100; ++i) steps += i ? "/a" : "a";
  for (const std::string& name : {std::string(250, '?'), std::string(250, 'a'), steps, "a/" + std::string(200, '?')}) {
    std::string path = gitremote::versionPath(name, "1.0.0");
    std::size_t folders = 0, length = 0;
    for (char c : path) {
      folders += c == '/';
      length = c == '/' ? 0 : length + 1;
      EXPECT_LE(length, 255u);
    }
    EXPECT_LE(folders, 30u);
    EXPECT_NE(path, gitremote::versionPath(name.substr(1) + "b", "1.0.0")) << "cut names stay apart";
    EXPECT_FALSE(gitremote::promptOfPath(path)) << "nobody pushes there";
  }
}

TEST(Layout, WhatIsNoVersionIsTheTeams) {
  for (const char* path : {"README.md", "prompts/README.md", "prompts/greeting/README.md",
                           "prompts/greeting/vocabulary.md", "other/greeting/v1.0.0.md", "prompts/greeting/v1.0.0.txt"})
    EXPECT_FALSE(gitremote::parseVersionPath(path)) << path;
  EXPECT_NE(refusal([] { gitremote::parseVersionPath("prompts/greeting/v1.2.md"); }).find("whole Semantic Version"),
            std::string::npos);
  EXPECT_NE(refusal([] { gitremote::parseVersionPath("prompts/greeting/v01.2.3.md"); }), "accepted");
  EXPECT_NE(refusal([] { gitremote::parseVersionPath("prompts/a%2Fb/v1.2.3.md"); }), "accepted")
      << "one prompt, one folder";
  EXPECT_NE(refusal([] { gitremote::parseVersionPath("prompts/%61/v1.2.3.md"); }), "accepted")
      << "one prompt, one folder";
}

TEST(Layout, AliasTagsAsGtoWritesThem) {
  auto tag = gitremote::parseAliasTag("refs/tags/greeting#production");
  ASSERT_TRUE(tag);
  EXPECT_EQ(tag->name, "greeting");
  EXPECT_EQ(tag->alias, "production");
  EXPECT_FALSE(tag->remove);
  EXPECT_EQ(gitremote::parseAliasTag("refs/tags/greeting#production#12")->alias, "production");
  EXPECT_TRUE(gitremote::parseAliasTag("refs/tags/greeting#production#12")->counted);
  EXPECT_FALSE(tag->counted);
  for (std::string_view ref : {"refs/tags/greeting#", "refs/tags/x#y#z", "refs/tags/greeting@vlatest"})
    EXPECT_TRUE(gitremote::claimsSomething(ref)) << ref;
  for (std::string_view ref : {"refs/tags/release-7", "refs/heads/greeting#production", "refs/tags/a@b"})
    EXPECT_FALSE(gitremote::claimsSomething(ref)) << ref;
  EXPECT_TRUE(gitremote::parseAliasTag("refs/tags/greeting#production!")->remove);
  EXPECT_TRUE(gitremote::parseAliasTag("refs/tags/greeting#production!#3")->remove);
  EXPECT_FALSE(gitremote::parseAliasTag("refs/tags/greeting@v1.0.0"));
  EXPECT_FALSE(gitremote::parseAliasTag("refs/tags/greeting#production#x"));
  EXPECT_FALSE(gitremote::parseAliasTag("refs/heads/greeting#production"));
  EXPECT_FALSE(gitremote::parseVersionTag("refs/tags/greeting@v1.0"));
}

TEST(Layout, AliasesFiles) {
  gitremote::Aliases aliases =
      gitremote::parseAliases("p", "# who\nproduction: 1.2.0  # since monday\n\n'old': \"v1.0.0\"\r\n");
  EXPECT_EQ(aliases, (gitremote::Aliases{{"old", "1.0.0"}, {"production", "1.2.0"}}));
  EXPECT_EQ(gitremote::parseAliases("p", gitremote::writeAliases(aliases)), aliases);
  EXPECT_TRUE(refusal([] { gitremote::parseAliases("p", "a: 1.0.0\nb 1.0.0\n"); }).starts_with("p:2: "));
  EXPECT_TRUE(refusal([] { gitremote::parseAliases("p", "a: ^1.0\n"); }).starts_with("p:1: "));
  EXPECT_TRUE(refusal([] { gitremote::parseAliases("p", "a: 1.0.0\na: 1.0.1\n"); }).starts_with("p:2: "));
  EXPECT_TRUE(refusal([] { gitremote::parseAliases("p", "latest: 1.0.0\n"); }).starts_with("p:1: "));
}

TEST(Layout, RepositoriesOfWorkspaces) {
  EXPECT_EQ(gitremote::repositoryName("default"), "prompts");
  EXPECT_EQ(gitremote::repositoryName("risk"), "risk-prompts");
  EXPECT_EQ(gitremote::workspaceOf("prompts"), "default");
  EXPECT_EQ(gitremote::workspaceOf("risk-prompts"), "risk");
  EXPECT_FALSE(gitremote::workspaceOf("risk"));
}

}  // namespace
}  // namespace regesta::gitremote
