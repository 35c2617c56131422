#include "governance/card.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::governance {

namespace {

constexpr std::size_t cardLength = 512 * 1024;
constexpr std::size_t sectionsShown = 40;

struct Outline {
  std::string title;
  json::array sections;
  bool says = false;  // a line that is neither empty nor a heading
};

void addSection(Outline& outline, std::string_view heading) {
  if (heading.empty()) return;
  if (outline.title.empty()) outline.title = shorten(heading, 200);
  if (outline.sections.size() < sectionsShown) outline.sections.emplace_back(shorten(heading, 200));
}

Outline outlineOfMarkdown(std::string_view text) {
  Outline outline;
  for (std::string_view line : split(text, '\n')) {
    line = trim(line);
    if (line.empty()) continue;
    std::size_t marks = line.find_first_not_of('#');
    if (marks == std::string_view::npos) continue;
    if (marks > 0 && marks <= 6 && line[marks] == ' ')
      addSection(outline, trim(line.substr(marks)));
    else
      outline.says = true;
  }
  return outline;
}

bool hasText(const json::value& value) {
  if (value.is_null()) return false;
  if (value.is_string()) return !trim(value.as_string()).empty();
  if (value.is_array()) return std::ranges::any_of(value.as_array(), hasText);
  if (value.is_object())
    return std::ranges::any_of(value.as_object(), [](const auto& m) { return hasText(m.value()); });
  return true;
}

Outline outlineOfObject(const json::object& card) {
  if (const json::value* text = card.if_contains("text"); text && text->is_string() && card.size() == 1)
    return outlineOfMarkdown(text->as_string());
  Outline outline;
  for (const auto& member : card) {
    addSection(outline, member.key());
    outline.says = outline.says || hasText(member.value());
  }
  for (std::string_view name : {"title", "name"})
    if (const json::value* title = card.if_contains(name); title && title->is_string())
      outline.title = shorten(std::string_view(title->as_string()), 200);
  return outline;
}

}  // namespace

json::object checkCard(const json::value& body) {
  if (!body.is_string() && !body.is_object()) throw Invalid("body", "must be Markdown text or a JSON object");
  std::size_t length = body.is_string() ? body.as_string().size() : json::serialize(body).size();
  if (length > cardLength) throw Invalid("body", fmt::format("must have at most {} bytes", cardLength));
  Outline outline = body.is_string() ? outlineOfMarkdown(body.as_string()) : outlineOfObject(body.as_object());
  if (!outline.says) throw Invalid("body", "must have text in addition to headings");
  return {{"title", outline.title.empty() ? json::value(nullptr) : json::value(outline.title)},
          {"length", static_cast<std::int64_t>(length)},
          {"sections", std::move(outline.sections)}};
}

}  // namespace regesta::governance
