#include "policy/opa.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "policy/relocate.h"
#include "support.h"

namespace regesta::policy {
namespace {

TEST(Relocate, MovesPackageAndDataOnly) {
  EXPECT_EQ(relocate("package a.data.b\nimport data.x as y\np := data.x[\"data\"] # data.x\n", "v1"),
            "package v1.a.data.b\nimport data.v1.x as y\np := data.v1.x[\"data\"] # data.x\n");
  EXPECT_EQ(relocate("package a\nq := input.data.x + metadata.x + `data.x`", "v1"),
            "package v1.a\nq := input.data.x + metadata.x + `data.x`");
  EXPECT_EQ(relocate("package a\ns := $\"data.x {data.x[\"}\"]} \\{data.x}\"", "v1"),
            "package v1.a\ns := $\"data.x {data.v1.x[\"}\"]} \\{data.x}\"");
  EXPECT_EQ(relocate("# package x\npackage a\nx := data[y]", "v1"), "# package x\npackage v1.a\nx := data.v1[y]");
}

TEST(Opa, NotReachedIsADeny) {
  Opa opa({.url = "http://127.0.0.1:1"});
  auto verdict = opa.decide(gate("deny contains \"x\""), "{}", 0);
  EXPECT_TRUE(verdict.denied());
  EXPECT_NE(verdict.error.find("OPA at http://127.0.0.1:1"), std::string::npos) << verdict.error;
  EXPECT_THROW(opa.check(gate("deny contains \"x\"")), Error);
}

}  // namespace
}  // namespace regesta::policy
