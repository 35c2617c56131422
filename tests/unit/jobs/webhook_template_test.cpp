#include "jobs/webhook_template.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/limits_delivery.h"

namespace regesta::jobs {
namespace {

const json::object event =
    parseJson(
        R"({"type":"alias.moved","subject":"model/loan@3","n":7,"data":{"reason":"say \"hi\", {{type}}","list":[1]}})")
        .as_object();

std::string filled(std::string_view text) {
  checkTemplate(text);
  return writeJson(fillTemplate(text, event));
}

TEST(WebhookTemplate, fillsPlacesInStrings) {
  EXPECT_EQ(filled(R"({"text":"{{type}} of {{ subject }}"})"), R"({"text":"alias.moved of model/loan@3"})");
  EXPECT_EQ(filled(R"([{"a":["{{type}}"]},1,true])"), R"([{"a":["alias.moved"]},1,true])");
}

TEST(WebhookTemplate, aStringThatIsOnePlaceBecomesTheMember) {
  EXPECT_EQ(filled(R"({"n":"{{n}}","d":"{{data.list}}","t":"{{n}} "})"), R"({"n":7,"d":[1],"t":"7 "})");
}

TEST(WebhookTemplate, whatAnEventSaysAddsNothingToTheStructure) {
  EXPECT_EQ(filled(R"({"a":"<{{data.reason}}>"})"), R"({"a":"<say \"hi\", {{type}}>"})");
}

TEST(WebhookTemplate, aMemberThatIsNotThereIsEmpty) {
  EXPECT_EQ(filled(R"({"a":"{{nothing}}","b":"x{{type.more}}","c":"{{data.no.way}}"})"), R"({"a":"","b":"x","c":""})");
}

TEST(WebhookTemplate, aSmallTemplateDoesNotMultiplyALargeEvent) {
  std::string places;
  for (int i = 0; i < 1'000; ++i) places += "{{big}}";
  json::object large{{"big", std::string(100'000, 'x')}};
  std::string text = writeJson(json::object{{"all", places}, {"alone", "{{big}}"}});
  std::string body = writeJson(fillTemplate(text, large));
  EXPECT_LT(body.size(), limits::webhookFilled + 100'000);
  EXPECT_NE(body.find("left out"), std::string::npos);
}

TEST(WebhookTemplate, refusesWhatIsNoTemplate) {
  for (std::string_view text :
       {"", "{", "{\"a\":\"{{type\"}", "{\"a\":\"{{}}\"}", "{\"a\":\"{{type | upper}}\"}", "text"})
    EXPECT_THROW(checkTemplate(text), Invalid) << text;
  EXPECT_THROW(checkTemplate("[\"" + std::string(20'000, 'x') + "\"]"), Invalid);
}

TEST(WebhookTemplate, namesTheSubjectsParts) {
  json::object more = templateEvent(event);
  EXPECT_EQ(more.at("kind"), "model");
  EXPECT_EQ(more.at("name"), "loan");
  EXPECT_EQ(more.at("version"), "3");
  EXPECT_EQ(templateEvent({{"subject", "prompt/a/b#production"}}).at("name"), "a/b");
  EXPECT_EQ(templateEvent({{"subject", "webhook"}}).at("name"), "");
}

TEST(WebhookHeaders, areHeadersAndNotTheServersOwn) {
  checkHeaders({{"Authorization", "Bearer x"}, {"X-GitHub-Api-Version", "2022-11-28"}});
  for (const auto& [name, value] : WebhookHeaders{{"Host", "a"},
                                                  {"content-length", "1"},
                                                  {"Webhook-Signature", "v1,x"},
                                                  {"X-MLflow-Signature", "x"},
                                                  {"a b", "x"},
                                                  {"X-A", "x\r\nHost: evil"},
                                                  {"X-B", ""},
                                                  {"X:C", "x"}})
    EXPECT_THROW(checkHeaders({{name, value}}), Invalid) << name;
  EXPECT_THROW(checkHeaders({{"X-A", "1"}, {"x-a", "2"}}), Invalid);
}

}  // namespace
}  // namespace regesta::jobs
