#include "base/memory_share.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/json.h"
#include "base/limits_edge.h"

namespace regesta {
namespace {

TEST(MemoryShare, aloneGetsAllAndTogetherOnlySoMuch) {
  MemoryShare one;
  one.add(2 * limits::decodedMemory);
  MemoryShare two;
  EXPECT_THROW(two.add(1), Error);
  one = {};
  two = {};
  EXPECT_NO_THROW(two.add(limits::decodedMemory));
}

TEST(MemoryShare, weighsJsonByItsValues) {
  EXPECT_EQ(parsedSize("name,value\n1,2"), 0U);
  EXPECT_GT(parsedSize("[" + std::string(2000, ',') + "]"), 50'000U);
  EXPECT_EQ(parsedSize(""), 0U);
}

TEST(Json, valuesAndMembersAreCounted) {
  std::string zeros = "[0";
  for (std::size_t i = 0; i < limits::jsonValues; ++i) zeros += ",0";
  EXPECT_THROW(parseJson(zeros + "]"), Error);
  std::string wide = "{\"a\":0";
  for (std::size_t i = 0; i <= limits::jsonMembers; ++i) wide += fmt::format(",\"{}\":0", i);
  EXPECT_THROW(parseJson(wide + "}"), Error);
  EXPECT_NO_THROW(parseJson("[[[1,2],{\"a\":null}],\"x\",1.5,true]"));
}

}  // namespace
}  // namespace regesta
