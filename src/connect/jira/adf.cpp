#include "connect/jira/adf.h"

#include "base/text.h"

namespace regesta::connect::jira {
namespace {

constexpr int deepest = 30;

json::object textNode(std::string_view text) { return {{"type", "text"}, {"text", text}}; }

/// Empty texts are invalid in the format; a line break is a node.
json::array inlineOf(std::string_view text) {
  json::array content;
  bool first = true;
  for (std::string_view line : split(text, '\n')) {
    if (!first) content.push_back(json::object{{"type", "hardBreak"}});
    first = false;
    if (!line.empty()) content.push_back(textNode(line));
  }
  return content;
}

json::object paragraph(std::string_view text) { return {{"type", "paragraph"}, {"content", inlineOf(text)}}; }

json::object tableOf(const Block& block) {
  json::array rows;
  for (const auto& row : block.rows) {
    json::array cells;
    for (const std::string& cell : row)
      cells.push_back(json::object{{"type", rows.empty() ? "tableHeader" : "tableCell"},
                                   {"content", json::array{paragraph(cell)}}});
    rows.push_back(json::object{{"type", "tableRow"}, {"content", std::move(cells)}});
  }
  return {{"type", "table"}, {"content", std::move(rows)}};
}

json::object linkOf(const Block& block) {
  json::object text = textNode(block.text);
  text["marks"] = json::array{json::object{{"type", "link"}, {"attrs", json::object{{"href", block.url}}}}};
  return {{"type", "paragraph"}, {"content", json::array{std::move(text)}}};
}

json::object nodeOf(const Block& block) {
  switch (block.kind) {
    case Block::Kind::heading:
      return {{"type", "heading"}, {"attrs", json::object{{"level", 3}}}, {"content", inlineOf(block.text)}};
    case Block::Kind::table:
      return tableOf(block);
    case Block::Kind::link:
      return linkOf(block);
    case Block::Kind::text:
      break;
  }
  return paragraph(block.text);
}

bool endsLine(std::string_view type) {
  return type == "paragraph" || type == "heading" || type == "codeBlock" || type == "listItem" || type == "tableRow" ||
         type == "rule";
}

void appendText(std::string& out, const json::value& value, int depth) {
  if (depth > deepest || !value.is_object()) return;
  const json::object& node = value.get_object();
  std::string type = memberText(node, "type");
  if (type == "text") out += memberText(node, "text");
  if (type == "hardBreak") out += '\n';
  if (const json::value* attributes = node.if_contains("attrs"); attributes && attributes->is_object()) {
    if (type == "mention" || type == "emoji" || type == "status") out += memberText(attributes->get_object(), "text");
    if (type == "inlineCard" || type == "blockCard") out += memberText(attributes->get_object(), "url");
  }
  if (const json::value* content = node.if_contains("content"); content && content->is_array())
    for (const json::value& child : content->get_array()) {
      appendText(out, child, depth + 1);
      if (type == "tableRow") out += "  ";
    }
  if (endsLine(type) && !out.ends_with('\n')) out += '\n';
}

/// A backslash keeps a character from being markup; line breaks are kept. Characters that are markup only between
/// words or at the start of a line ("-", "#", "h1.") change the look of a text, but cannot link, embed or mention.
std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("\\{}[]|!^~*_+").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// One line, never empty: an empty cell would join its neighbors.
std::string cellOf(std::string_view text) {
  std::string line(text.empty() ? " " : text);
  for (char& c : line)
    if (c == '\n') c = ' ';
  return escaped(line);
}

std::string wikiTable(const Block& block) {
  std::string out;
  for (std::size_t i = 0; i < block.rows.size(); ++i) {
    std::string_view bar = i == 0 ? "||" : "|";
    for (const std::string& cell : block.rows[i]) out += fmt::format("{}{}", bar, cellOf(cell));
    out += fmt::format("{}\n", bar);
  }
  return out;
}

}  // namespace

json::value adf(const Document& document) {
  json::array content;
  for (const Block& block : document) content.push_back(nodeOf(block));
  return json::object{{"type", "doc"}, {"version", 1}, {"content", std::move(content)}};
}

std::string textOfAdf(const json::value& value) {
  std::string out;
  appendText(out, value, 0);
  return std::string(trim(out));
}

std::string wiki(const Document& document) {
  std::string out;
  for (const Block& block : document) {
    if (!out.empty()) out += "\n";
    switch (block.kind) {
      case Block::Kind::heading:
        out += fmt::format("h3. {}\n", cellOf(block.text));
        break;
      case Block::Kind::table:
        out += wikiTable(block);
        break;
      case Block::Kind::link:
        out += fmt::format("[{}|{}]\n", cellOf(block.text), block.url);
        break;
      case Block::Kind::text:
        out += fmt::format("{}\n", escaped(block.text));
        break;
    }
  }
  return out;
}

}  // namespace regesta::connect::jira
