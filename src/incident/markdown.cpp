#include "incident/markdown.h"

#include <fmt/format.h>

namespace regesta::incident {
namespace {

/// On one line, with nothing that Markdown or HTML inside it would read as markup.
std::string escaped(std::string_view text) {
  constexpr std::string_view markup = "\\`*_{}[]<>#|!~&";
  std::string out;
  for (char c : text) {
    if (markup.find(c) != markup.npos) out += '\\';
    if (c == '\n' || c == '\t')
      out += ' ';
    else if (static_cast<unsigned char>(c) >= 0x20)
      out += c;
  }
  return out;
}

}  // namespace

Markdown::Markdown(std::string_view title) : out_(fmt::format("# {}\n", escaped(title))) {}

void Markdown::heading(std::string_view text) { out_ += fmt::format("\n## {}\n", escaped(text)); }
void Markdown::subheading(std::string_view text) { out_ += fmt::format("\n### {}\n", escaped(text)); }
void Markdown::paragraph(std::string_view text) { out_ += fmt::format("\n{}\n", escaped(text)); }

void Markdown::table(const std::vector<std::string>& headers, const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return paragraph("None.");
  out_ += "\n|";
  for (const std::string& header : headers) out_ += fmt::format(" {} |", escaped(header));
  out_ += "\n|";
  for (std::size_t i = 0; i < headers.size(); ++i) out_ += " --- |";
  out_ += '\n';
  for (const auto& row : rows) {
    out_ += '|';
    for (const std::string& cell : row) out_ += fmt::format(" {} |", escaped(cell));
    out_ += '\n';
  }
}

void Markdown::fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  out_ += '\n';
  for (const auto& [name, value] : fields)
    if (!value.empty()) out_ += fmt::format("- {}: {}\n", escaped(name), escaped(value));
}

}  // namespace regesta::incident
