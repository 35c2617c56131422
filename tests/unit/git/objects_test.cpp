#include "git/objects.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/id.h"
#include "git/change.h"
#include "git/pack.h"
#include "git/walk.h"

namespace regesta::git {
namespace {

class GitObjects : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/git-" + randomHex(6);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Id file(std::string_view text) { return objects_.write(Type::blob, text); }
  Id commit(const Id& tree, std::vector<Id> parents, std::int64_t at = 1) {
    Commit made{.tree = tree, .parents = std::move(parents), .author = {"A", "a@b", at, 0}, .message = "m\n"};
    made.committer = made.author;
    return objects_.write(Type::commit, writeCommit(made));
  }
  Id treeWith(const Id& base, const std::string& path, std::string_view text) {
    return edit(objects_, base, {{path, file(text)}});
  }
  static std::vector<std::string> paths(const std::vector<FileChange>& changes) {
    std::vector<std::string> list;
    for (const FileChange& change : changes)
      list.push_back((change.before ? change.after ? "~" : "-" : "+") + change.path);
    return list;
  }

  std::string folder_;
  Objects objects_;
};

TEST_F(GitObjects, EditsAndComparesTrees) {
  Id first = edit(objects_, {}, {{"a/b/c.txt", file("1")}, {"a/d.txt", file("2")}, {"e.txt", file("3")}});
  Id second = edit(objects_, first, {{"a/b/c.txt", std::nullopt}, {"a/d.txt", file("4")}, {"e.txt/f", file("5")}});
  EXPECT_EQ(paths(changesBetween(objects_, first, second)),
            (std::vector<std::string>{"-a/b/c.txt", "~a/d.txt", "-e.txt", "+e.txt/f"}));
  EXPECT_EQ(objects_.blob(*fileAt(objects_, second, "a/d.txt")), "4");
  EXPECT_FALSE(fileAt(objects_, second, "a/b/c.txt"));
  EXPECT_FALSE(fileAt(objects_, second, "a"));
  EXPECT_EQ(edit(objects_, second, {{"a/d.txt", file("4")}}), second) << "setting what is there changes nothing";
  EXPECT_TRUE(objects_
                  .tree(edit(objects_, first,
                             {{"a/b/c.txt", std::nullopt}, {"a/d.txt", std::nullopt}, {"e.txt", std::nullopt}}))
                  .empty());
}

TEST_F(GitObjects, PacksRoundTrip) {
  Id tree = treeWith({}, "a.txt", "hello"), tip = commit(tree, {});
  std::string bytes = objects_.packWritten();
  EXPECT_EQ(scanPack(bytes).objects, 3u);
  IndexedPack pack = indexPack(bytes, folder_);
  EXPECT_EQ(pack.ids.size(), 3u);
  Objects again({pack.path});
  EXPECT_EQ(again.commit(tip).tree, tree);
  EXPECT_EQ(again.write(Type::blob, "hello"), *fileAt(again, tree, "a.txt"));
  EXPECT_EQ(again.packWritten(), "") << "what is there is not packed again";
}

TEST_F(GitObjects, AFetchGetsWhatItLacks) {
  Id base = treeWith({}, "a.txt", "1"), first = commit(base, {});
  Id changed = treeWith(base, "b/c.txt", "2"), second = commit(changed, {first});
  Id third = commit(changed, {second});
  EXPECT_EQ(missing(objects_, {.wants = {third}}).size(), 8u) << "three commits, three trees, two files";
  EXPECT_EQ(missing(objects_, {.wants = {third}, .haves = {first}}).size(), 5u);
  EXPECT_EQ(missing(objects_, {.wants = {third}, .haves = {second}}).size(), 1u);
  EXPECT_TRUE(missing(objects_, {.wants = {third}, .haves = {third}}).empty());
  EXPECT_EQ(missing(objects_, {.wants = {third}, .shallow = {third}}).size(), 5u) << "one commit and its files";
  Depth depth = atDepth(objects_, {third}, 2);
  EXPECT_EQ(depth.inside.size(), 2u);
  EXPECT_TRUE(depth.edge.contains(second) && depth.edge.size() == 1);
  EXPECT_TRUE(isAncestor(objects_, first, third));
  EXPECT_FALSE(isAncestor(objects_, third, first));
  EXPECT_EQ(commitsBetween(objects_, third, {first}), (std::vector<Id>{second, third}));
}

TEST_F(GitObjects, WhatIsNewIsChecked) {
  Id tree = treeWith({}, "a.txt", "1"), tip = commit(tree, {});
  Objects nothing;
  EXPECT_EQ(checkNew(objects_, nothing, {tip}).size(), 3u);
  EXPECT_TRUE(checkNew(objects_, objects_, {tip}).empty());
  EXPECT_THROW(checkNew(objects_, nothing, {commit(tree, {*Id::parse(std::string(40, '1'))})}), Invalid);
  EXPECT_THROW(checkNew(objects_, nothing, {commit(*fileAt(objects_, tree, "a.txt"), {})}), Invalid);
}

TEST_F(GitObjects, FoldersEndSomewhere) {
  std::string path;
  for (int i = 0; i < 31; ++i) path += "d/";
  Id fits = edit(objects_, {}, {{path + "x", file("1")}}), deep = edit(objects_, {}, {{path + "d/x", file("1")}});
  Objects nothing;
  EXPECT_NO_THROW(checkNew(objects_, nothing, {commit(fits, {})}));
  EXPECT_THROW(checkNew(objects_, nothing, {commit(deep, {})}), Invalid);
  // Not by building on what was accepted, either.
  Id outer = objects_.write(Type::tree, writeTree({{Entry::folder, "d", fits}}));
  EXPECT_THROW(checkNew(objects_, nothing, {commit(outer, {})}), Invalid);
}

TEST_F(GitObjects, TagsStandForCommits) {
  Id tip = commit(treeWith({}, "a.txt", "1"), {});
  std::string inner = "object " + tip.str() + "\ntype commit\ntag a\n\nm\n";
  Id tag = objects_.write(Type::tag, inner);
  Id outer = objects_.write(Type::tag, "object " + tag.str() + "\ntype tag\ntag b\n\nm\n");
  EXPECT_EQ(objects_.peel(outer), tip);
  EXPECT_EQ(objects_.peel(tip), tip);
  EXPECT_FALSE(objects_.peel(file("1")));
}

}  // namespace
}  // namespace regesta::git
