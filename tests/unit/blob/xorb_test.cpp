// Xorbs and shards of Xet clients: what they bring is what they say, or it is refused.
#include <fstream>

#include "blob/assembly.h"
#include "blob/record_reader.h"
#include "blob/xet_shard.h"
#include "blob/xorb_writer.h"
#include "pack_fixture.h"

namespace regesta::blob {
namespace {

std::vector<std::string> cut(std::string_view bytes) {
  std::vector<std::string> chunks(1);
  xet::Chunker chunker;
  while (!bytes.empty()) {
    auto [taken, ends] = chunker.next(bytes);
    chunks.back() += bytes.substr(0, taken);
    bytes.remove_prefix(taken);
    if (ends && !bytes.empty()) chunks.emplace_back();
  }
  return chunks;
}

std::string recordsOf(const std::vector<std::string>& chunks) {
  xet::Encoder encoder;
  std::string records;
  for (const std::string& chunk : chunks) encoder.encode(chunk, records);
  return records;
}

xet::Tree::Hashes hashesOf(const std::vector<std::string>& chunks) {
  xet::Tree tree;
  for (const std::string& chunk : chunks) tree.add(xet::chunkHash(chunk), chunk.size());
  return tree.hashes();
}

class XorbTest : public testing::Test {
 protected:
  XorbWriter writer() { return {store_->packs(), store_->batch()}; }
  Stored upload(const std::vector<std::string>& chunks) {
    XorbWriter whole = writer();
    whole.write(recordsOf(chunks));
    EXPECT_EQ(whole.finish(), hashesOf(chunks).root);
    return whole.commit();
  }
  std::string refusal(const std::string& bytes) {
    try {
      XorbWriter whole = writer();
      whole.write(bytes);
      whole.finish();
    } catch (const Error& failure) {
      EXPECT_EQ(failure.code, Code::invalid);
      return failure.message;
    }
    return "";
  }
  IndexedObject indexed(const Stored& stored) { return *store_->packs().index().find(stored.digest); }

  Scratch scratch_;
  std::unique_ptr<PackStore> store_ = openPacks(scratch_.blobs().string(), scratch_.database());
};

TEST_F(XorbTest, ItsContentIsABlobWithItsChunks) {
  std::string bytes = noise(2'000'000, 1) + std::string(500'000, 'z');
  std::vector<std::string> chunks = cut(bytes);
  std::string records = recordsOf(chunks) + "XETBLOB and whatever else a footer has";
  XorbWriter whole = writer();
  for (std::size_t at = 0; at < records.size(); at += 7777) whole.write(std::string_view(records).substr(at, 7777));
  EXPECT_EQ(whole.finish(), hashesOf(chunks).root);
  EXPECT_EQ(whole.chunks(), chunks.size());
  Stored stored = whole.commit();
  EXPECT_EQ(stored.digest, crypto::sha256Hex(bytes));
  EXPECT_EQ(get(*store_, stored.digest, bytes.size()), bytes);
  ObjectChunks found(store_->packs(), indexed(stored));
  EXPECT_EQ(found.count(), chunks.size());
  std::size_t at = 0;
  found.visitChunks(0, found.count(), [&](const ChunkRun& run) {
    for (const ChunkEntry& chunk : run.chunks()) EXPECT_EQ(chunk.hash, xet::chunkHash(chunks[at++]));
  });
  // The same chunks in another xorb are not stored again.
  std::size_t packs = scratch_.packs().size();
  std::uint64_t size = 0, after = 0;
  for (const auto& pack : scratch_.packs()) size += std::filesystem::file_size(pack);
  upload({chunks.begin() + 3, chunks.end()});
  EXPECT_EQ(scratch_.packs().size(), packs + 1);  // it has the record of the blob
  for (const auto& pack : scratch_.packs()) after += std::filesystem::file_size(pack);
  EXPECT_LT(after - size, 700'000u);  // chunks before the first one that the index knows by its hash
}

TEST_F(XorbTest, WhatIsMalformedIsRefused) {
  std::string good = recordsOf(cut(noise(300'000, 2)));
  EXPECT_EQ(refusal(good), "");
  EXPECT_NE(refusal("").find("no chunks"), std::string::npos);
  EXPECT_NE(refusal(good.substr(0, good.size() - 1)).find("ends inside"), std::string::npos);
  std::string bad = good;
  bad[0] = 1;
  EXPECT_NE(refusal(bad).find("no valid header"), std::string::npos);
  bad = good;
  bad[5] = bad[6] = bad[7] = '\xFF';  // claims 16 MiB
  EXPECT_NE(refusal(bad).find("no valid header"), std::string::npos);
  std::string packed = recordsOf({std::string(100'000, 'a')});
  packed[5] = static_cast<char>(packed[5] + 1);  // unpacks to another length than it says
  EXPECT_NE(refusal(packed).find("damaged chunk"), std::string::npos);
  EXPECT_NE(refusal(recordsOf(std::vector<std::string>(8193, "x"))).find("more than 8192"), std::string::npos);
  EXPECT_EQ(scratch_.spools(), 0u);
}

TEST_F(XorbTest, AChunkThatIsPackedIntoMoreBytesIsStoredPlain) {
  // An LZ4 frame of literals only is larger than what it holds.
  std::string chunk = noise(1000, 3), frame("\x04\x22\x4D\x18\x60\x50\xFB", 7);
  auto little = [](std::size_t number, std::size_t bytes) {
    std::string out;
    for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
    return out;
  };
  std::string block = "\xF0" + std::string(3, '\xFF') + static_cast<char>(1000 - 15 - 3 * 255) + chunk;
  std::string body = frame + little(block.size(), 4) + block + std::string(4, '\0');
  std::string record = little(0, 1) + little(body.size(), 3) + "\x01" + little(chunk.size(), 3) + body;
  XorbWriter whole = writer();
  whole.write(record);
  whole.finish();
  Stored stored = whole.commit();
  EXPECT_EQ(get(*store_, stored.digest, chunk.size()), chunk);
  IndexedObject object = indexed(stored);
  auto pack = store_->packs().open(object.extents.front().pack);
  EXPECT_EQ(pack->footer().start(1), chunk.size() + xet::recordHeader);
}

TEST_F(XorbTest, FilesAreMadeOfStoredChunks) {
  std::string a = noise(1'000'000, 4), b = noise(900'000, 5);
  std::vector<std::string> chunksA = cut(a), chunksB = cut(b);
  Stored first = upload(chunksA), second = upload(chunksB);
  Assembly assembly(store_->packs(), store_->batch());
  std::string expected;
  std::vector<std::string> chunks;
  auto add = [&](const Stored& stored, const std::vector<std::string>& of, std::size_t from, std::size_t count) {
    ObjectChunks(store_->packs(), indexed(stored)).visitChunks(from, count, [&](const ChunkRun& run) {
      assembly.add(run);
    });
    for (std::size_t i = from; i < from + count; ++i) {
      expected += of[i];
      chunks.push_back(of[i]);
    }
  };
  add(first, chunksA, 2, 3);
  add(second, chunksB, 0, chunksB.size());
  add(first, chunksA, 2, 1);
  EXPECT_EQ(assembly.fileHash(), hashesOf(chunks).file);
  while (assembly.read(1)) continue;
  EXPECT_EQ(assembly.digest(), crypto::sha256Hex(expected));
  Stored stored = assembly.commit();
  EXPECT_EQ(get(*store_, stored.digest, expected.size()), expected);
  EXPECT_EQ(store_->packs().index().findXet(xet::text(hashesOf(chunks).file)).size(), 1u);
  // Clients ask for the first chunk of a file; both packs that have it are of the xorb.
  EXPECT_FALSE(store_->packs().index().packsWith(xet::chunkHash(chunks.front())).empty());
  std::uint64_t offset = 12'345, length = 0;
  ObjectChunks made(store_->packs(), indexed(stored));
  made.visitBytes(offset, offset + 1, [&](const ChunkRun& run, std::uint64_t start) {
    EXPECT_LE(start, offset);
    length = start + run.length();
  });
  EXPECT_GT(length, offset);
}

TEST_F(XorbTest, RecordsAreReadAsBytesAndCompared) {
  std::vector<std::string> chunks = cut(noise(700'000, 6) + std::string(300'000, 'q'));
  std::string records = recordsOf(chunks);
  Stored stored = upload(chunks);
  auto pack = store_->packs().open(indexed(stored).extents.front().pack);
  RecordReader reader(store_->packs(), pack);
  EXPECT_EQ(reader.size(), records.size());
  for (std::size_t i = 0; i < 50; ++i) {
    std::size_t from = i * 7919 * 13 % records.size();
    std::string part(1 + i * 104'729 % 300'000, '\0');
    std::size_t count = reader.read(from, part);
    EXPECT_EQ(part.substr(0, count), records.substr(from, part.size())) << from;
  }
  std::string byte(1, '\0');
  EXPECT_EQ(reader.read(records.size(), byte), 0u);
  for (const auto& path : scratch_.packs()) {
    std::fstream bytes(path, std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(20'000);
    bytes.put('\x7F');
  }
  RecordReader damaged(store_->packs(), pack);
  std::string part(records.size(), '\0');
  EXPECT_EQ(thrownCode([&] { damaged.read(0, part); }), Code::corrupt);
}

TEST_F(XorbTest, ShardsOfEveryShape) {
  xet::ShardXorb xorb{.hash = xet::chunkHash("x"), .packedBytes = 9};
  for (int i = 0; i < 5; ++i) xorb.chunks.push_back({xet::chunkHash(std::to_string(i)), 10});
  std::string shard = xet::writeShard(xorb, xet::chunkHash("key"), 1, 2);
  EXPECT_TRUE(xet::readShard(shard).empty());
  EXPECT_EQ(shard.find(std::string_view(reinterpret_cast<const char*>(xorb.chunks[3].hash.data()), 32)),
            std::string::npos);
  // The lookup tables before the footer are not read.
  for (std::size_t length = 0; length < shard.size() - 12 - 5 * 16; ++length)
    EXPECT_EQ(thrownCode([&] { xet::readShard(shard.substr(0, length)); }), Code::invalid) << length;
}

}  // namespace
}  // namespace regesta::blob
