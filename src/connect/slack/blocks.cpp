#include "connect/slack/blocks.h"

#include "base/text.h"
#include "connect/slack/action.h"

namespace regesta::connect::slack {
namespace {

// Slack's own limits: https://docs.slack.dev/reference/block-kit/blocks
constexpr std::size_t headerLength = 150, sectionLength = 2900, mostBlocks = 45;

json::object plainText(std::string_view text, std::size_t length) {
  return {{"type", "plain_text"}, {"text", shorten(text.empty() ? " " : text, length)}, {"emoji", false}};
}

json::object section(std::string_view text) { return {{"type", "section"}, {"text", plainText(text, sectionLength)}}; }

std::string replacedAll(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
  return text;
}

std::string tableText(const Block& block) {
  std::string text;
  for (std::size_t i = block.rows.size() > 1 ? 1 : 0; i < block.rows.size(); ++i) {
    std::string line;
    for (const std::string& cell : block.rows[i])
      if (!cell.empty()) line += (line.empty() ? "" : " · ") + cell;
    if (!line.empty()) text += (text.empty() ? "" : "\n") + line;
  }
  return text;
}

json::object button(std::string_view words, std::string_view action, std::string_view style) {
  return {{"type", "button"},
          {"action_id", action},
          {"style", style},
          {"text", plainText(words, 75)},
          {"confirm", json::object{{"title", plainText(words, 100)},
                                   {"text", plainText("The review is recorded in Regesta in your name.", 300)},
                                   {"confirm", plainText(words, 30)},
                                   {"deny", plainText("Cancel", 30)}}}};
}

}  // namespace

std::string escaped(std::string_view text) {
  return replacedAll(replacedAll(replacedAll(std::string(text), "&", "&amp;"), "<", "&lt;"), ">", "&gt;");
}

std::string unescaped(std::string_view text) {
  return replacedAll(replacedAll(replacedAll(std::string(text), "&lt;", "<"), "&gt;", ">"), "&amp;", "&");
}

json::array blocksOf(const std::string& title, const Document& document, bool buttons) {
  json::array blocks;
  blocks.push_back(json::object{{"type", "header"}, {"text", plainText(title, headerLength)}});
  for (const Block& block : document) {
    if (blocks.size() >= mostBlocks) {
      blocks.push_back(section("… more in Regesta"));
      break;
    }
    switch (block.kind) {
      case Block::Kind::heading:
        blocks.push_back(json::object{{"type", "header"}, {"text", plainText(block.text, headerLength)}});
        break;
      case Block::Kind::text:
        blocks.push_back(section(block.text));
        break;
      case Block::Kind::table:
        blocks.push_back(section(tableText(block)));
        break;
      case Block::Kind::link:
        blocks.push_back(json::object{{"type", "actions"},
                                      {"elements", json::array{json::object{{"type", "button"},
                                                                            {"action_id", "regesta_open"},
                                                                            {"url", block.url},
                                                                            {"text", plainText(block.text, 75)}}}}});
        break;
    }
  }
  if (buttons)
    blocks.push_back(json::object{{"type", "actions"},
                                  {"block_id", "regesta_review"},
                                  {"elements", json::array{button("Approve", approveAction, "primary"),
                                                           button("Reject", rejectAction, "danger")}}});
  return blocks;
}

std::string textOf(const Document& document) {
  std::string text;
  for (const Block& block : document) {
    std::string part = block.kind == Block::Kind::table ? tableText(block) : block.text;
    if (block.kind == Block::Kind::link) part += " " + block.url;
    text += (text.empty() ? "" : "\n") + part;
  }
  return text;
}

}  // namespace regesta::connect::slack
