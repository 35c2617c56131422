#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/id.h"
#include "blob/store.h"
#include "crypto/hash.h"
#include "support/thrown.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;

class LocalTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("regesta-blob-" + randomHex(6));
    store_ = openLocal(folder_.string());
  }
  void TearDown() override {
    file::failAt(0, 0);
    store_.reset();
    fs::remove_all(folder_);
  }
  fs::path pathOf(const Digest& digest) const { return folder_ / digest.substr(0, 2) / digest.substr(2); }
  std::map<Digest, std::uint64_t> listed() {
    std::map<Digest, std::uint64_t> all;
    store_->list([&](const Stored& stored) { all[stored.digest] = stored.size; });
    return all;
  }
  std::size_t temporaries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_ / "tmp"), fs::directory_iterator()));
  }

  fs::path folder_;
  std::unique_ptr<BlobStore> store_;
};

TEST_F(LocalTest, WhatIsPutIsGot) {
  std::string large;
  for (int i = 0; large.size() < 9'000'000; ++i) large += crypto::hex(crypto::sha256(std::to_string(i)));
  for (const std::string& bytes : {std::string(), std::string("x"), std::string("a\0b", 3), large}) {
    Stored stored = put(*store_, bytes);
    EXPECT_EQ(stored.digest, crypto::sha256Hex(bytes));
    EXPECT_EQ(stored.size, bytes.size());
    EXPECT_TRUE(store_->has(stored.digest));
    EXPECT_TRUE(get(*store_, stored.digest, bytes.size()) == bytes);
    EXPECT_TRUE(verify(*store_, stored.digest));
    EXPECT_TRUE(fs::exists(pathOf(stored.digest)));
  }
  EXPECT_EQ(listed().size(), 4u);
  EXPECT_EQ(temporaries(), 0u);
}

TEST_F(LocalTest, PiecesAndRanges) {
  auto writer = store_->create();
  for (int i = 0; i < 1000; ++i) writer->write(fmt::format("{:04}", i));
  Stored stored = writer->commit();
  auto reader = store_->open(stored.digest);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->size(), 4000u);
  std::string part(8, '\0');
  EXPECT_EQ(reader->read(396, part), 8u);
  EXPECT_EQ(part, "00990100");
  EXPECT_EQ(reader->read(3996, part), 4u);
  EXPECT_EQ(part.substr(0, 4), "0999");
  EXPECT_EQ(reader->read(4000, part), 0u);
  EXPECT_EQ(reader->read(UINT64_MAX, part), 0u);
  EXPECT_EQ(reader->read(0, std::span<char>()), 0u);
}

TEST_F(LocalTest, NothingIsVisibleBeforeCommitNorAfterADroppedWriter) {
  {
    auto writer = store_->create();
    writer->write("half");
    EXPECT_EQ(temporaries(), 1u);
    EXPECT_TRUE(listed().empty());
    EXPECT_FALSE(store_->has(crypto::sha256Hex("half")));
  }
  EXPECT_EQ(temporaries(), 0u);
  EXPECT_TRUE(listed().empty());
}

TEST_F(LocalTest, TheSameContentTwiceIsOneFile) {
  Stored first = put(*store_, "same");
  auto when = fs::last_write_time(pathOf(first.digest));
  EXPECT_EQ(put(*store_, "same").digest, first.digest);
  EXPECT_EQ(fs::last_write_time(pathOf(first.digest)), when);
  EXPECT_EQ(temporaries(), 0u);
  // A reader that is open keeps reading while the blob is removed and stored anew.
  auto reader = store_->open(first.digest);
  EXPECT_TRUE(store_->remove(first.digest));
  EXPECT_FALSE(store_->remove(first.digest));
  EXPECT_FALSE(store_->has(first.digest));
  put(*store_, "same");
  std::string bytes(4, '\0');
  EXPECT_EQ(reader->read(0, bytes), 4u);
  EXPECT_EQ(bytes, "same");
}

TEST_F(LocalTest, ManyThreadsStoreTheSameAndDifferentContent) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 20; ++i) {
        put(*store_, "shared " + std::to_string(i));
        put(*store_, fmt::format("own {} {}", t, i));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  auto all = listed();
  EXPECT_EQ(all.size(), 20u + 160u);
  for (const auto& [digest, size] : all) EXPECT_TRUE(verify(*store_, digest));
}

TEST_F(LocalTest, NamesThatAreNoDigests) {
  put(*store_, "x");
  std::string digest = crypto::sha256Hex("x");
  for (std::string name : {std::string(), std::string("tmp"), std::string("../../etc/passwd"), digest.substr(1),
                           digest + "0", "../" + digest.substr(3), digest.substr(0, 2) + "/" + digest.substr(3),
                           std::string(64, 'G'), std::string(64, '/')}) {
    EXPECT_FALSE(isDigest(name));
    EXPECT_EQ(store_->open(name), nullptr) << name;
    EXPECT_FALSE(store_->has(name));
    EXPECT_FALSE(store_->remove(name));
  }
  std::string upper = digest;
  for (char& c : upper) c = static_cast<char>(std::toupper(c));
  EXPECT_EQ(store_->open(upper), nullptr);
  EXPECT_EQ(thrownCode([&] { get(*store_, std::string(64, '0'), 10); }), Code::notFound);
  EXPECT_EQ(thrownCode([&] { get(*store_, digest, 0); }), Code::tooLarge);
}

TEST_F(LocalTest, BitRotAndTruncationAreFound) {
  Stored stored = put(*store_, std::string(100'000, 'a'));
  std::string path = pathOf(stored.digest).string();
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(50'000);
    file << 'b';
  }
  EXPECT_FALSE(verify(*store_, stored.digest));
  auto reader = store_->open(stored.digest);
  fs::resize_file(path, 10);
  std::string bytes(20, '\0');
  EXPECT_EQ(thrownCode([&] { reader->read(0, bytes); }), Code::corrupt);
  // Storing the content again repairs a truncated copy.
  put(*store_, std::string(100'000, 'a'));
  EXPECT_TRUE(verify(*store_, stored.digest));
  EXPECT_FALSE(verify(*store_, std::string(64, '0')));
}

TEST_F(LocalTest, StaleTemporariesGoAndLiveOnesStay) {
  auto writer = store_->create();
  writer->write("still being written");
  std::ofstream(folder_ / "tmp" / "0123456789abcdef") << "left behind by a power cut";
  EXPECT_EQ(temporaries(), 2u);
  auto second = openLocal(folder_.string());
  EXPECT_EQ(temporaries(), 1u);
  Stored stored = writer->commit();
  EXPECT_TRUE(verify(*second, stored.digest));
}

// Each write, fsync and rename fails once, by itself or with all that follow: the blob is there whole or not at all,
// and trying again stores it.
TEST_F(LocalTest, EveryFailingOperation) {
  for (bool onwards : {false, true}) {
    for (int nth = 1;; ++nth) {
      std::string bytes = fmt::format("content number {} {}", nth, onwards), digest = crypto::sha256Hex(bytes);
      auto store = [&] {
        auto writer = store_->create();
        writer->write(bytes.substr(0, 5));
        writer->write(bytes.substr(5));
        writer->commit();
      };
      file::failAt(nth, ENOSPC, onwards);
      bool failed = false;
      try {
        store();
      } catch (const Error& failure) {
        failed = true;
        EXPECT_EQ(failure.code, Code::unavailable);
        EXPECT_NE(failure.message.find("the disk is full"), std::string::npos) << failure.message;
      }
      bool reached = file::operations() >= nth;
      file::failAt(0, 0);
      EXPECT_EQ(failed, reached) << nth;
      EXPECT_EQ(temporaries(), 0u) << nth;
      for (const auto& [each, size] : listed()) EXPECT_TRUE(verify(*store_, each)) << nth;
      store();
      EXPECT_TRUE(verify(*store_, digest));
      if (!reached) break;
      ASSERT_LT(nth, 50);
    }
  }
}

TEST_F(LocalTest, AWriterThatFailedStoresNothingMore) {
  auto writer = store_->create();
  writer->write("one");
  file::failAt(1, EIO);
  EXPECT_EQ(thrownCode([&] { writer->write("two"); }), Code::unavailable);
  EXPECT_EQ(thrownCode([&] { writer->write("three"); }), Code::unavailable);
  EXPECT_EQ(thrownCode([&] { writer->commit(); }), Code::unavailable);
  writer.reset();
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(temporaries(), 0u);
}

}  // namespace
}  // namespace regesta::blob
