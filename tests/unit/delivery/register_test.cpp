#include "delivery/register.h"

#include "delivery/compose.h"
#include "fixture.h"

namespace regesta::delivery {
namespace {

class RegisterTest : public DeliveryTest {
 protected:
  /// "semver bump" of what was registered, or why it was not.
  std::string push(const std::string& name, const std::string& text, NewPrompt asked = {}) {
    asked.prompt.text = text;
    try {
      Registered made = change([&](registry::Change& change) {
        registry::AssetKey key{"default", registry::Kind::prompt, name};
        auto asset = registry::findAsset(change.session, key);
        if (!asset) asset = registry::createAsset(change, key, "", {});
        return registerPrompt(change, *asset, asked);
      });
      return fmt::format("{} {}", made.version.semver, made.created ? bumpName(made.bump.bump) : "same");
    } catch (const Error& fault) {
      return fault.message;
    }
  }
  std::string wish(const std::string& semver, const std::string& text) {
    return push("p", text, {.version = {.semver = semver}});
  }
  Composed composed(const std::string& name, const std::string& selector = "latest") {
    return read([&](db::Session& session) {
      return compose(session, registry::resolveVersion(session, {"default", registry::Kind::prompt, name}, selector));
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
  EXPECT_FALSE(composed("p").live());
  EXPECT_NE(push("q", "{{> f@^1}} {{> f@^2}}").find("'f' is asked for in two versions"), std::string::npos);
}

TEST_P(RegisterTest, LabelsAreLookedUpWhenServed) {
  push("f", "one");
  change([&](registry::Change& change) {
    change.session.run(
        "INSERT INTO alias (asset, name, number, moved_at, moved_by) "
        "SELECT id, 'live', 1, 0, 'x' FROM asset WHERE name = 'f'");
  });
  EXPECT_EQ(push("p", "@@@langfusePrompt:name=f|label=live@@@"), "1.0.0 none");
  push("f", "two");
  EXPECT_EQ(composed("p").prompt.text, "one");
  EXPECT_TRUE(composed("p").live());
  change([&](registry::Change& change) { change.session.run("UPDATE alias SET number = 2 WHERE name = 'live'"); });
  EXPECT_EQ(composed("p").prompt.text, "two");
  change([&](registry::Change& change) { change.session.run("DELETE FROM alias WHERE name = 'live'"); });
  try {
    composed("p");
    ADD_FAILURE() << "was put together without the label";
  } catch (const Error& fault) {
    EXPECT_EQ(fault.code, Code::invalidState);
    EXPECT_NE(fault.message.find("'f' cannot be put in"), std::string::npos) << fault.message;
  }
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
  EXPECT_NE(push("p", "@@@langfusePrompt:name=no|version=1@@@", {.lenient = true}).find("'no' in line 1"),
            std::string::npos);
}

REGESTA_DELIVERY_ON_BOTH(RegisterTest);

}  // namespace
}  // namespace regesta::delivery
