#include "cli/table.h"

#include <cmath>

#include "base/text.h"

namespace regesta::cli {
namespace {

constexpr std::string_view gap = "  ";
constexpr std::size_t narrowest = 12;  // a shortened column keeps at least this much

std::string oneLine(std::string_view text) {
  std::string line = printable(text);
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\t', ' ');
  return line;
}

/// At most `width` characters on the screen.
std::string fit(std::string text, std::size_t width) {
  if (displayWidth(text) <= width) return text;
  std::size_t bytes = 0;
  for (std::size_t shown = 0; bytes < text.size(); ++bytes)
    if ((static_cast<unsigned char>(text[bytes]) & 0xC0) != 0x80 && ++shown == width) break;
  return text.substr(0, bytes) + "…";
}

void indent(std::string& out, std::size_t depth) { out.append(2 * depth, ' '); }

void writeJson(std::string& out, const json::value& value, std::size_t depth) {
  if (auto* object = value.if_object(); object && !object->empty()) {
    out += "{\n";
    for (auto member = object->begin(); member != object->end(); ++member) {
      if (member != object->begin()) out += ",\n";
      indent(out, depth + 1);
      appendJsonString(out, member->key());
      out += ": ";
      writeJson(out, member->value(), depth + 1);
    }
    out += '\n';
    indent(out, depth);
    out += '}';
  } else if (auto* array = value.if_array(); array && !array->empty()) {
    out += "[\n";
    for (auto item = array->begin(); item != array->end(); ++item) {
      if (item != array->begin()) out += ",\n";
      indent(out, depth + 1);
      writeJson(out, *item, depth + 1);
    }
    out += '\n';
    indent(out, depth);
    out += ']';
  } else if (auto* real = value.if_double()) {
    appendJsonDouble(out, *real);
  } else if (auto* text = value.if_string()) {
    appendJsonString(out, *text);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::vector<std::size_t> Table::widths() const {
  std::vector<std::size_t> widths;
  widths.reserve(headers_.size());
  for (const std::string& header : headers_) widths.push_back(displayWidth(header));
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
      widths[i] = std::max(widths[i], displayWidth(oneLine(row[i].text)));
  if (!isTerminal(stdout)) return widths;
  std::size_t total = gap.size() * (widths.size() - 1);
  for (std::size_t width : widths) total += width;
  for (std::size_t limit = terminalWidth(); total > limit;) {
    auto widest = std::ranges::max_element(widths);
    if (*widest <= narrowest) break;
    std::size_t cut = std::min(total - limit, *widest - narrowest);
    *widest -= cut;
    total -= cut;
  }
  return widths;
}

void Table::print(std::string_view whenEmpty) const {
  if (rows_.empty()) {
    fmt::print("{}\n", paint(whenEmpty, Colour::dim));
    return;
  }
  std::vector<std::size_t> columns = widths();
  auto line = [&](auto&& cellAt, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count && i < columns.size(); ++i) {
      auto [text, colour] = cellAt(i);
      std::string shown = fit(oneLine(text), columns[i]);
      std::size_t pad = i + 1 == count ? 0 : columns[i] - displayWidth(shown) + gap.size();
      out += paint(shown, colour) + std::string(pad, ' ');
    }
    while (out.ends_with(' ')) out.pop_back();
    fmt::print("{}\n", out);
  };
  line([&](std::size_t i) { return std::pair(headers_[i], Colour::bold); }, headers_.size());
  for (const auto& row : rows_) line([&](std::size_t i) { return std::pair(row[i].text, row[i].colour); }, row.size());
}

void printFields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields)
    if (!value.empty()) width = std::max(width, displayWidth(name));
  for (const auto& [name, value] : fields)
    if (!value.empty())
      fmt::print("{}{}  {}\n", paint(name, Colour::bold), std::string(width - displayWidth(name), ' '),
                 printable(value));
}

void printJson(const json::value& value) {
  std::string out;
  writeJson(out, value, 0);
  fmt::print("{}\n", out);
}

std::string member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || value->is_null()) return {};
  if (auto* text = value->if_string()) return std::string(*text);
  return regesta::writeJson(*value);
}

json::value valueOrNull(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found ? *found : json::value();
}

std::string memberTexts(const json::object& object, std::string_view name, std::string_view separator) {
  std::string texts;
  for (const json::value& one : memberArray(object, name))
    if (one.is_string()) texts.append(texts.empty() ? "" : separator).append(one.get_string());
  return texts;
}

std::string memberReal(const json::object& object, std::string_view name, int digits) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_number()) return {};
  double number = value->to_number<double>();
  std::string text = fmt::format("{:.{}f}", number, digits);
  while (text.find('.') != std::string::npos && (text.ends_with('0') || text.ends_with('.'))) {
    bool point = text.ends_with('.');
    text.pop_back();
    if (point) break;
  }
  return text;
}

std::string shortTime(std::string_view time) {
  if (time.size() < 19 || time[10] != 'T') return std::string(time);
  return fmt::format("{} {}", time.substr(0, 10), time.substr(11, 8));
}

}  // namespace regesta::cli
