#include "registry/blob_alias.h"

#include "support/store_test.h"

namespace regesta::registry {
namespace {

class BlobAliasTest : public StoreTest {};
REGESTA_ON_BOTH(BlobAliasTest);

TEST_P(BlobAliasTest, EveryoneWhoBroughtTheSameContentStaysItsUploader) {
  const blob::Stored stored{"sha256:" + std::string(64, '1'), 5};
  for (const char* actor : {"user:carl", "user:amy"})
    write([&](db::Transaction& transaction) { noteUpload(transaction, workspace_, stored, actor); });
  auto brought = [&](const char* actor) {
    return read(
        [&](db::Transaction& transaction) { return isUploader(transaction, workspace_, stored.digest, actor); });
  };
  EXPECT_TRUE(brought("user:amy"));
  EXPECT_TRUE(brought("user:carl"));
  EXPECT_FALSE(brought("user:bob"));
}

}  // namespace
}  // namespace regesta::registry
