#pragma once
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/terminal.h"

namespace regesta::cli {

struct Cell {
  std::string text;
  Colour colour = Colour::none;
  Cell(std::string text, Colour colour = Colour::none) : text(std::move(text)), colour(colour) {}
  Cell(const char* text) : text(text) {}
};

/// Rows in aligned columns on stdout. On a terminal the header is bold and the widest column gives way when a row is
/// longer than a line; elsewhere nothing is shortened, so that scripts see everything.
class Table {
 public:
  explicit Table(std::vector<std::string> headers) : headers_(std::move(headers)) {}
  void row(std::vector<Cell> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  /// `whenEmpty` is said instead of an empty table.
  void print(std::string_view whenEmpty) const;

 private:
  std::vector<std::size_t> widths() const;
  std::vector<std::string> headers_;
  std::vector<std::vector<Cell>> rows_;
};

/// One thing as "name  value" lines; empty values are left out.
void printFields(const std::vector<std::pair<std::string, std::string>>& fields);

/// Indented JSON with a final newline, on stdout.
void printJson(const json::value& value);

/// A member of a JSON object as text: strings bare, absent and null empty, the rest as JSON.
std::string member(const json::object& object, std::string_view name);
/// The member; null if there is none.
json::value valueOrNull(const json::object& object, std::string_view name);
/// The texts of a list, joined with ", ".
std::string memberTexts(const json::object& object, std::string_view name, std::string_view separator = ", ");
/// A number with at most `digits` after the point, without trailing zeros; empty when it is none.
std::string memberReal(const json::object& object, std::string_view name, int digits = 4);
/// 2026-11-25T02:15:12.345Z as "2026-11-25 02:15:12".
std::string shortTime(std::string_view time);

}  // namespace regesta::cli
