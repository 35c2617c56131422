#include "registry/reference.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace regesta::registry {
namespace {

TEST(Reference, everySpellingOfTheTreeIsTheSamePath) {
  for (const char* text :
       {"mlflow-artifacts:/1/run/model", "mlflow-artifacts:1/run/model", "mlflow-artifacts://host:5000/1/run/model",
        "MLFLOW-artifacts:/1/run/model", "mlflow-artifacts:///1//run/./model/", "mlflow-artifacts:/1/r%75n/model",
        "mlflow-artifacts:/1/run/model?x=1#y", " mlflow-artifacts:/1/run/model",
        "http://h/api/2.0/mlflow-artifacts/artifacts/1/run/model",
        "https://h:1/api/2.0/mlflow-artifacts/artifacts/1/run/model/",
        "http://h/behind/a/proxy/api/2.0/mlflow-artifacts/artifacts/1/run/model",
        "HTTP://H/ajax-api/2.0/mlflow-artifacts/artifacts//1/run/model",
        "http://h/API/2.0/MLflow-Artifacts/Artifacts/1/run/model",
        "http://h/api/2.0/mlflow%2Dartifacts/artifacts/1/run/model",
        "http://h/api/2.0/mlflow-artifacts%2Fartifacts/1%2Frun/model", "http://h/s3/default/1/run/model",
        "https://h/behind/a/proxy/S3/default//1/r%75n/model/", "http://h/%733/default/1/run/model"})
    EXPECT_EQ(treePath(text, "default"), "1/run/model") << text;
  EXPECT_EQ(treePath("mlflow-artifacts:", "default"), "");
  EXPECT_EQ(treePath("s3://default/1/run/model", "default"), "1/run/model");
  EXPECT_EQ(treePath("S3://Default//1/a%20b/", "default"), "1/a%20b");
  EXPECT_EQ(treePath("s3a://default/1/run/model", "default"), "1/run/model");
  EXPECT_EQ(treePath("s3n://default/1/run/model", "default"), "1/run/model");
  EXPECT_FALSE(treePath("s3://default/1/run/model", ""));
  EXPECT_FALSE(treePath("s3://default/1/run/model", "west"));
  EXPECT_THROW(treePath("s3://default/../1", "default"), Error);
  EXPECT_THROW(treePath("s3://default/%2e%2e/1", "default"), Error);
  EXPECT_EQ(treePath("http://h/api/2.0/mlflow-artifacts/artifacts", ""), "");
}

TEST(Reference, otherRoutesToTheTree) {
  EXPECT_EQ(treePath("http://h/api/2.0/mlflow-artifacts/presigned/1/run/model", ""), "1/run/model");
  EXPECT_EQ(treePath("http://h/S3/default/1/run/model", "default"), "1/run/model");
  EXPECT_EQ(treePath("http://h/%73%33/default/1/run/model", "default"), "1/run/model");
  EXPECT_EQ(treePath("http://h/api/2.0/mlflow-artifacts/artifacts/s3/default/x", "default"), "s3/default/x");
  EXPECT_FALSE(treePath("http://h/s3/elsewhere/1/run/model", "default"));
  EXPECT_THROW(treePath("http://h/s3/x/../default/1/run/model", "default"), Error);
  for (const char* page : {"get-artifact?run_id=r&path=model", "model-versions/get-artifact?name=m&version=1",
                           "ajax-api/2.0/mlflow/Get%2DArtifact/?run_uuid=r"})
    EXPECT_THROW(treePath(std::string("http://h/") + page, "default"), Error) << page;
}

TEST(Reference, pagesOfOtherFrontsAreNoFolders) {
  for (const char* text :
       {"http://h/hf/default/m/resolve/main", "http://h/behind/a/proxy/HF/default/m/resolve/main/x",
        "http://h/api/v1/assets/model/m/versions/latest/files", "http://h/api/v1/blobs/abc",
        "http://h/api/3.0/mlflow-artifacts/artifacts/1/run", "http://h\\api\\2.0\\mlflow-artifacts\\artifacts\\1",
        "s3:/default/1/run", "http+mlflow-artifacts://h/1/run", "mlflow-artifacts+http://h/1/run",
        "https://h/lfs/default/objects/abc"})
    EXPECT_THROW(treePath(text, "default"), Error) << text;
  EXPECT_FALSE(treePath("https://huggingface.co/org/m/resolve/main", "default"));
}

TEST(Reference, otherPlacesAreNotTheTree) {
  for (const char* text : {"", "s3://mlflow-artifacts/x", "runs:/abc/model", "models:/m/1", "/mlflow-artifacts/x",
                           "mlflow-artifacts", "http://h/x", "http://h/mlflow-artifacts/artifacts/x",
                           "http://h/s3/west/x", "http://h/default/x", "file:///x", "dummy-source"})
    EXPECT_FALSE(treePath(text, "default")) << text;
}

TEST(Reference, whatCouldBeReadInTwoWaysIsRefused) {
  for (const char* text :
       {"mlflow-artifacts:/a/../b", "mlflow-artifacts:/a/%2e%2e/b", "mlflow-artifacts:/a%2541", "mlflow-artifacts:/a%",
        "mlflow-artifacts:/a%zz", "mlflow-artifacts:/a%5cb", "mlflow-artifacts:/a%00b",
        "http://h/api/2.0/mlflow-artifacts/artifacts/%2541", "http://h/api/2.0/mlflow%252Dartifacts/artifacts/x",
        "http://h/s3/default/a/../b", "http://h/s3/default/%2541"})
    EXPECT_THROW(treePath(text, "default"), Error) << text;
}

TEST(Reference, theServersOwnSpellingLeadsBack) {
  for (const char* path : {"1/run/artifacts/my model", "1/a+b", "x", "naïve/文"})
    EXPECT_EQ(treePath(treeUri(path), "default"), path);
  EXPECT_EQ(treeUri("1/run/artifacts/model"), "mlflow-artifacts:/1/run/artifacts/model");
}

TEST(Reference, localPathsAreAbsoluteAndWithoutDots) {
  EXPECT_EQ(localPath("file:///a/b/../c/"), "/a/c");
  EXPECT_EQ(localPath("FILE:/a%20b"), "/a b");
  EXPECT_EQ(localPath("/x/./y"), "/x/y");
  EXPECT_FALSE(localPath("s3://b/x"));
  EXPECT_FALSE(localPath(""));
}

}  // namespace
}  // namespace regesta::registry
