#include <gtest/gtest.h>

#include "governance/requirement.h"

using namespace regesta;
using namespace regesta::governance;

namespace {

policy::Verdict requiring(std::initializer_list<std::string_view> members) {
  json::array require;
  for (std::string_view member : members) require.push_back(parseJson(member));
  return policy::readVerdict(json::object{{"deny", json::array{}}, {"require", require}, {"warn", json::array{}}});
}

Facts madeBy(std::string author, std::string requester = "user:anna") {
  Facts facts;
  facts.candidate.emplace();
  facts.authors = {std::move(author)};
  facts.open.emplace();
  facts.open->requestedBy = std::move(requester);
  return facts;
}

Approval by(std::string actor, std::vector<std::string> roles) {
  Approval approval;
  approval.actor = std::move(actor);
  approval.roles = std::move(roles);
  return approval;
}

constexpr std::string_view risk = R"({"code": "a", "msg": "", "approvals": {"role": "risk"}})";
constexpr std::string_view legal = R"({"code": "b", "msg": "", "approvals": {"role": "legal", "count": 2}})";
constexpr std::string_view card = R"({"code": "c", "msg": "", "evidence": "card"})";

}  // namespace

TEST(Exclusion, AuthorsAreExcludedWhereARequirementAsksForTheirRole) {
  policy::Verdict verdict = requiring({risk, legal, card});
  EXPECT_EQ(exclusionOf(by("user:cora", {"risk"}), verdict, madeBy("user:anna")), std::nullopt);
  EXPECT_EQ(exclusionOf(by("user:cora", {"risk"}), verdict, madeBy("user:cora")), Exclusion::author);
  EXPECT_EQ(exclusionOf(by("user:cora", {"risk"}), requiring({legal}), madeBy("user:cora")), std::nullopt);
  EXPECT_EQ(exclusionOf(by("user:cora", {"risk"}), requiring({card}), madeBy("user:cora")), std::nullopt);
}

TEST(Exclusion, OneRoleThatCountsIsEnough) {
  policy::Verdict verdict =
      requiring({risk, R"({"code": "b", "msg": "", "approvals": {"role": "legal", "not_author": false}})"});
  EXPECT_EQ(exclusionOf(by("user:cora", {"risk", "legal"}), verdict, madeBy("user:cora")), std::nullopt);
}

TEST(Exclusion, RequestersAreExcludedOnlyWhereTheRequirementSaysSo) {
  Facts facts = madeBy("user:anna", "user:cora");
  EXPECT_EQ(exclusionOf(by("user:cora", {"risk"}), requiring({risk}), facts), std::nullopt);
  policy::Verdict strict =
      requiring({R"({"code": "a", "msg": "", "approvals": {"role": "risk", "not_requester": true}})"});
  EXPECT_EQ(exclusionOf(by("user:cora", {"risk"}), strict, facts), Exclusion::requester);
}
