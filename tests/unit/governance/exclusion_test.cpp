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

constexpr std::string_view riskAfterLegal =
    R"({"code": "a", "msg": "", "approvals": {"role": "risk", "after": "legal"}})";

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

TEST(Exclusion, StagesApproveInOrder) {
  policy::Verdict verdict = requiring({riskAfterLegal, legal});
  Facts facts = madeBy("user:anna");
  auto give = [&](const std::string& who, const std::string& role, std::int64_t at) {
    facts.approvals.push_back(by(who, {role}));
    facts.approvals.back().at = at;
  };
  Approval late = by("user:rita", {"risk"});
  late.at = 30;
  EXPECT_EQ(exclusionOf(late, verdict, facts), Exclusion::early);
  give("user:lara", "legal", 10);
  EXPECT_EQ(exclusionOf(late, verdict, facts), Exclusion::early);  // two of legal are needed
  give("user:liam", "legal", 20);
  EXPECT_EQ(exclusionOf(late, verdict, facts), std::nullopt);
  late.at = 15;
  EXPECT_EQ(exclusionOf(late, verdict, facts), Exclusion::early);
  give("user:rita", "risk", 15);
  EXPECT_FALSE(allMet(checkRequirements(verdict, facts)));
  give("user:ron", "risk", 40);
  EXPECT_TRUE(allMet(checkRequirements(verdict, facts)));
}

TEST(Exclusion, StagesThatWaitForEachOtherOrForNobodyAreNeverMet) {
  Facts facts = madeBy("user:anna");
  for (auto [who, role, at] : {std::tuple("user:rita", "risk", 10), std::tuple("user:lara", "legal", 20),
                               std::tuple("user:ron", "risk", 30)}) {
    facts.approvals.push_back(by(who, {role}));
    facts.approvals.back().at = at;
  }
  auto met = [&](std::initializer_list<std::string_view> members) {
    return allMet(checkRequirements(requiring(members), facts));
  };
  EXPECT_FALSE(met({riskAfterLegal, R"({"code": "b", "approvals": {"role": "legal", "after": ["risk"]}})"}));
  EXPECT_FALSE(met({riskAfterLegal}));
  EXPECT_FALSE(met({R"({"code": "a", "approvals": {"role": "risk", "after": 7}})"}));
}
