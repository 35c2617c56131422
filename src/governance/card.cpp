#include "governance/card.h"

#include "base/error.h"
#include "base/text.h"

namespace regesta::governance {

namespace {

constexpr std::size_t cardLength = 512 * 1024;
constexpr std::size_t sectionsShown = 100;

struct Outline {
  std::string title;
  json::array sections;
  json::array empty;  // sections without text
  bool says = false;  // a line that is neither empty nor a heading
};

void addSection(Outline& outline, std::string_view heading) {
  if (heading.empty()) return;
  if (outline.title.empty()) outline.title = shorten(heading, 200);
  if (outline.sections.size() < sectionsShown) outline.sections.emplace_back(shorten(heading, 200));
}

/// Follows a Markdown text line by line: which section a line belongs to, and whether it says anything.
class MarkdownOutline {
 public:
  Outline read(std::string_view text) {
    bool first = true;
    for (std::string_view line : split(text, '\n')) {
      line = trim(line);
      if (std::exchange(first, false) && line == "---") {
        frontMatter_ = true;
        continue;
      }
      take(line);
    }
    close(1);
    return std::move(outline_);
  }

 private:
  struct Open {
    std::size_t level = 0;
    std::string heading;
    bool says = false;
  };

  void take(std::string_view line) {
    if (frontMatter_) {
      frontMatter_ = line != "---";
      return;
    }
    if (line.starts_with("```") || line.starts_with("~~~")) {
      code_ = !code_;
      return;
    }
    if (!code_) line = withoutComments(line);
    if (line.empty()) return;
    std::size_t marks = line.find_first_not_of('#');
    if (!code_ && marks == std::string_view::npos) return;
    if (!code_ && marks > 0 && marks <= 6 && line[marks] == ' ')
      begin(marks, trim(line.substr(marks)));
    else
      say();
  }
  void say() {
    outline_.says = true;
    for (Open& section : open_) section.says = true;  // a section has the text of its parts
  }
  void begin(std::size_t level, std::string_view heading) {
    if (heading.empty()) return;
    close(level);
    addSection(outline_, heading);
    open_.push_back({level, shorten(heading, 200), false});
  }
  void close(std::size_t level) {
    while (!open_.empty() && open_.back().level >= level) {
      if (!open_.back().says && outline_.empty.size() < sectionsShown)
        outline_.empty.emplace_back(open_.back().heading);
      open_.pop_back();
    }
  }
  /// What is left of a line without its comments, which may go on for several lines.
  std::string_view withoutComments(std::string_view line) {
    for (;;) {
      if (comment_) {
        std::size_t end = line.find("-->");
        if (end == std::string_view::npos) return {};
        comment_ = false;
        line = trim(line.substr(end + 3));
      }
      if (!line.starts_with("<!--")) return line;
      comment_ = true;
      line.remove_prefix(4);
    }
  }

  Outline outline_;
  std::vector<Open> open_;
  bool frontMatter_ = false, code_ = false, comment_ = false;
};

Outline outlineOfMarkdown(std::string_view text) { return MarkdownOutline().read(text); }

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
    if (hasText(member.value()))
      outline.says = true;
    else if (outline.empty.size() < sectionsShown)
      outline.empty.emplace_back(shorten(std::string_view(member.key()), 200));
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
          {"sections", std::move(outline.sections)},
          {"empty", std::move(outline.empty)}};
}

}  // namespace regesta::governance
