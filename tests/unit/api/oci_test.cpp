#include <gtest/gtest.h>

#include "api/oci/manifest.h"
#include "api/oci/repository.h"
#include "support/thrown.h"

namespace regesta::api::oci {
namespace {

std::string shown(std::string_view path) {
  auto repository = parseRepository(path);
  return repository ? repository->key.workspace + " | " + repository->key.subject() : "none";
}

TEST(OciRepository, thePathAloneDecides) {
  EXPECT_EQ(shown("default/weights"), "default | artifact/weights");
  EXPECT_EQ(shown("risk/team/a/b"), "risk | artifact/team/a/b");
  EXPECT_EQ(shown("default/model/loan-risk"), "default | model/loan-risk");
  EXPECT_EQ(shown("default/dataset/loans"), "default | dataset/loans");
  EXPECT_EQ(shown("default/model"), "default | artifact/model");
  EXPECT_EQ(shown("default/prompt/x"), "default | artifact/prompt/x");
  for (std::string_view none :
       {"", "default", "default/", "/a", "default/A", "default/a..b", "default/.a", "default/a.", "default/a___b",
        "default/a._b", "default//a", "default/model/a/b", "default/a b"})
    EXPECT_EQ(shown(none), "none") << none;
}

TEST(OciRepository, everyReachableAssetHasOnePath) {
  using registry::Kind;
  EXPECT_EQ(repositoryPath({"default", Kind::artifact, "team/a"}), "default/team/a");
  EXPECT_EQ(repositoryPath({"default", Kind::model, "a"}), "default/model/a");
  EXPECT_FALSE(repositoryPath({"default", Kind::artifact, "model/a"}));  // the model's path
  EXPECT_FALSE(repositoryPath({"default", Kind::artifact, "Team"}));
  EXPECT_FALSE(repositoryPath({"default", Kind::prompt, "a"}));
}

TEST(OciTag, isOneAliasAndBack) {
  EXPECT_EQ(aliasOfTag("production"), "production");
  EXPECT_EQ(aliasOfTag("latest"), "tag.latest");
  EXPECT_EQ(aliasOfTag("v1"), "tag.v1");
  EXPECT_EQ(aliasOfTag("1.4.2"), "tag.1.4.2");
  EXPECT_EQ(aliasOfTag("tag.x"), "tag.tag.x");
  for (std::string_view tag :
       {"production", "latest", "v1", "1.4.2", "1.x", "tag.x", "tag.latest", "12", "_a", "a.b-c"})
    EXPECT_EQ(tagOfAlias(aliasOfTag(tag)), tag);
  for (std::string_view alias : {"-a", ".a", "tag.production", "tag.", "tag.-a"})
    EXPECT_FALSE(tagOfAlias(alias)) << alias;
  for (std::string_view none : {"", "-a", "a b", "stage:production", "a.b17"})
    thrown(Code::invalid, [&] { aliasOfTag(none); });
}

constexpr std::string_view config =
    R"({"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2})";

TEST(OciManifest, readsWhatItNeeds) {
  Manifest read = parseManifest(
      fmt::format(R"({{"schemaVersion":2,"config":{0},"layers":[{0}],"subject":{0},"more":[1]}})", config),
      imageManifest);
  EXPECT_EQ(read.mediaType, imageManifest);
  EXPECT_EQ(read.artifactType, "application/vnd.oci.empty.v1+json");
  EXPECT_EQ(read.layers.size(), 1U);
  ASSERT_TRUE(read.subject && read.config);
  EXPECT_EQ(read.config->size, 2);
}

TEST(OciManifest, saysWhatIsWrong) {
  auto fault = [](std::string_view text) { return thrown(Code::invalid, [&] { parseManifest(text, imageManifest); }); };
  EXPECT_NE(fault(R"({"schemaVersion":2,"layers":[]})").find("config"), std::string::npos);
  EXPECT_NE(fault(fmt::format(R"({{"schemaVersion":2,"config":{},"layers":[{{"digest":"sha256:0"}}]}})", config))
                .find("layers[0].digest"),
            std::string::npos);
  EXPECT_NE(
      fault(fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[]}})", imageIndex)).find("Content-Type"),
      std::string::npos);
  EXPECT_NE(fault(std::string(100'000, '[')).find("JSON"), std::string::npos);
}

}  // namespace
}  // namespace regesta::api::oci
