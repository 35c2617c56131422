// What a power cut must not undo: the index learns of a pack after the pack and its name are on the disk. The
// operations and their order are learned by letting each one fail.
#include "blob/pack_collect.h"
#include "blob/pack_reindex.h"
#include "pack_fixture.h"

namespace regesta::blob {
namespace {

namespace fs = std::filesystem;
using Operations = std::vector<std::string>;

const Operations packOperations{"write spool file", "sync spool file", "sync packs", "rename pack", "sync shelf"};

/// "cannot sync PATH: REASON" in the words of packOperations.
std::string nameOf(const std::string& message, const fs::path& blobs) {
  std::string path = message.substr(message.find('/'));
  path.erase(path.find(": "));
  std::string verb = message.substr(7, message.find(' ', 7) - 7);
  fs::path folder = fs::path(path).parent_path();
  if (folder == blobs / "tmp") return verb + " spool file";
  if (path == blobs / "packs") return verb + " packs";
  if (folder == blobs / "packs") return verb + " shelf";
  if (folder.parent_path() == blobs / "packs") return verb + " pack";
  return verb + " " + fs::path(path).lexically_relative(blobs).string();
}

std::int64_t count(db::Database& database, const std::string& from) {
  return database.reading([&](db::Transaction& transaction) {
    db::Rows rows = transaction.query("SELECT count(*) FROM " + from);
    rows.next();
    return rows.integer(0);
  });
}

/// A folder of its own; many share a database.
struct Place {
  explicit Place(Scratch& scratch, int number)
      : folder(scratch.blobs().parent_path() / std::to_string(number)),
        database(scratch.database()),
        store(openPacks(folder.string(), database)) {}
  std::int64_t rows(const std::string& table, const std::string& condition = "1 = 1") {
    return count(database,
                 fmt::format("{} WHERE place = '{}' AND {}", table, store->packs().index().place(), condition));
  }
  fs::path folder;
  db::Database& database;
  std::unique_ptr<PackStore> store;
};

/// Runs `work` in a new place each time, with one more operation that succeeds, until all do and
/// `afterFailure` looks at the place meanwhile. Repeated writes are one operation.
Operations operationsOf(const std::function<void(Place&)>& prepare, const std::function<void(Place&)>& work,
                        const std::function<void(Place&, const std::string&)>& afterFailure) {
  Operations found;
  Scratch scratch;
  for (int nth = 1; nth < 60; ++nth) {
    Place place(scratch, nth);
    prepare(place);
    file::failAt(nth, EIO, true);
    try {
      work(place);
      file::failAt(0, 0);
      return found;
    } catch (const Error& failure) {
      file::failAt(0, 0);
      std::string name = nameOf(failure.message, place.folder);
      if (found.empty() || found.back() != name) found.push_back(name);
      afterFailure(place, name);
    }
  }
  ADD_FAILURE() << "does not end";
  return found;
}

TEST(Durability, TheIndexLearnsOfAnUploadAfterItsPackIsOnTheDisk) {
  for (std::size_t size : {std::size_t{100}, std::size_t{1'500'000}}) {
    auto store = [&](Place& place) { putPieces(*place.store, noise(size, 1), 400'000); };
    auto nothingThere = [](Place& place, const std::string& operation) {
      EXPECT_EQ(place.rows("blob_pack"), 0) << operation;
      EXPECT_EQ(place.rows("blob_object"), 0) << operation;
    };
    EXPECT_EQ(operationsOf([](Place&) {}, store, nothingThere), packOperations) << size;
  }
}

TEST(Durability, TheIndexLearnsOfARewriteAfterItsPackIsOnTheDisk) {
  static constexpr std::int64_t small = 12;
  auto prepare = [](Place& place) {
    // Every shelf is there and known to be: which one the pack goes to is chance.
    for (int i = 0; i < 256; ++i) file::makeFolders(place.folder / "packs" / fmt::format("{:02x}", i));
    for (int i = 0; i < small; ++i) put(*place.store, fmt::format("small {}", i));
  };
  auto rewrite = [](Place& place) { EXPECT_EQ(rewritePacks(place.store->packs(), 1), 12U); };
  Operations found = operationsOf(prepare, rewrite, [](Place& place, const std::string& operation) {
    EXPECT_EQ(place.rows("blob_pack"), small) << operation;
    EXPECT_EQ(place.rows("blob_pack", "condemned_at <> 0"), 0) << operation;
  });
  Operations expected = packOperations;
  std::erase(expected, "sync packs");
  EXPECT_EQ(found, expected);
}

TEST(Durability, AWholeFileGoesAfterItsPackIsOnTheDisk) {
  std::string content = noise(50'000, 2);
  Digest digest = crypto::sha256Hex(content);
  auto prepare = [&](Place& place) { put(*openLocal(place.folder.string()), content); };
  auto convert = [](Place& place) { convertWholeFiles(*place.store, INT64_MAX); };
  auto check = [&](Place& place, const std::string& operation) {
    bool last = operation == "sync " + digest.substr(0, 2);
    EXPECT_EQ(place.rows("blob_object"), last ? 1 : 0) << operation;
    EXPECT_EQ(place.store->wholeFiles()->has(digest), !last) << operation;
    EXPECT_TRUE(verify(*place.store, digest)) << operation;
  };
  Operations expected = packOperations;
  expected.push_back("sync " + digest.substr(0, 2));
  EXPECT_EQ(operationsOf(prepare, convert, check), expected);
}

}  // namespace
}  // namespace regesta::blob
