#include <fstream>
#include <numeric>

#include "pack_fixture.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;

class PackTest : public testing::Test {
 protected:
  PackTest() { reopen(); }
  void reopen() { store_ = openPacks(scratch_.blobs().string(), scratch_.database()); }
  std::uint64_t stored() const {
    auto packs = scratch_.packs();
    return std::accumulate(packs.begin(), packs.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const fs::path& pack) { return sum + fs::file_size(pack); });
  }
  static void flip(const fs::path& path, std::uint64_t at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(byte);
  }
  Scratch scratch_;
  std::unique_ptr<PackStore> store_;
};

TEST_F(PackTest, AChangedCopyCostsWhatChanged) {
  std::string bytes = noise(20'000'000, 1);
  put(*store_, bytes);
  reopen();
  std::uint64_t before = stored();
  EXPECT_LT(before, bytes.size() + bytes.size() / 100);
  std::string changed = bytes;
  changed.insert(9'000'000, "an insertion");
  changed[15'000'000] = static_cast<char>(changed[15'000'000] ^ 1);
  changed += noise(50'000, 2);
  Stored second = putPieces(*store_, changed, 250'000);
  EXPECT_LT(stored() - before, 600'000u);
  EXPECT_TRUE(get(*store_, second.digest, changed.size()) == changed);
  // What begins in the middle of known content is found, too.
  before = stored();
  std::string tail = bytes.substr(7'654'321);
  EXPECT_TRUE(verify(*store_, put(*store_, tail).digest));
  EXPECT_LT(stored() - before, 2'500'000u);
}

TEST_F(PackTest, ContentOfSeveralPacks) {
  std::string bytes = noise(150'000'000, 3);
  Stored stored = putPieces(*store_, bytes, 1'000'000);
  EXPECT_EQ(scratch_.packs().size(), 3u);
  EXPECT_TRUE(get(*store_, stored.digest, bytes.size()) == bytes);
  EXPECT_TRUE(verify(*store_, put(*store_, bytes + "more").digest));
  EXPECT_EQ(scratch_.packs().size(), 4u);
}

TEST_F(PackTest, RepeatedContentIsStoredOnce) {
  std::string zeros(100'000'000, '\0');
  EXPECT_TRUE(verify(*store_, putPieces(*store_, zeros, 1 << 20).digest));
  EXPECT_LT(stored(), 100'000u);
}

TEST_F(PackTest, NumbersAndTextAreCompressed) {
  std::string text, numbers;
  for (int i = 0; text.size() < 3'000'000; ++i) text += fmt::format("row {},{}\n", i, i * i % 97);
  for (int i = 0; numbers.size() < 3'000'000; ++i) {
    float value = 1.0F + static_cast<float>(i % 1000) / 1000.0F;
    numbers.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  EXPECT_TRUE(verify(*store_, put(*store_, text).digest));
  EXPECT_TRUE(verify(*store_, put(*store_, numbers).digest));
  EXPECT_LT(stored(), 3'000'000u);
}

TEST_F(PackTest, DamageIsFoundAndMendedByStoringAgain) {
  for (std::uint64_t at : {std::uint64_t{5}, std::uint64_t{100'000}, std::uint64_t{399'000}}) {
    std::string bytes = noise(400'000, at);
    Stored stored = put(*store_, bytes);
    for (const fs::path& pack : scratch_.packs()) flip(pack, at);
    reopen();
    EXPECT_FALSE(verify(*store_, stored.digest)) << at;
    EXPECT_EQ(thrownCode([&] { get(*store_, stored.digest, bytes.size()); }), Code::corrupt);
    put(*store_, bytes);
    EXPECT_TRUE(verify(*store_, stored.digest)) << at;
  }
}

TEST_F(PackTest, ATruncatedOrMissingPackIsFound) {
  for (bool missing : {false, true}) {
    std::string bytes = noise(300'000, missing ? 5 : 6);
    Stored stored = put(*store_, bytes);
    for (const fs::path& pack : scratch_.packs()) missing ? void(fs::remove(pack)) : fs::resize_file(pack, 10);
    reopen();
    EXPECT_FALSE(verify(*store_, stored.digest));
    put(*store_, bytes);
    EXPECT_TRUE(verify(*store_, stored.digest));
  }
}

// Whoever can write the database cannot have other bytes served under a digest.
TEST_F(PackTest, ARowThatPointsElsewhereIsFound) {
  Stored good = put(*store_, noise(100'000, 7)), bad = put(*store_, noise(100'000, 8));
  scratch_.database().write([&](db::Transaction& transaction) {
    transaction.run("DELETE FROM blob_object WHERE digest = $1", {good.digest});
    transaction.run("UPDATE blob_object SET digest = $1 WHERE digest = $2", {good.digest, bad.digest});
  });
  EXPECT_EQ(thrownCode([&] { get(*store_, good.digest, 100'000); }), Code::corrupt);
}

TEST_F(PackTest, WholeFilesOfEarlierVersionsAreRead) {
  Stored old = put(*openLocal(scratch_.blobs().string()), noise(50'000, 9));
  EXPECT_TRUE(store_->has(old.digest));
  EXPECT_TRUE(verify(*store_, old.digest));
  std::size_t count = 0;
  store_->list([&](const Stored& stored) { count += stored.digest == old.digest ? 1 : 0; });
  EXPECT_EQ(count, 1u);
  EXPECT_TRUE(store_->remove(old.digest));
  EXPECT_FALSE(store_->has(old.digest));
}

TEST_F(PackTest, SmallObjectsThatComeTogetherShareAPack) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 16; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 25; ++i) put(*store_, fmt::format("object {} of {}", i, t));
    });
  for (auto& thread : threads) thread.join();
  EXPECT_LT(scratch_.packs().size(), 200u);
}

}  // namespace
}  // namespace regesta::blob
