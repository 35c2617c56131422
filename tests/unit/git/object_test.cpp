#include "git/object.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta::git {
namespace {

const std::string one(40, '1'), two(40, '2');

std::string refusal(auto&& read) {
  try {
    read();
  } catch (const Invalid& fault) {
    return fault.message;
  }
  return "accepted";
}

TEST(GitObject, CommitSaysWhoAndWhat) {
  Commit commit =
      parseCommit("tree " + one + "\nparent " + two +
                  "\nauthor Anna A <anna@example.org> 1764000000 +0130\ncommitter Bo <b@x> 5 -0100\n"
                  "gpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n\nTitle\n\nBody\n");
  EXPECT_EQ(commit.tree.str(), one);
  ASSERT_EQ(commit.parents.size(), 1u);
  EXPECT_EQ(commit.author.name, "Anna A");
  EXPECT_EQ(commit.author.email, "anna@example.org");
  EXPECT_EQ(commit.author.at, 1764000000);
  EXPECT_EQ(commit.author.offsetMinutes, 90);
  EXPECT_EQ(commit.committer.offsetMinutes, -60);
  EXPECT_EQ(signatureKind(commit.signature), "ssh");
  EXPECT_EQ(commit.message, "Title\n\nBody\n");
}

TEST(GitObject, WhatIsSignedIsTheRest) {
  std::string plain = "tree " + one + "\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\n\nm\n";
  std::string made = "tree " + one + "\nauthor A <a> 1 +0000\ncommitter A <a> 1 +0000\ngpgsig x\n y\n z\n\nm\n";
  EXPECT_EQ(signedPart(Type::commit, made), plain);
  EXPECT_EQ(signedPart(Type::commit, plain), plain);
  std::string tag = "object " + one + "\ntype commit\ntag v1\n\nmessage\n";
  EXPECT_EQ(signedPart(Type::tag, tag + "-----BEGIN PGP SIGNATURE-----\nx\n"), tag);
}

TEST(GitObject, WrittenCommitsReadBack) {
  Commit commit{
      .tree = *Id::parse(one), .parents = {*Id::parse(two)}, .author = {"A", "a@b", 7, -90}, .message = "m\n"};
  commit.committer = commit.author;
  Commit again = parseCommit(writeCommit(commit));
  EXPECT_EQ(again.author.str(), "A <a@b> 7 -0130");
  EXPECT_EQ(again.parents, commit.parents);
}

TEST(GitObject, MalformedCommitsAreRefused) {
  EXPECT_NE(refusal([] { parseCommit(""); }), "accepted");
  EXPECT_NE(refusal([] { parseCommit("tree x\n\n"); }), "accepted");
  EXPECT_NE(refusal([] { parseCommit("tree " + one + "\nauthor A\ncommitter A <a> 1 +0000\n\n"); }), "accepted");
  std::string many = "tree " + one + "\n";
  for (int i = 0; i < 65; ++i) many += "parent " + two + "\n";
  EXPECT_NE(refusal([&] { parseCommit(many + "author A <a> 1 +0000\ncommitter A <a> 1 +0000\n\n"); }), "accepted");
}

TEST(GitObject, TreesAreInGitsOrder) {
  Id id = *Id::parse(one);
  std::string data = writeTree({{Entry::file, "a.b", id}, {Entry::folder, "a", id}, {Entry::file, "a", id}});
  // "a" the file, "a.b", then "a/" the folder: but a file and a folder of one name are refused on the way in.
  EXPECT_NE(refusal([&] { parseTree(data); }), "accepted");
  std::vector<Entry> entries =
      parseTree(writeTree({{Entry::file, "a.b", id}, {Entry::folder, "a", id}, {Entry::program, "Z", id}}));
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].name, "Z");
  EXPECT_EQ(entries[1].name, "a.b");
  EXPECT_EQ(entries[2].name, "a");
}

TEST(GitObject, NamesThatPlayTricks) {
  for (const char* name : {"", ".", "..", ".git", ".GiT", ".git.", ".git ", ".git. .", "git~1", "GIT~2", ".g\u200cit",
                           "a/b", "a\\b", "a:b", "a\nb", "\xff", ".gitmodules", "...", "\ufeff.git"})
    EXPECT_FALSE(isSafeName(name)) << name;
  for (const char* name : {"a", ".github", ".gitignore", "git", "über.md", "v1.0.0.md", "a b", "..a", "\u00e9"})
    EXPECT_TRUE(isSafeName(name)) << name;
}

}  // namespace
}  // namespace regesta::git
