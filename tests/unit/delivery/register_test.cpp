#include "delivery/register.h"

#include "prompt/compose.h"
#include "support/prompt_test.h"

namespace regesta::delivery {
namespace {

class RegisterTest : public PromptTest {
 protected:
  /// "semver bump" of what was registered, or why it was not.
  std::string push(const std::string& name, const std::string& text, NewPrompt asked = {}) {
    asked.prompt.text = text;
    try {
      Registered made = change([&](registry::Change& change) {
        registry::AssetKey key{"default", registry::Kind::prompt, name};
        auto asset = registry::findAsset(change.transaction, key);
        if (!asset) asset = registry::createAsset(change, key, "", {});
        return registerPrompt(change, author_, *asset, asked);
      });
      return fmt::format("{} {}", made.version.semver, made.created ? prompt::bumpName(made.bump.bump) : "same");
    } catch (const Error& fault) {
      return fault.message;
    }
  }
  std::string wish(const std::string& semver, const std::string& text) {
    return push("p", text, {.version = {.semver = semver}});
  }
  prompt::Composed composed(const std::string& name, const std::string& selector = "latest") {
    return read([&](db::Transaction& transaction) {
      return prompt::compose(
          transaction, registry::resolveVersion(transaction, {"default", registry::Kind::prompt, name}, selector));
    });
  }
};

TEST_P(RegisterTest, SemverFollowsTheReleaseBelow) {
  EXPECT_EQ(push("p", "a"), "1.0.0 none");
  EXPECT_EQ(push("p", "a"), "1.0.0 same");
  EXPECT_EQ(push("p", "b"), "1.1.0 minor");
  EXPECT_EQ(wish("1.1.1", "{{x}}"),
            "semver: must be at least 2.0.0 after 1.1.0: variable 'x' is new and required "
            "(major); the text changed (minor)");
  EXPECT_EQ(wish("2.0.0-rc.1", "{{x}}"), "2.0.0-rc.1 major");
  EXPECT_EQ(push("p", "{{x}}!"), "2.0.0 major");
  EXPECT_EQ(wish("1.1.1", "b "), "1.1.1 patch");
  EXPECT_EQ(wish("1.1.1", "b "), "1.1.1 same");
  EXPECT_EQ(wish("1.1.1", "c"), "semver: must be at least 1.2.0 after 1.1.0: the text changed (minor)");
  EXPECT_EQ(wish("4.0.0", "{{x}}?"), "4.0.0 minor");
  EXPECT_EQ(push("p", "a", {.unlessKnown = true}), "1.0.0 same");
  EXPECT_EQ(push("p", "{{x}}?", {.version = {.evenIfSame = true}}), "4.0.1 none");
  EXPECT_EQ(wish("x", "d"), "semver: must be a Semantic Version such as 1.4.2");
}

TEST_P(RegisterTest, APlanRefusesATakenSemver) {
  EXPECT_EQ(wish("1.0.0", "a"), "1.0.0 none");
  EXPECT_EQ(wish("2.0.0", "b"), "2.0.0 minor");
  auto plan = [&](const std::string& semver, const std::string& text) {
    return read([&](db::Transaction& transaction) {
      NewPrompt asked{.prompt = {.text = text}, .version = {.semver = semver}};
      return planPrompt(transaction, author_, {"default", registry::Kind::prompt, "p"}, asked).refusal;
    });
  };
  std::string taken = "prompt 'p' already has version 2.0.0 with other content; choose another SemVer";
  EXPECT_EQ(plan("2.0.0", "c"), taken);
  EXPECT_EQ(wish("2.0.0", "c"), taken);
  EXPECT_EQ(plan("2.0.0", "b"), "");
  EXPECT_EQ(plan("2.1.0", "c"), "");
  change([&](registry::Change& change) {
    change.transaction.run("UPDATE version SET deleted = 1 WHERE semver = '2.0.0'");
  });
  std::string deleted = plan("2.0.0", "b");
  EXPECT_NE(deleted.find("had a version 2.0.0 (#2), which was deleted"), std::string::npos) << deleted;
  EXPECT_EQ(wish("2.0.0", "b"), deleted);
}

TEST_P(RegisterTest, AReleaseOfAPrereleaseMaySayTheSame) {
  EXPECT_EQ(wish("1.0.0-rc.1", "a"), "1.0.0-rc.1 none");
  EXPECT_EQ(wish("1.0.0-rc.1", "a"), "1.0.0-rc.1 same");
  EXPECT_EQ(wish("1.0.0", "a"), "1.0.0 none");
  EXPECT_EQ(push("p", "a"), "1.0.0 same");
}

TEST_P(RegisterTest, PartialsStayLocked) {
  push("f", "one {{x}}");
  EXPECT_EQ(push("p", "a {{> f@^1}}"), "1.0.0 none");
  push("f", "two {{x}}");
  EXPECT_EQ(composed("p").prompt.text, "a one {{x}}");
  EXPECT_EQ(push("p", "a {{> f@^1}}"), "1.0.0 same");
  EXPECT_EQ(push("p", "a {{> f@^1}}", {.freshPartials = true}), "1.1.0 minor");
  EXPECT_EQ(composed("p").prompt.text, "a two {{x}}");
  push("f", "three {{x}} {{y}}");  // 2.0.0
  EXPECT_EQ(push("p", "a {{> f}}"), "2.0.0 major");
  ASSERT_EQ(composed("p").dependencies.size(), 1u);
  EXPECT_EQ(composed("p").dependencies[0].semver, "2.0.0");
  EXPECT_NE(push("q", "{{> f@^1}} {{> f@^2}}").find("'f' is used in two versions"), std::string::npos);
}

TEST_P(RegisterTest, LabelsAreLockedWhenRegistered) {
  push("f", "one");
  change([&](registry::Change& change) {
    change.transaction.run(
        "INSERT INTO alias (asset, name, number, moved_at, moved_by) "
        "SELECT id, 'live', 1, 0, 'x' FROM asset WHERE name = 'f'");
  });
  EXPECT_EQ(push("p", "@@@langfusePrompt:name=f|label=live@@@"), "1.0.0 none");
  push("f", "two");
  EXPECT_EQ(composed("p").prompt.text, "one");
  change([&](registry::Change& change) { change.transaction.run("UPDATE alias SET number = 2 WHERE name = 'live'"); });
  EXPECT_EQ(composed("p").prompt.text, "one");
  EXPECT_EQ(push("p", "@@@langfusePrompt:name=f|label=live@@@"), "1.1.0 minor") << "registered anew, looked up anew";
  EXPECT_EQ(composed("p").prompt.text, "two");
  EXPECT_EQ(composed("p", "1").prompt.text, "one");
  change([&](registry::Change& change) { change.transaction.run("DELETE FROM alias WHERE name = 'live'"); });
  EXPECT_EQ(composed("p").prompt.text, "two");
}

TEST_P(RegisterTest, WhatHasNoLockIsNotServed) {
  push("f", "one");
  push("p", "@@@langfusePrompt:name=f|label=latest@@@");
  auto fault = [&](const std::string& sql) {
    change([&](registry::Change& change) { change.transaction.run(sql); });
    try {
      return composed("p").prompt.text;
    } catch (const Error& e) {
      return std::string(codeName(e.code));
    }
  };
  EXPECT_EQ(fault("UPDATE prompt_use SET number = 0"), codeName(Code::invalidState));
  EXPECT_EQ(fault("UPDATE prompt_use SET number = 1"), "one");
  EXPECT_EQ(fault("UPDATE version SET digest = 'other' WHERE content LIKE '%one%'"), codeName(Code::corrupt));
}

TEST_P(RegisterTest, AnAuthorMustBeAllowedToReadThePartials) {
  push("hidden", "secret");
  const access::Identity nina{{"user:nina"}, {{"contributor", "*", "nina-*"}}};
  auto tryOut = [&](const std::string& text, bool lenient) {
    return read([&](db::Transaction& transaction) {
      try {
        NewPrompt asked{.prompt = {.text = text}, .lenient = lenient};
        return planPrompt(transaction, nina, {"default", registry::Kind::prompt, "nina-p"}, asked).composed.text;
      } catch (const Error& e) {
        return fmt::format("{}: {}", codeName(e.code), e.message);
      }
    });
  };
  for (bool lenient : {false, true}) {
    std::string there = tryOut("@@@langfusePrompt:name=hidden|label=latest@@@", lenient);
    std::string nowhere = tryOut("@@@langfusePrompt:name=absent|label=latest@@@", lenient);
    EXPECT_EQ(there.find("secret"), std::string::npos) << there;
    EXPECT_NE(there.find("'reader' on 'hidden'"), std::string::npos) << there;
    EXPECT_NE(nowhere.find("'reader' on 'absent'"), std::string::npos) << nowhere;
  }
  EXPECT_EQ(tryOut("{{> hidden}}", true), "{{> hidden}}");
  EXPECT_NE(tryOut("{{> hidden}}", false).find("'reader' on 'hidden'"), std::string::npos);
}

TEST_P(RegisterTest, DepthAndCyclesEnd) {
  push("d0", "x");
  for (int i = 1; i <= 5; ++i)
    EXPECT_EQ(push(fmt::format("d{}", i), fmt::format("{{{{> d{}}}}}", i - 1)), "1.0.0 none");
  EXPECT_EQ(composed("d5").prompt.text, "x");
  EXPECT_NE(push("d6", "{{> d5}}").find("nest deeper than 5"), std::string::npos);
  EXPECT_NE(push("d0", "{{> d0}}").find("include each other"), std::string::npos);
}

TEST_P(RegisterTest, LintRefusesButNotTheLenient) {
  EXPECT_EQ(push("p", "{{#open}}"), "the prompt has errors: line 1: section 'open' is not closed");
  EXPECT_EQ(push("p", "{{#open}} {{> nowhere}} {{{", {.lenient = true}), "1.0.0 none");
  EXPECT_EQ(composed("p").prompt.text, "{{#open}} {{> nowhere}} {{{");
  EXPECT_NE(push("p", "@@@langfusePrompt:name=no|version=1@@@", {.lenient = true}).find("'no' on line 1"),
            std::string::npos);
}

REGESTA_ON_BOTH(RegisterTest);

}  // namespace
}  // namespace regesta::delivery
