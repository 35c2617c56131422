#include "proof/page.h"

namespace regesta::proof {
namespace {

constexpr std::string_view style = R"(
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --dim: color-mix(in srgb, currentColor 65%, transparent); }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 2rem 1.25rem; background: Canvas;
  color: CanvasText; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.25rem 0 .5rem; padding-top: .75rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.25rem 0 .35rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: .35rem 0 .75rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--dim); }
table.fields th { width: 12rem; }
pre { background: var(--soft); padding: .75rem; margin: .35rem 0; white-space: pre-wrap; overflow-wrap: anywhere;
  font: 13px/1.45 ui-monospace, monospace; }
summary { cursor: pointer; }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
      out += c;
  }
  return out;
}

}  // namespace

Page::Page(std::string_view title) {
  out_ = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n"
      "<style>{1}</style>\n</head>\n<body>\n<main>\n<h1>{0}</h1>\n",
      escaped(title), style);
}

void Page::element(std::string_view tag, std::string_view text) {
  out_ += fmt::format("<{0}>{1}</{0}>\n", tag, escaped(text));
}
void Page::heading(std::string_view text) { element("h2", text); }
void Page::subheading(std::string_view text) { element("h3", text); }
void Page::paragraph(std::string_view text) { element("p", text); }
void Page::code(std::string_view text) { element("pre", text); }

void Page::foldedCode(std::string_view line, std::string_view text) {
  out_ += fmt::format("<details open><summary>{}</summary>\n<pre>{}</pre></details>\n", escaped(line), escaped(text));
}

void Page::table(const Cells& headers, const std::vector<Cells>& rows) {
  if (rows.empty()) return paragraph("None.");
  out_ += "<table>\n<thead><tr>";
  for (const std::string& header : headers) out_ += fmt::format("<th scope=\"col\">{}</th>", escaped(header));
  out_ += "</tr></thead>\n<tbody>\n";
  for (const Cells& row : rows) {
    out_ += "<tr>";
    for (const std::string& cell : row) out_ += fmt::format("<td>{}</td>", escaped(cell));
    out_ += "</tr>\n";
  }
  out_ += "</tbody>\n</table>\n";
}

void Page::fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  out_ += "<table class=\"fields\"><tbody>\n";
  for (const auto& [name, value] : fields)
    if (!value.empty())
      out_ += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escaped(name), escaped(value));
  out_ += "</tbody></table>\n";
}

std::string Page::finish() { return std::move(out_) + "</main>\n</body>\n</html>\n"; }

std::string shown(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return {};
  if (value->is_string()) return std::string(value->get_string());
  if (value->is_array()) {
    std::string text;
    for (const json::value& item : value->get_array())
      text += (text.empty() ? "" : ", ") + (item.is_string() ? std::string(item.get_string()) : writeJson(item));
    return text;
  }
  return writeJson(*value);
}

}  // namespace regesta::proof
