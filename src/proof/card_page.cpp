#include "proof/card_page.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"

namespace regesta::proof {
namespace {

/// "| a | b |" as cells; empty: not a row of a table.
Page::Cells cellsOf(std::string_view line) {
  if (line.size() < 2 || !line.starts_with('|') || !line.ends_with('|')) return {};
  Page::Cells cells;
  for (std::string_view cell : split(line.substr(1, line.size() - 2), '|')) cells.emplace_back(trim(cell));
  return cells;
}

bool isRule(const Page::Cells& cells) {
  return std::ranges::all_of(cells, [](const std::string& cell) {
    return !cell.empty() && cell.find_first_not_of("-: ") == std::string::npos;
  });
}

class CardWriter {
 public:
  explicit CardWriter(Page& page) : page_(page) {}

  void write(std::string_view text) {
    bool frontMatter = false, first = true;
    for (std::string_view raw : split(text, '\n')) {
      std::string_view line = trim(raw);
      if (std::exchange(first, false) && line == "---")
        frontMatter = true;
      else if (frontMatter)
        frontMatter = line != "---";
      else if (code_)
        takeCode(line, raw);
      else
        take(std::string(withoutComments(line)));
    }
    if (code_) page_.code(*code_);
    finish();
  }

 private:
  void takeCode(std::string_view line, std::string_view raw) {
    if (line.starts_with("```") || line.starts_with("~~~")) {
      page_.code(*code_);
      code_.reset();
    } else {
      *code_ += std::string(raw) + "\n";
    }
  }

  void take(const std::string& line) {
    if (Page::Cells cells = cellsOf(line); !cells.empty()) {
      finishParagraph();
      if (headers_.empty())
        headers_ = std::move(cells);
      else if (!isRule(cells))
        rows_.push_back(std::move(cells));
      return;
    }
    finishTable();
    if (line.starts_with("```") || line.starts_with("~~~")) {
      finishParagraph();
      code_.emplace();
      return;
    }
    std::size_t marks = line.find_first_not_of('#');
    if (line.empty() || line.starts_with("- ") || line.starts_with("* ")) finishParagraph();
    if (line.empty()) return;
    if (marks != std::string::npos && marks > 0 && marks <= 6 && line[marks] == ' ') {
      finishParagraph();
      page_.subheading(trim(std::string_view(line).substr(marks)));
      return;
    }
    paragraph_ += (paragraph_.empty() ? "" : " ") + line;
  }

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

  void finish() {
    finishParagraph();
    finishTable();
  }
  void finishParagraph() {
    if (!paragraph_.empty()) page_.paragraph(paragraph_);
    paragraph_.clear();
  }
  void finishTable() {
    if (!headers_.empty()) page_.table(headers_, rows_);
    headers_.clear();
    rows_.clear();
  }

  Page& page_;
  std::string paragraph_;
  Page::Cells headers_;
  std::vector<Page::Cells> rows_;
  std::optional<std::string> code_;
  bool comment_ = false;
};

}  // namespace

void writeCard(Page& page, std::string_view markdown) { CardWriter(page).write(markdown); }

void writeCard(Page& page, const json::value& body) {
  if (body.is_string()) return writeCard(page, std::string_view(body.get_string()));
  if (!body.is_object()) return;
  const json::object& sections = body.get_object();
  if (const json::value* text = sections.if_contains("text"); text && text->is_string() && sections.size() == 1)
    return writeCard(page, std::string_view(text->get_string()));
  for (const auto& section : sections) {
    page.subheading(section.key());
    page.paragraph(shown(sections, section.key()));
  }
}

std::string renderCard(std::string_view title, std::string_view markdown) {
  Page page(title);
  writeCard(page, markdown);
  return page.finish();
}

}  // namespace regesta::proof
