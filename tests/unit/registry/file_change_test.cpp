#include "registry/file_change.h"

#include <gtest/gtest.h>

namespace regesta::registry {
namespace {

std::vector<std::string> paths(const FileChanges& changes) {
  std::vector<std::string> all;
  for (const FileChange& change : changes.all)
    all.push_back((change.before && change.after ? "~" : change.after ? "+" : "-") + change.path());
  return all;
}

TEST(FileChange, ComparesByPathAndDigest) {
  FileChanges changes =
      changesOf({{"b", "2", 1}, {"a", "1", 1}, {"d", "4", 1}}, {{"c", "2", 1}, {"d", "5", 2}, {"a", "1", 1}});
  EXPECT_EQ(paths(changes), (std::vector<std::string>{"-b", "+c", "~d"}));
  EXPECT_EQ(changes.unchanged, 1U);
}

TEST(FileChange, OfNothing) {
  EXPECT_TRUE(changesOf({}, {}).all.empty());
  EXPECT_EQ(paths(changesOf({}, {{"x", "1", 1}})), std::vector<std::string>{"+x"});
  EXPECT_EQ(paths(changesOf({{"x", "1", 1}}, {})), std::vector<std::string>{"-x"});
}

}  // namespace
}  // namespace regesta::registry
