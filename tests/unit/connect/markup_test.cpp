#include <gtest/gtest.h>

#include "base/json.h"
#include "connect/jira/adf.h"
#include "connect/web_call.h"

namespace regesta::connect {
namespace {

TEST(Wiki, whatPeopleWroteIsNoMarkup) {
  std::string text = jira::wiki({Block::paragraph("{code} [~admin] !http://x/y.png! a|b [a|http://evil] {{x}}"),
                                 Block::table({{"Head"}, {"a|b\n|| c"}, {""}})});
  EXPECT_EQ(text,
            "\\{code\\} \\[\\~admin\\] \\!http://x/y.png\\! a\\|b \\[a\\|http://evil\\] \\{\\{x\\}\\}\n"
            "\n||Head||\n|a\\|b \\|\\| c|\n| |\n");
}

TEST(Adf, emptyTextsAndLineBreaksAreValid) {
  json::value document = jira::adf({Block::paragraph("one\n\ntwo"), Block::table({{"a", ""}})});
  EXPECT_EQ(writeJson(document.at("content").as_array()[0]),
            R"({"type":"paragraph","content":[{"type":"text","text":"one"},{"type":"hardBreak"},{"type":"hardBreak"},)"
            R"({"type":"text","text":"two"}]})");
  EXPECT_EQ(writeJson(document).find(R"("text":"")"), std::string::npos);
  EXPECT_EQ(jira::textOfAdf(document), "one\n\ntwo\na");
}

TEST(Adf, readsWhatOthersWroteAndEndsAtSomeDepth) {
  json::value written = parseJson(R"({"type":"doc","version":1,"content":[{"type":"paragraph","content":[
    {"type":"mention","attrs":{"id":"1","text":"@rita"}},{"type":"text","text":" see "},
    {"type":"inlineCard","attrs":{"url":"https://x.example/1"}}]},{"type":"bulletList","content":[
    {"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"one"}]}]}]}]})");
  EXPECT_EQ(jira::textOfAdf(written), "@rita see https://x.example/1\none");
  EXPECT_EQ(jira::textOfAdf(json::value("text")), "");
  json::value deep = json::object{{"type", "text"}, {"text", "deep"}};
  for (int i = 0; i < 60; ++i) deep = json::object{{"type", "paragraph"}, {"content", json::array{deep}}};
  EXPECT_EQ(jira::textOfAdf(deep), "");
}

TEST(RetryAfter, isSecondsOrADate) {
  EXPECT_EQ(retryAfterMillis("120", 0), 120'000);
  EXPECT_EQ(retryAfterMillis("Thu, 01 Jan 1970 00:01:00 GMT", 0), 60'000);
  EXPECT_EQ(retryAfterMillis("Thu, 01 Jan 1970 00:00:00 GMT", 5000), 0);
  EXPECT_EQ(retryAfterMillis("99999999999", 0), 86'400'000);
  EXPECT_EQ(retryAfterMillis("-5", 0), 0);
  EXPECT_EQ(retryAfterMillis("soon", 0), 0);
}

}  // namespace
}  // namespace regesta::connect
