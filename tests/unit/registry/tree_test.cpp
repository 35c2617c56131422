#include "registry/tree.h"

#include "registry/lineage.h"
#include "support/registry_test.h"

namespace regesta::registry {

class TreeTest : public RegistryTest {
 protected:
  void put(const std::string& path, const std::string& digest = "d1", std::uint64_t size = 7) {
    write([&](db::Transaction& s) { putFile(s, "default", path, {digest, size}, {"user:anna"}); });
  }
  std::vector<std::string> list(const std::string& folder) {
    return read([&](db::Transaction& s) {
      std::vector<std::string> names;
      for (const TreeItem& item : listFolder(s, "default", folder))
        names.push_back(item.name + (item.folder ? "/" : ""));
      return names;
    });
  }
};
REGESTA_ON_BOTH(TreeTest);

TEST_P(TreeTest, ListsDirectChildren) {
  for (const char* path : {"1/r/artifacts/model/MLmodel", "1/r/artifacts/model/data/a", "1/r/artifacts/model-2/x",
                           "1/r/artifacts/a.txt", "1/r/artifacts2/no"})
    put(path);
  EXPECT_EQ(list("1/r/artifacts"), (std::vector<std::string>{"a.txt", "model/", "model-2/"}));
  EXPECT_EQ(list("1/r/artifacts/model"), (std::vector<std::string>{"MLmodel", "data/"}));
  EXPECT_EQ(list(""), (std::vector<std::string>{"1/"}));
  EXPECT_TRUE(list("1/r/artifacts/a.txt").empty());
  EXPECT_TRUE(list("nowhere").empty());
  EXPECT_TRUE(read([](db::Transaction& s) { return listFolder(s, "other", ""); }).empty());
}

TEST_P(TreeTest, ListsLargeFoldersWhole) {
  write([&](db::Transaction& s) {
    for (int i = 0; i < 700; ++i) putFile(s, "default", fmt::format("f/sub/{:04}", i), {"d", 1}, {"user:anna"});
    for (int i = 0; i < 600; ++i) putFile(s, "default", fmt::format("f/x{:04}", i), {"d", 1}, {"user:anna"});
    putFile(s, "default", "f/sub.txt", {"d", 1}, {"user:anna"});
  });
  EXPECT_EQ(list("f").size(), 602u);
  EXPECT_EQ(list("f/sub").size(), 700u);
  EXPECT_EQ(read([](db::Transaction& s) { return filesBelow(s, "default", "f").size(); }), 1301u);
}

TEST_P(TreeTest, AFileIsNoFolderAndTheReverse) {
  put("a/b");
  thrown(Code::invalidState, [&] { put("a/b/c"); });
  thrown(Code::invalidState, [&] { put("a"); });
  put("a/b", "d2");
  EXPECT_EQ(read([](db::Transaction& s) { return findFile(s, "default", "a/b")->digest; }), "d2");
}

TEST_P(TreeTest, ASealedFolderKeepsItsFiles) {
  put("m/model/MLmodel");
  put("m/other");
  change([](Change& change) {
    sealFolder(change.transaction, "default", "m/model", "model/x@1");
    change.record(Action::versionCreated, "default", "model/x@1");
  });
  put("m/model/MLmodel");
  EXPECT_NE(thrown(Code::invalidState, [&] { put("m/model/MLmodel", "d2"); }).find("sealed"), std::string::npos);
  thrown(Code::invalidState, [&] { put("m/model/data/new"); });
  for (const char* path : {"m", "m/model", "m/model/MLmodel"})
    thrown(Code::invalidState, [&] { write([&](db::Transaction& s) { return removeTree(s, "default", path); }); });
  put("m/other", "d3");
  EXPECT_EQ(write([](db::Transaction& s) { return removeTree(s, "default", "m/other"); }), 1u);
  EXPECT_EQ(count("tree_file"), 1);
}

TEST_P(TreeTest, RemovesAFolderOrAFile) {
  put("a/1");
  put("a/2/3");
  put("ab");
  EXPECT_EQ(write([](db::Transaction& s) { return removeTree(s, "default", "a"); }), 2u);
  EXPECT_EQ(write([](db::Transaction& s) { return removeTree(s, "default", "nothing"); }), 0u);
  EXPECT_EQ(list(""), (std::vector<std::string>{"ab"}));
}

TEST(SafePath, TakesWhatIsFineAndRefusesTricks) {
  EXPECT_EQ(safePath("a//b/./c/"), "a/b/c");
  EXPECT_EQ(safePath("a b/100%/ä"), "a b/100%/ä");
  EXPECT_EQ(safePath("...."), "....");
  for (const char* path :
       {"../a", "a/../b", "a/..", "/a", "//a", "C:/a", "c:\\a", "a\\b", "a\nb", "%2e%2e/a", "a/%2e%2e/b",
        "%252e%252e/a", "a%2f..%2fb", "%2Fetc", "a%5cb", "a#b", "a%00b", "file:///etc/passwd", "\xFF"}) {
    EXPECT_NE(thrown(Code::invalid, [&] { safePath(path); }).find("path: "), std::string::npos) << path;
  }
  std::string often = "..";
  for (int i = 0; i < 20; ++i) {
    std::string next;
    for (char c : often) next += c == '%' ? "%25" : std::string(1, c);
    often = i == 0 ? "%2e%2e" : next;
  }
  thrown(Code::invalid, [&] { safePath(often); });
}

class LineageTest : public RegistryTest {};
REGESTA_ON_BOTH(LineageTest);

TEST_P(LineageTest, WalksBothWaysAndEndsInCycles) {
  change([](Change& c) {
    for (auto [from, to] : {std::pair{"dataset/d@1", "run/r"},
                            {"run/r", "model/m@1"},
                            {"model/m@1", "model/n@1"},
                            {"dataset/d@1", "run/unrelated"},
                            {"model/n@1", "run/r"}})
      addEdge(c.transaction, "default", {from, to, "input"});
    addEdge(c.transaction, "default", {"run/r", "model/m@1", "input"});
  });
  auto walk = [&](const char* node, Direction direction, int depth = 16) {
    return read([&](db::Transaction& s) {
      std::vector<std::string> found;
      for (const Edge& edge : lineage(s, "default", node, direction, depth)) found.push_back(edge.from + ">" + edge.to);
      return found;
    });
  };
  EXPECT_EQ(walk("model/m@1", Direction::upstream, 1), (std::vector<std::string>{"run/r>model/m@1"}));
  EXPECT_EQ(walk("model/m@1", Direction::upstream).size(), 4u);
  EXPECT_EQ(walk("dataset/d@1", Direction::downstream, 1).size(), 2u);
  EXPECT_TRUE(walk("nothing", Direction::both).empty());
  EXPECT_EQ(count("lineage_edge"), 5);
}

TEST_P(LineageTest, FollowsRenamesAndDoesNotMixUpReusedNames) {
  Asset asset = make("old");
  add(asset);
  change([](Change& c) {
    addEdge(c.transaction, "default", {"run/r", "model/old@1", "registered"});
    addEdge(c.transaction, "default", {"model/old@1", "model/copy@1", "copied"});
    addEdge(c.transaction, "default", {"run/r", "model/older@1", "registered"});
  });
  auto sources = [&](const char* node) {
    return read([&](db::Transaction& s) {
      std::vector<std::string> found;
      for (const Edge& edge : lineage(s, "default", node, Direction::upstream)) found.push_back(edge.from);
      return found;
    });
  };
  asset = change([&](Change& c) { return renameAsset(c, asset, "new", ClearanceIssuer::rename()); });
  EXPECT_EQ(sources("model/new@1"), (std::vector<std::string>{"run/r"}));
  EXPECT_EQ(sources("model/copy@1"), (std::vector<std::string>{"model/new@1", "run/r"}));
  EXPECT_TRUE(sources("model/old@1").empty());
  EXPECT_EQ(sources("model/older@1").size(), 1u);
  change([&](Change& c) { deleteAsset(c, asset, ClearanceIssuer::remove(true)); });
  EXPECT_TRUE(sources("model/new@1").empty());
  EXPECT_EQ(sources("model/copy@1"),
            (std::vector<std::string>{fmt::format("model/new~deleted-{}@1", asset.id), "run/r"}));
}

}  // namespace regesta::registry
