#include "registry/reserved_tag.h"

#include "support/registry_test.h"

namespace regesta::registry {
namespace {

TEST(ReservedTag, ContentTagsInAnyCase) {
  for (std::string_view key : {"mlflow.prompt.text", "MLFLOW.Prompt.is_prompt", "_mlflow_prompt_model_config",
                               " mlflow.prompt.text", "mlflow.prompt.new_in_4.0"})
    EXPECT_TRUE(isContentTag(key)) << key;
  for (std::string_view key :
       {"mlflow.promptness", "_mlflow_experiment_ids", "mlflow.prompt.associatedRunIds", "prompt"})
    EXPECT_FALSE(isContentTag(key)) << key;
}

TEST(ReservedTag, OriginTagsArePromptsOnly) {
  EXPECT_TRUE(isOriginTag({.kind = Kind::prompt, .name = "p"}, "git.commit"));
  for (std::string_view key : {"GIT.Signature", " git.signature.", "git\u200B.commit", "g\u0456t.commit"})
    EXPECT_TRUE(isOriginTag({.kind = Kind::prompt, .name = "p"}, key)) << key;
  for (std::string_view key : {"github.com", "digit.sum", "git"})
    EXPECT_FALSE(isOriginTag({.kind = Kind::prompt, .name = "p"}, key)) << key;
  EXPECT_FALSE(isOriginTag({.kind = Kind::model, .name = "m"}, "git.commit"));
}

TEST(ReservedTag, OnlyManifestsWriteTheirTags) {
  for (Kind kind : {Kind::artifact, Kind::model, Kind::prompt}) {
    EXPECT_TRUE(isOriginTag({.kind = kind, .name = "a"}, "oci.manifest.subject"));
    EXPECT_TRUE(isOriginTag({.kind = kind, .name = "a"}, " OCI.Manifest.digest"));
    EXPECT_FALSE(isOriginTag({.kind = kind, .name = "a"}, "oci.compartment"));
  }
}

TEST(ReservedTag, WhatAClientSaysOfItsGitIsMarkedAsAClaim) {
  Tags claimed = claimedOrigin({{"commit", "abc"}, {"signature", "good, says Git"}});
  EXPECT_EQ(claimed.at("git.commit"), "abc");
  EXPECT_FALSE(claimed.at("git.claimed").empty());
  EXPECT_TRUE(claimedOrigin({}).empty());
  thrown(Code::invalid, [] { claimedOrigin({{"signature", "ssh SHA256:x verified"}}); });
  thrown(Code::invalid, [] { claimedOrigin({{"tagger", "x"}}); });
  thrown(Code::invalid, [] { claimedOrigin({{"author", "ri\u200Bta"}}); });
}

class ReservedTagTest : public RegistryTest {};

TEST_P(ReservedTagTest, NoDoorLetsThemIn) {
  Asset prompt = make("p", Kind::prompt), model = make("m", Kind::model);
  Version version = change([&](Change& c) { return createVersion(c, prompt, {.content = "\"a\""}); });
  for (const Asset& asset : {prompt, model}) {
    thrown(Code::invalid,
           [&] { change([&](Change& c) { setAssetTag(c, asset, "mlflow.prompt.is_prompt", "true"); }); });
    thrown(Code::invalid, [&] { change([&](Change& c) { deleteAssetTag(c, asset, "mlflow.prompt.is_prompt"); }); });
    NewVersion fresh{.source = "s3://b/x", .tags = {{"mlflow.prompt.text", "x"}}};
    thrown(Code::invalid, [&] { change([&](Change& c) { createVersion(c, asset, fresh); }); });
  }
  thrown(Code::invalid, [&] { change([&](Change& c) { setVersionTag(c, version, "_mlflow_prompt_type", "chat"); }); });
  thrown(Code::invalid, [&] { change([&](Change& c) { deleteVersionTag(c, version, "_mlflow_prompt_type"); }); });
  thrown(Code::invalid, [&] { change([&](Change& c) { setVersionTag(c, version, "git.commit", "x"); }); });
  change([&](Change& c) { noteOrigin(c, version, {{"git.tag", "p@v1.0.0"}}); });
  NewVersion forged{.content = "\"b\"", .tags = {{"git.signature", "ssh SHA256:x verified"}}};
  thrown(Code::invalid, [&] { change([&](Change& c) { createVersion(c, prompt, forged); }); });
  thrown(Code::invalid, [&] { change([&](Change& c) { setAssetTag(c, prompt, "Git.commit", "x"); }); });
  forged.origin = std::exchange(forged.tags, {});
  Version pushed = change([&](Change& c) { return createVersion(c, prompt, forged); });
  EXPECT_EQ(pushed.tags.at("git.signature"), "ssh SHA256:x verified");
}

REGESTA_ON_BOTH(ReservedTagTest);

}  // namespace
}  // namespace regesta::registry
