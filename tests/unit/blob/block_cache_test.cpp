#include "blob/block_cache.h"

#include <fstream>
#include <thread>

#include "pack_fixture.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;

class BlockCacheTest : public testing::Test {
 protected:
  std::vector<fs::path> files() {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder()))
      if (entry.is_regular_file()) found.push_back(entry.path());
    return found;
  }
  std::string folder() { return (scratch_.blobs() / "cache").string(); }
  std::uint64_t onDisk() {
    std::uint64_t bytes = 0;
    for (const fs::path& file : files()) bytes += fs::file_size(file);
    return bytes;
  }
  Scratch scratch_;
  const PackName one_ = std::string(32, 'a'), two_ = std::string(32, 'b');
};

TEST_F(BlockCacheTest, KeepsWhatItWasGivenAlsoAfterARestart) {
  {
    BlockCache cache(folder(), 10'000'000);
    EXPECT_FALSE(cache.get(one_, 0));
    cache.put(one_, 0, "first");
    cache.put(one_, 7, noise(100'000, 1));
    cache.put(two_, 0, "");
  }
  BlockCache cache(folder(), 10'000'000);
  EXPECT_EQ(cache.get(one_, 0), "first");
  EXPECT_TRUE(cache.get(one_, 7) == noise(100'000, 1));
  EXPECT_EQ(cache.get(two_, 0), "");
  EXPECT_FALSE(cache.get(two_, 7));
  EXPECT_EQ(cache.bytes(), onDisk());
  cache.forget(one_);
  EXPECT_FALSE(cache.get(one_, 7));
  EXPECT_EQ(files().size(), 1u);
}

TEST_F(BlockCacheTest, TheLeastRecentlyUsedGoFirst) {
  BlockCache cache(folder(), 35'000);
  for (std::uint64_t i = 0; i < 3; ++i) cache.put(one_, i, noise(10'000, i));
  EXPECT_TRUE(cache.get(one_, 0));
  cache.put(one_, 3, noise(10'000, 3));
  EXPECT_TRUE(cache.get(one_, 0));
  EXPECT_FALSE(cache.get(one_, 1));
  EXPECT_LE(onDisk(), 35'000u);
  cache.put(one_, 9, noise(40'000, 9));
  EXPECT_FALSE(cache.get(one_, 9)) << "larger than the cache";
  EXPECT_TRUE(cache.get(one_, 3));
  BlockCache smaller(folder(), 15'000);
  EXPECT_LE(onDisk(), 15'000u);
}

TEST_F(BlockCacheTest, DamagedAndForeignFilesAreDropped) {
  {
    BlockCache(folder(), 1'000'000).put(one_, 0, noise(5'000, 1));
  }
  std::ofstream(folder() + "/0123456789abcdef.new") << "left behind";
  std::ofstream(folder() + "/notes") << "not ours";
  BlockCache cache(folder(), 1'000'000);
  ASSERT_EQ(files().size(), 1u);
  {
    std::fstream(files()[0], std::ios::in | std::ios::out | std::ios::binary).seekp(2'000).put('~');
  }
  EXPECT_FALSE(cache.get(one_, 0));
  EXPECT_EQ(cache.bytes(), 0u);
  cache.put(one_, 0, "again");
  fs::resize_file(files()[0], 3);
  EXPECT_FALSE(cache.get(one_, 0));
  cache.put(one_, 0, "again");
  fs::remove_all(folder());
  EXPECT_FALSE(cache.get(one_, 0));
  cache.put(one_, 0, "again");
  EXPECT_EQ(cache.get(one_, 0), "again");
}

TEST_F(BlockCacheTest, ManyThreads) {
  BlockCache cache(folder(), 300'000);
  std::vector<std::thread> threads;
  for (std::uint64_t t = 0; t < 8; ++t)
    threads.emplace_back([&cache, this, t] {
      for (std::uint64_t i = 0; i < 100; ++i) {
        std::uint64_t block = (i * 7 + t) % 20;
        if (auto found = cache.get(one_, block)) EXPECT_TRUE(*found == noise(20'000, block));
        cache.put(one_, block, noise(20'000, block));
        if (i % 40 == 39) cache.forget(one_);
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(cache.bytes(), 300'000u);
  EXPECT_EQ(cache.bytes(), onDisk());
}

}  // namespace
}  // namespace regesta::blob
