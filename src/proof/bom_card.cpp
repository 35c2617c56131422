#include "proof/bom_card.h"

#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "prompt/file/front_matter.h"

namespace regesta::proof {
namespace {

constexpr std::size_t sectionLength = 4000;

std::string withoutComments(std::string text) {
  for (std::size_t start; (start = text.find("<!--")) != std::string::npos;) {
    std::size_t end = text.find("-->", start);
    text.erase(start, end == std::string::npos ? std::string::npos : end + 3 - start);
  }
  return text;
}

std::vector<std::string> textsOf(const json::object& from, std::string_view name) {
  std::vector<std::string> texts;
  const json::value* value = from.if_contains(name);
  auto take = [&](const json::value& one) {
    if (one.is_string() && !one.get_string().empty()) texts.emplace_back(std::string_view(one.get_string()));
  };
  if (value && value->is_array())
    for (const json::value& one : value->get_array()) take(one);
  else if (value)
    take(*value);
  return texts;
}

void takeMembers(BomCard& card, const json::object& members) {
  card.licenses = textsOf(members, "license");
  // Hugging Face: "other" with the name in a member of its own.
  if (std::string name = memberText(members, "license_name"); !name.empty()) card.licenses = {name};
  card.task = memberText(members, "pipeline_tag");
  if (auto bases = textsOf(members, "base_model"); !bases.empty()) card.baseModel = bases.front();
}

void takeSection(BomCard& card, std::string_view heading, std::string_view text) {
  text = trim(text);
  if (text.empty()) return;
  std::string title = lower(heading);
  auto has = [&](std::string_view word) { return title.find(word) != std::string::npos; };
  std::vector<std::string>* into = has("ethic")                                      ? &card.ethics
                                   : has("limit") || has("risk") || has("bias")      ? &card.limitations
                                   : has("training") || title == "data"              ? &card.training
                                   : has("uses") || has("use and") || has("purpose") ? &card.uses
                                   : title.ends_with(" use") || title == "use"       ? &card.uses
                                                                                     : nullptr;
  if (into) into->push_back(shorten(text, sectionLength));
}

void takeMarkdown(BomCard& card, std::string_view markdown) {
  std::string heading, text;
  bool code = false;
  std::string readable = withoutComments(std::string(markdown));
  for (std::string_view line : split(readable, '\n')) {
    std::string_view content = trim(line);
    if (content.starts_with("```") || content.starts_with("~~~")) code = !code;
    std::size_t marks = content.find_first_not_of('#');
    if (!code && marks != std::string_view::npos && marks > 0 && marks <= 6 && content[marks] == ' ') {
      takeSection(card, heading, std::exchange(text, {}));
      heading = trim(content.substr(marks));
    } else {
      text += std::string(line) + '\n';
    }
  }
  takeSection(card, heading, text);
}

}  // namespace

BomCard readBomCard(const json::value& body) {
  BomCard card;
  std::string markdown;
  if (body.is_string()) markdown = std::string_view(body.get_string());
  if (body.is_object()) {
    const json::object& sections = body.get_object();
    markdown = memberText(sections, "text");
    if (markdown.empty()) {
      takeMembers(card, sections);
      for (const auto& [heading, text] : sections)
        if (text.is_string()) takeSection(card, heading, std::string_view(text.get_string()));
    }
  }
  if (markdown.empty()) return card;
  try {
    prompt::file::FrontMatter matter = prompt::file::readFrontMatter("card", markdown);
    takeMembers(card, matter.members);
    takeMarkdown(card, matter.body);
  } catch (const Error&) {
    takeMarkdown(card, markdown);
  }
  return card;
}

}  // namespace regesta::proof
