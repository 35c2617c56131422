#include <gtest/gtest.h>

#include "base/limits_oci.h"
#include "base/time.h"
#include "crypto/hash.h"
#include "registry/content_collect.h"
#include "registry/oci_blob.h"
#include "registry/oci_upload.h"
#include "support/registry_test.h"
#include "support/thrown.h"

namespace regesta::registry {

class OciTest : public RegistryTest {
 protected:
  static blob::Stored stored(std::string_view text) { return {crypto::sha256Hex(text), text.size()}; }
  static std::string digest(std::string_view text) { return "sha256:" + crypto::sha256Hex(text); }
  void put(const AssetKey& key, std::string_view text) {
    write([&](db::Transaction& s) { putOciBlob(s, key, digest(text), stored(text), "user:anna"); });
  }
  bool has(const AssetKey& key, const std::string& digest) {
    return read([&](db::Transaction& s) { return findOciBlob(s, key, digest).has_value(); });
  }
  /// Sets a row's time and nothing else; with `forge`, as somebody who only has the database would.
  void age(const AssetKey& key, std::string_view text, std::int64_t millis, bool forge = false) {
    auto run = [&](db::Transaction& s) {
      s.run("UPDATE oci_blob SET pushed_at = $3 WHERE repository = $1 AND digest = $2",
            {ociRepository(key), digest(text), nowMillis() - millis});
    };
    if (forge)
      store_->database().write(run);
    else
      write(run);
  }
  AssetKey first_{"default", Kind::artifact, "team/weights"}, second_{"default", Kind::artifact, "other"};
};
REGESTA_ON_BOTH(OciTest);

TEST_P(OciTest, ABlobIsReadableInItsRepositoryOnly) {
  put(first_, "layer");
  EXPECT_TRUE(has(first_, digest("layer")));
  EXPECT_FALSE(has(second_, digest("layer")));
  EXPECT_FALSE(has({"default", Kind::model, "team/weights"}, digest("layer")));
  EXPECT_FALSE(has(first_, digest("another")));
  EXPECT_TRUE(write([&](db::Transaction& s) { return removeOciBlob(s, first_, digest("layer")); }));
  EXPECT_FALSE(has(first_, digest("layer")));
}

TEST_P(OciTest, AVersionKeepsItsFilesReadable) {
  put(first_, "layer");
  change([&](Change& c) {
    claimOciBlob(c.transaction, first_, digest("layer"), stored("layer"), "user:anna");
    Asset asset = createAsset(c, first_, "", {});
    createVersion(c, asset, {.files = {{"a.bin", stored("layer").digest, 5}}});
  });
  EXPECT_TRUE(has(first_, digest("layer")));
  EXPECT_FALSE(has(second_, digest("layer")));
  EXPECT_EQ(read([&](db::Transaction& s) { return versionWithContent(s, first_, stored("layer").digest); }), 1);
  change([&](Change& c) { deleteVersion(c, getVersion(c.transaction, first_, 1), ClearanceIssuer::remove(true)); });
  EXPECT_FALSE(has(first_, digest("layer")));
}

TEST_P(OciTest, AnotherDigestOpensNothingByItself) {
  std::string other = "sha512:" + std::string(128, 'a');
  write([&](db::Transaction& s) { claimOciBlob(s, first_, other, stored("layer"), "user:anna"); });
  EXPECT_FALSE(has(first_, other));
  change([&](Change& c) {
    createVersion(c, createAsset(c, first_, "", {}), {.files = {{"a.bin", stored("layer").digest, 5}}});
  });
  EXPECT_TRUE(has(first_, other));
  EXPECT_FALSE(has(second_, other));
}

TEST_P(OciTest, BlobsThatNoManifestComesForGo) {
  put(first_, "old");
  put(first_, "new");
  age(first_, "old", limits::ociBlobMillis + 1000);
  EXPECT_FALSE(has(first_, digest("old")));
  EXPECT_TRUE(read([&](db::Transaction& s) {
    return !referencedContent(s, {stored("old").digest, stored("new").digest}, 0, 0).empty();
  }));
  write([&](db::Transaction& s) { expireOciBlobs(s, nowMillis()); });
  EXPECT_EQ(read([&](db::Transaction& s) {
              return referencedContent(s, {stored("old").digest, stored("new").digest}, 0, 0);
            }),
            std::set<std::string>{stored("new").digest});
}

TEST_P(OciTest, AForgedRowIsFound) {
  put(first_, "layer");
  age(first_, "layer", 5000, true);
  EXPECT_NE(thrown(Code::corrupt, [&] { has(first_, digest("layer")); }).find("MAC"), std::string::npos);
}

TEST_P(OciTest, BlobsFollowARenamedAssetAndGoWithADeletedOne) {
  put(first_, "layer");
  write([&](db::Transaction& s) { moveOciBlobs(s, first_, "other"); });
  EXPECT_FALSE(has(first_, digest("layer")));
  EXPECT_TRUE(has(second_, digest("layer")));
  write([&](db::Transaction& s) { moveOciBlobs(s, second_, ""); });
  EXPECT_FALSE(has(second_, digest("layer")));
}

TEST_P(OciTest, AMountLooksOnlyWhereTheCallerMayRead) {
  put(first_, "layer");
  auto find = [&](std::string_view workspace, auto mayRead) {
    return read([&](db::Transaction& s) { return findOciBlobAnywhere(s, workspace, digest("layer"), mayRead); });
  };
  EXPECT_TRUE(find("default", [](std::string_view name) { return name == "team/weights"; }));
  EXPECT_FALSE(find("default", [](std::string_view name) { return name == "other"; }));
  EXPECT_FALSE(find("west", [](std::string_view) { return true; }));
}

TEST_P(OciTest, AnUploadGrowsInOrder) {
  OciUpload upload = write([&](db::Transaction& s) { return startOciUpload(s, first_, "user:anna"); });
  write([&](db::Transaction& s) { appendOciUpload(s, first_, upload, stored("one")); });
  OciUpload late{upload.id, 0};
  EXPECT_EQ(thrownCode([&] { write([&](db::Transaction& s) { appendOciUpload(s, first_, late, stored("two")); }); }),
            Code::conflict);
  write([&](db::Transaction& s) { appendOciUpload(s, first_, upload, stored("three")); });
  read([&](db::Transaction& s) {
    auto found = findOciUpload(s, first_, upload.id, "user:anna");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->size, 8);
    EXPECT_EQ(ociUploadPieces(s, upload).size(), 2U);
    EXPECT_FALSE(findOciUpload(s, first_, upload.id, "user:otto"));
    EXPECT_FALSE(findOciUpload(s, second_, upload.id, "user:anna"));
    EXPECT_EQ(referencedContent(s, {stored("one").digest, stored("two").digest}, 0, 0),
              std::set<std::string>{stored("one").digest});
  });
  EXPECT_TRUE(write([&](db::Transaction& s) { return removeOciUpload(s, upload); }));
  EXPECT_FALSE(read([&](db::Transaction& s) { return findOciUpload(s, first_, upload.id, "user:anna"); }));
}

TEST_P(OciTest, UploadsThatPauseAreForgotten) {
  OciUpload old = write([&](db::Transaction& s) { return startOciUpload(s, first_, "user:anna"); });
  write([&](db::Transaction& s) {
    appendOciUpload(s, first_, old, stored("one"));
    s.run("UPDATE oci_upload SET touched_at = $2 WHERE id = $1",
          {old.id, nowMillis() - limits::ociUploadMillis - 1000});
  });
  EXPECT_FALSE(read([&](db::Transaction& s) { return findOciUpload(s, first_, old.id, "user:anna"); }));
  write([&](db::Transaction& s) { startOciUpload(s, first_, "user:anna"); });
  EXPECT_TRUE(read([&](db::Transaction& s) { return referencedContent(s, {stored("one").digest}, 0, 0).empty(); }));
}

TEST_P(OciTest, UploadsAreLimitedPerActor) {
  write([&](db::Transaction& s) {
    for (std::int64_t i = 0; i < limits::ociUploads; ++i) startOciUpload(s, first_, "user:anna");
  });
  EXPECT_EQ(thrownCode([&] { write([&](db::Transaction& s) { startOciUpload(s, first_, "user:anna"); }); }),
            Code::exhausted);
  write([&](db::Transaction& s) { startOciUpload(s, first_, "user:otto"); });
}

}  // namespace regesta::registry
