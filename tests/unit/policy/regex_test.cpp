// The regex crate's Unicode tables are there only because native/Cargo.toml asks for them: each of these fails without.
#include <gtest/gtest.h>

#include "support.h"

namespace regesta::policy {
namespace {

class UnicodeRegex : public ::testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(UnicodeRegex, Matches) {
  auto [pattern, text] = GetParam();
  auto verdict = decide(fmt::format("deny contains \"yes\" if regex.match(`{}`, input.text)", pattern),
                        fmt::format(R"({{"text": "{}"}})", text));
  ASSERT_EQ(verdict.error, "");
  EXPECT_EQ(verdict.deny.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(Five, UnicodeRegex,
                         ::testing::Values(std::pair(R"(^\w+$)", "naïve"), std::pair(R"(^\d+$)", "12345"),
                                           std::pair(R"(\bword\b)", "a word here"), std::pair(R"((?i)^É$)", "é"),
                                           std::pair(R"(^\p{L}+$)", "Zürich")));

}  // namespace
}  // namespace regesta::policy
