// What every implementation of BlobStore promises.
#include <cstdlib>
#include <fstream>
#include <thread>

#include "pack_fixture.h"

namespace regesta::blob {
namespace {

struct Implementation {
  const char* name;
  std::unique_ptr<BlobStore> (*open)(Scratch&);
};

std::unique_ptr<BlobStore> openFiles(Scratch& scratch) { return openLocal(scratch.blobs().string()); }
std::unique_ptr<BlobStore> openPacked(Scratch& scratch) {
  return openPacks(scratch.blobs().string(), scratch.database());
}
/// On a bucket when the environment names one: tests/objectstore does.
std::unique_ptr<BlobStore> openInBucket(Scratch& scratch) {
  BucketOptions options{.url = fmt::format("{}/{}", std::getenv("REGESTA_TEST_BUCKET"), scratch.name()),
                        .endpoint = std::getenv("REGESTA_TEST_ENDPOINT")};
  return std::make_unique<PackStore>(openBucket(std::move(options), scratch.blobs().string()), scratch.database(),
                                     nullptr);
}

std::vector<Implementation> implementations() {
  std::vector<Implementation> all{{"files", openFiles}, {"packs", openPacked}};
  if (std::getenv("REGESTA_TEST_BUCKET") != nullptr) all.push_back({"bucket", openInBucket});
  return all;
}

class BlobStoreTest : public testing::TestWithParam<Implementation> {
 protected:
  void SetUp() override { store_ = open(); }
  std::unique_ptr<BlobStore> open() { return GetParam().open(scratch_); }
  std::map<Digest, std::uint64_t> listed() {
    std::map<Digest, std::uint64_t> all;
    store_->list([&](const Stored& stored) { EXPECT_TRUE(all.emplace(stored.digest, stored.size).second); });
    return all;
  }
  Scratch scratch_;
  std::unique_ptr<BlobStore> store_;
};

TEST_P(BlobStoreTest, WhatIsPutIsGot) {
  std::string large = noise(5'000'000, 1) + std::string(3'000'000, 'z') + noise(1'000'000, 2);
  for (const std::string& bytes : {std::string(), std::string("x"), std::string("a\0b", 3), noise(8192, 3),
                                   noise(131'072, 4), noise(600'000, 5), large}) {
    Stored stored = putPieces(*store_, bytes, 300'000);
    EXPECT_EQ(stored.digest, crypto::sha256Hex(bytes));
    EXPECT_EQ(stored.size, bytes.size());
    EXPECT_TRUE(store_->has(stored.digest));
    EXPECT_TRUE(get(*store_, stored.digest, bytes.size()) == bytes);
    EXPECT_TRUE(verify(*store_, stored.digest));
  }
  EXPECT_EQ(listed().size(), 7u);
  EXPECT_EQ(scratch_.spools(), 0u);
  store_ = open();
  EXPECT_EQ(listed().size(), 7u);
  EXPECT_TRUE(get(*store_, crypto::sha256Hex(large), large.size()) == large);
}

TEST_P(BlobStoreTest, Ranges) {
  std::string bytes = noise(700'000, 6) + noise(100'000, 7) + noise(700'000, 6);
  Stored stored = put(*store_, bytes);
  auto reader = store_->open(stored.digest);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->size(), bytes.size());
  for (std::size_t i = 0; i < 300; ++i) {
    std::size_t from = i * 7919 % bytes.size(), length = 1 + i * 104'729 % 200'000;
    std::string part(length, '\0');
    std::size_t count = reader->read(from, part);
    EXPECT_EQ(count, std::min(length, bytes.size() - from));
    EXPECT_TRUE(part.substr(0, count) == bytes.substr(from, count)) << from;
  }
  std::string part(8, '\0');
  EXPECT_EQ(reader->read(bytes.size(), part), 0u);
  EXPECT_EQ(reader->read(UINT64_MAX, part), 0u);
  EXPECT_EQ(reader->read(0, std::span<char>()), 0u);
}

TEST_P(BlobStoreTest, NothingIsVisibleBeforeCommitNorAfterADroppedWriter) {
  {
    auto writer = store_->create();
    writer->write("half");
    writer->write(noise(3'000'000, 8));
    EXPECT_TRUE(listed().empty());
    EXPECT_FALSE(store_->has(crypto::sha256Hex("half")));
  }
  EXPECT_EQ(scratch_.spools(), 0u);
  EXPECT_TRUE(listed().empty());
}

TEST_P(BlobStoreTest, AbsentAndRemoved) {
  std::string digest = put(*store_, "x").digest;
  for (std::string name : {std::string(), std::string("tmp"), std::string("../../etc/passwd"), digest.substr(1),
                           digest + "0", std::string(64, 'G'), std::string(64, '/'), std::string(64, '0')}) {
    EXPECT_EQ(store_->open(name), nullptr) << name;
    EXPECT_FALSE(store_->has(name));
    EXPECT_FALSE(store_->remove(name));
  }
  EXPECT_EQ(thrownCode([&] { get(*store_, std::string(64, '0'), 10); }), Code::notFound);
  EXPECT_EQ(thrownCode([&] { get(*store_, digest, 0); }), Code::tooLarge);
  auto reader = store_->open(digest);
  EXPECT_TRUE(store_->remove(digest));
  EXPECT_FALSE(store_->remove(digest));
  EXPECT_FALSE(store_->has(digest));
  std::string bytes(1, '\0');
  EXPECT_EQ(reader->read(0, bytes), 1u);
  EXPECT_EQ(put(*store_, "x").digest, digest);
  EXPECT_TRUE(verify(*store_, digest));
}

TEST_P(BlobStoreTest, ManyThreadsStoreTheSameAndDifferentContent) {
  std::vector<std::thread> threads;
  std::string large = noise(2'000'000, 9);
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t, &large] {
      for (int i = 0; i < 20; ++i) {
        put(*store_, "shared " + std::to_string(i));
        put(*store_, fmt::format("own {} {}", t, i));
      }
      putPieces(*store_, large, 100'000);
    });
  }
  for (auto& thread : threads) thread.join();
  auto all = listed();
  EXPECT_EQ(all.size(), 20u + 160u + 1u);
  for (const auto& [digest, size] : all) EXPECT_TRUE(verify(*store_, digest));
  EXPECT_EQ(scratch_.spools(), 0u);
}

TEST_P(BlobStoreTest, TwoStoresOnOnePlace) {
  auto other = open();
  Stored stored = put(*store_, noise(300'000, 10));
  EXPECT_TRUE(other->has(stored.digest));
  EXPECT_TRUE(verify(*other, stored.digest));
  EXPECT_EQ(put(*other, noise(300'000, 10)).digest, stored.digest);
  EXPECT_EQ(listed().size(), 1u);
}

TEST_P(BlobStoreTest, StaleTemporariesGoAndLiveOnesStay) {
  auto writer = store_->create();
  writer->write(noise(1'000'000, 11));
  std::size_t live = scratch_.spools();
  std::ofstream(scratch_.blobs() / "tmp" / "0123456789abcdef") << "left behind by a power cut";
  auto second = open();
  EXPECT_EQ(scratch_.spools(), live);
  Stored stored = writer->commit();
  EXPECT_TRUE(verify(*second, stored.digest));
}

// Each write, fsync and rename fails once, by itself or with all that follow: the blob is there whole or not at all,
// and trying again stores it.
TEST_P(BlobStoreTest, EveryFailingOperation) {
  for (std::size_t size : {std::size_t{100}, std::size_t{1'500'000}}) {
    for (bool onwards : {false, true}) {
      for (int nth = 1;; ++nth) {
        std::string bytes = noise(size, 1000 + static_cast<std::uint64_t>(nth) * 2 + (onwards ? 1 : 0));
        file::failAt(nth, ENOSPC, onwards);
        bool failed = false;
        try {
          putPieces(*store_, bytes, 400'000);
        } catch (const Error& failure) {
          failed = true;
          EXPECT_EQ(failure.code, Code::unavailable);
          EXPECT_NE(failure.message.find("the disk is full"), std::string::npos) << failure.message;
        }
        bool reached = file::operations() >= nth;
        file::failAt(0, 0);
        EXPECT_EQ(failed, reached) << nth;
        EXPECT_EQ(scratch_.spools(), 0u) << nth;
        for (const auto& [each, length] : listed()) EXPECT_TRUE(verify(*store_, each)) << nth;
        EXPECT_TRUE(verify(*store_, putPieces(*store_, bytes, 400'000).digest));
        if (!reached) break;
        ASSERT_LT(nth, 60);
      }
    }
  }
}

TEST_P(BlobStoreTest, AWriterThatFailedStoresNothingMore) {
  auto writer = store_->create();
  writer->write("one");
  file::failAt(1, EIO, true);
  auto attempt = [&] {
    for (std::uint64_t i = 0; i < 10; ++i) writer->write(noise(300'000, i));
    writer->commit();
  };
  EXPECT_EQ(thrownCode(attempt), Code::unavailable);
  file::failAt(0, 0);
  EXPECT_EQ(thrownCode([&] { writer->write("three"); }), Code::unavailable);
  EXPECT_EQ(thrownCode([&] { writer->commit(); }), Code::unavailable);
  writer.reset();
  EXPECT_TRUE(listed().empty());
  EXPECT_EQ(scratch_.spools(), 0u);
}

INSTANTIATE_TEST_SUITE_P(All, BlobStoreTest, testing::ValuesIn(implementations()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace regesta::blob
