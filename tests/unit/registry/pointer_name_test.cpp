#include "registry/pointer_name.h"

#include "registry/pointer.h"
#include "support/thrown.h"

namespace regesta::registry {
namespace {

TEST(PointerName, anAliasAndAStageReadBack) {
  for (const Pointer& pointer : {Pointer::alias("production"), Pointer::stage("Production")})
    EXPECT_EQ(Pointer::read(pointer.text()), pointer);
  EXPECT_EQ(Pointer::stage("Production").text(), "stage:Production");
  EXPECT_EQ(Pointer::stage("Production").name(), "Production");
  EXPECT_EQ(Pointer::alias("production").name(), "production");
  EXPECT_TRUE(Pointer::stage("Production").isStage());
  EXPECT_FALSE(Pointer::alias("stage").isStage());
  EXPECT_NE(Pointer::alias("Production"), Pointer::stage("Production"));
}

TEST(PointerName, theyAreOrderedByTheirText) {
  EXPECT_LT(Pointer::alias("production"), Pointer::stage("Archived"));
  EXPECT_LT(Pointer::stage("Archived"), Pointer::alias("zeta"));
}

TEST(PointerName, textFromOutsideIsCheckedAndCanonical) {
  EXPECT_EQ(parsePointer("STAGE:production"), Pointer::stage("Production"));
  EXPECT_EQ(parsePointer("stage"), Pointer::alias("stage"));
  for (const char* bad : {"", "stage:", "stage:Nowhere", "latest", "two words", "a:b", "v3"})
    thrown(Code::invalid, [&] { parsePointer(bad); });
}

TEST(PointerName, aSubjectNamesTheAssetAndThePointer) {
  AssetKey key{"default", Kind::model, "loan-risk"};
  EXPECT_EQ(key.subject(Pointer::alias("live")), "model/loan-risk#live");
  EXPECT_EQ(key.subject(Pointer::stage("Staging")), "model/loan-risk#stage:Staging");
  EXPECT_EQ(fmt::format("{:>8}", Pointer::alias("live")), "    live");
}

}  // namespace
}  // namespace regesta::registry
