#include "base/redact.h"

#include <gtest/gtest.h>

namespace regesta {
namespace {

TEST(Redact, WhatMayOpenSomethingGoes) {
  EXPECT_EQ(redactUrl("https://ann:secret@host/x/y?X-Amz-Signature=abc&versionId=7"),
            "https://***@host/x/y?X-Amz-Signature=***&versionId=***");
  EXPECT_EQ(redactUrl("https://ghp_token@github.com/a/b.git"), "https://***@github.com/a/b.git");
  EXPECT_EQ(redactUrl("https://a:b@c@host/"), "https://***@host/");
  EXPECT_EQ(redactUrl("https://host/?token"), "https://host/?***");
  EXPECT_EQ(redactUrl("https://host/#access_token=abc"), "https://host/#access_token=***");
  EXPECT_EQ(redactUrl("postgres://u:p@db/regesta"), "postgres://***@db/regesta");
  EXPECT_EQ(redactUrl("wss+x://u:p@db?a=b=c&"), "wss+x://***@db?a=***&");
}

TEST(Redact, TheRestStays) {
  for (const char* text : {"", "models:/loan/1", "runs:/0123/model", "s3://bucket/key/part", "mlflow-artifacts:/0/1",
                           "ssh://git@host/repo", "https://host/a#part", "://x?y=z", "no address ? a=b"})
    EXPECT_EQ(redactUrl(text), text);
  EXPECT_EQ(redactUrl("ssh://git:pw@host/repo"), "ssh://***@host/repo");
}

TEST(Redact, APathThatIsAToken) {
  EXPECT_EQ(redactPath("https://hooks.example.com/services/T0/B0/Yz7?wait=true"),
            "https://hooks.example.com/***?wait=***");
  EXPECT_EQ(redactPath("https://host"), "https://host");
  EXPECT_EQ(redactPath("https://host/"), "https://host");
}

TEST(Redact, AddressesInText) {
  EXPECT_EQ(redactText("see (https://h/?k=v), or \"https://u:p@h/\"; k=v stays"),
            "see (https://h/?k=***), or \"https://***@h/\"; k=v stays");
  EXPECT_EQ(redactText("no address\n at all "), "no address\n at all ");
}

TEST(Redact, OnceIsEnough) {
  for (const char* text : {"https://a:b@h/x?y=z#k=v", "https://h/?t", "ssh://git@h/r"})
    EXPECT_EQ(redactUrl(redactUrl(text)), redactUrl(text)) << text;
}

}  // namespace
}  // namespace regesta
