#include "evaluation/data_table.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json_budget.h"
#include "base/text.h"

namespace regesta::evaluation {

namespace {

constexpr std::size_t csvBytes = 64 * 1024 * 1024;
constexpr std::size_t jsonBytes = 16 * 1024 * 1024;
constexpr std::size_t mostRows = 2'000'000;
constexpr std::size_t mostColumns = 10'000;
constexpr std::size_t mostCells = 8'000'000;  // and rows, of a JSON table

template <class... Args>
[[noreturn]] void refuse(std::string_view what, fmt::format_string<Args...> text, Args&&... args) {
  throw error(Code::invalid, "{} {}", what, fmt::format(text, std::forward<Args>(args)...));
}

/// Reads CSV one record at a time. Fields with doubled quotation marks go to `unescaped`; the others are views into the
/// bytes.
class CsvReader {
 public:
  CsvReader(std::string_view bytes, std::string_view what, std::deque<std::string>& unescaped)
      : rest_(bytes), what_(what), unescaped_(unescaped) {}

  /// The first record.
  std::vector<std::string> header() {
    std::vector<std::string_view> fields;
    if (!next(fields)) refuse(what_, "is empty");
    return {fields.begin(), fields.end()};
  }
  /// False at the end. Empty lines are skipped.
  bool next(std::vector<std::string_view>& fields) {
    while (!rest_.empty() && (rest_[0] == '\n' || rest_[0] == '\r')) takeLineEnd();
    if (rest_.empty()) return false;
    fields.clear();
    while (true) {
      if (fields.size() == mostColumns) refuse(what_, "has more than {} columns", mostColumns);
      fields.push_back(readField());
      if (rest_.empty() || rest_[0] != ',') break;
      rest_.remove_prefix(1);
    }
    if (!rest_.empty()) takeLineEnd();
    return true;
  }
  std::size_t line() const { return line_; }

 private:
  std::string_view readField() {
    if (!rest_.empty() && rest_[0] == '"') return readQuoted();
    std::size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
    std::string_view field = rest_.substr(0, end);
    if (field.find('"') != std::string_view::npos) refuse(what_, "has an unexpected quotation mark on line {}", line_);
    rest_.remove_prefix(end);
    return field;
  }

  std::string_view readQuoted() {
    std::size_t opened = line_;
    rest_.remove_prefix(1);
    std::string* joined = nullptr;
    std::string_view field;
    while (true) {
      std::size_t end = rest_.find('"');
      if (end == std::string_view::npos)
        refuse(what_, "has a quoted field that begins on line {} and never ends", opened);
      field = rest_.substr(0, end);
      line_ += static_cast<std::size_t>(std::ranges::count(field, '\n'));
      rest_.remove_prefix(end + 1);
      bool doubled = !rest_.empty() && rest_[0] == '"';
      if (doubled && !joined) joined = &unescaped_.emplace_back();
      if (joined) joined->append(field);
      if (!doubled) break;
      *joined += '"';
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && rest_[0] != ',' && rest_[0] != '\n' && rest_[0] != '\r')
      refuse(what_, "has text after a closing quotation mark on line {}", line_);
    return joined ? *joined : field;
  }

  void takeLineEnd() {
    if (rest_.starts_with("\r\n")) rest_.remove_prefix(1);
    rest_.remove_prefix(1);
    ++line_;
  }

  std::string_view rest_, what_;
  std::deque<std::string>& unescaped_;
  std::size_t line_ = 1;
};

/// Positions of the wanted columns in the header.
std::vector<std::size_t> places(const std::vector<std::string>& header, std::string_view what,
                                const std::vector<std::string>& wanted) {
  std::vector<std::size_t> found;
  for (const std::string& name : wanted) {
    auto at = std::ranges::find(header, name);
    if (at == header.end()) {
      auto near = nearest(name, header);
      refuse(what, "has no column '{}'{}; it has: {}", name, near ? fmt::format(" (did you mean '{}'?)", *near) : "",
             shorten(join(header, ", "), 500));
    }
    if (std::find(at + 1, header.end(), name) != header.end()) refuse(what, "has the column '{}' twice", name);
    found.push_back(static_cast<std::size_t>(at - header.begin()));
  }
  return found;
}

DataTable readCsv(std::string_view bytes, std::string_view what, const std::vector<std::string>& wanted) {
  if (bytes.size() > csvBytes)
    throw error(Code::tooLarge, "{} has {} bytes; {} is the limit for CSV", what, bytes.size(), csvBytes);
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  DataTable table{wanted, std::vector<DataTable::Column>(wanted.size())};
  CsvReader reader(bytes, what, *table.unescaped);
  const std::vector<std::string> header = reader.header();
  std::vector<std::string_view> fields;
  std::vector<std::size_t> at = places(header, what, wanted);
  while (true) {
    std::size_t line = reader.line();
    if (!reader.next(fields)) break;
    if (fields.size() != header.size())
      refuse(what, "has {} fields on line {}, but {} columns", fields.size(), line, header.size());
    if (table.rows() == mostRows) throw error(Code::tooLarge, "{} has more than {} rows", what, mostRows);
    for (std::size_t i = 0; i < at.size(); ++i) table.columns[i].push_back(fields[at[i]]);
  }
  return table;
}

std::string cellText(const json::value& value, std::string_view what, std::size_t row) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_object() || value.is_array()) refuse(what, "has a nested value in row {}", row + 1);
  return value.is_null() ? "" : json::serialize(value);
}

DataTable readJsonTable(std::string_view bytes, std::string_view what, const std::vector<std::string>& wanted) {
  if (bytes.size() > jsonBytes)
    throw error(Code::tooLarge, "{} has {} bytes; {} is the limit for JSON, so use CSV", what, bytes.size(), jsonBytes);
  json::value root;
  try {
    root = parseLargeJson(bytes, mostCells);
  } catch (const Error& error) {
    refuse(what, "is not a valid JSON table: {}", error.message);
  }
  const json::value* columns = root.is_object() ? root.as_object().if_contains("columns") : nullptr;
  const json::value* data = root.is_object() ? root.as_object().if_contains("data") : nullptr;
  if (!columns || !columns->is_array() || !data || !data->is_array())
    refuse(what, "is JSON, but not a table: {{\"columns\": […], \"data\": [[…], …]}}");
  std::vector<std::string> header;
  for (const json::value& name : columns->as_array()) header.push_back(cellText(name, what, 0));
  std::vector<std::size_t> at = places(header, what, wanted);
  DataTable table{wanted, std::vector<DataTable::Column>(wanted.size())};
  if (data->as_array().size() > mostRows) throw error(Code::tooLarge, "{} has more than {} rows", what, mostRows);
  for (std::size_t row = 0; row < data->as_array().size(); ++row) {
    const json::value& cells = data->as_array()[row];
    if (!cells.is_array() || cells.as_array().size() != header.size())
      refuse(what, "has row {} of another length than its columns", row + 1);
    for (std::size_t i = 0; i < at.size(); ++i)
      table.columns[i].push_back(table.unescaped->emplace_back(cellText(cells.as_array()[at[i]], what, row)));
  }
  return table;
}

void refuseBinary(std::string_view bytes, std::string_view what) {
  constexpr std::pair<std::string_view, std::string_view> magics[] = {{"PAR1", "a Parquet file"},
                                                                      {"PK\x03\x04", "a ZIP or Excel file"},
                                                                      {"\x1F\x8B", "a gzip file"},
                                                                      {"ARROW1", "an Arrow file"}};
  for (const auto& [magic, name] : magics)
    if (bytes.starts_with(magic)) refuse(what, "is {}; store it as CSV, or as a JSON table (mlflow.log_table)", name);
  if (bytes.find('\0') != std::string_view::npos || !isUtf8(bytes))
    refuse(what, "is not UTF-8 text; store it as CSV, or as a JSON table (mlflow.log_table)");
}

using Type = TableColumn::Type;

/// Leading zeros and signs are part of a text, not of a number.
bool isPlainInteger(std::string_view text) { return parseInteger(text) && std::to_string(*parseInteger(text)) == text; }

/// Most values: what the general way gives back unchanged, after much more work.
bool isNormalInteger(std::string_view text) {
  constexpr std::size_t exactDigits = 15;  // of a double
  return !text.empty() && text.size() <= exactDigits && (text[0] != '0' || text.size() == 1) &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool isBoolean(std::string_view text) { return equalsIgnoreCase(text, "true") || equalsIgnoreCase(text, "false"); }

/// What the values of a column have in common.
class ColumnType {
 public:
  void take(std::string_view value) {
    if (value.empty()) {
      missing_ = true;
      return;
    }
    any_ = true;
    integer_ = integer_ && isPlainInteger(value);
    auto number = parseDouble(value);
    bool padded = value.size() > 1 && value[0] == '0' && value[1] != '.';
    real_ = real_ && number && std::isfinite(*number) && !padded;
    boolean_ = boolean_ && isBoolean(value);
  }
  Type type() const {
    if (!any_) return Type::text;
    if (integer_ && !missing_) return Type::integer;
    if (real_) return Type::real;
    return boolean_ && !missing_ ? Type::boolean : Type::text;
  }

 private:
  bool any_ = false, missing_ = false, integer_ = true, real_ = true, boolean_ = true;
};

}  // namespace

const DataTable::Column& DataTable::column(std::string_view name) const {
  auto at = std::ranges::find(names, name);
  REGESTA_INVARIANT(at != names.end());
  return columns[static_cast<std::size_t>(at - names.begin())];
}

DataTable readTable(std::string_view bytes, std::string_view what, const std::vector<std::string>& wanted) {
  refuseBinary(bytes, what);
  std::string_view shown = trim(bytes);
  DataTable table = shown.starts_with('{') || shown.starts_with('[') ? readJsonTable(bytes, what, wanted)
                                                                     : readCsv(bytes, what, wanted);
  if (table.rows() == 0) refuse(what, "has no rows");
  return table;
}

std::vector<TableColumn> readColumns(std::string_view bytes, std::string_view what, bool complete) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::deque<std::string> unescaped;
  CsvReader reader(bytes, what, unescaped);
  std::vector<TableColumn> columns;
  for (const std::string& name : reader.header()) {
    if (name.empty() || std::ranges::find(columns, name, &TableColumn::name) != columns.end())
      refuse(what, "has a column without a name, or a name twice");
    columns.push_back({name, Type::text});
  }
  if (!complete) return columns;
  std::vector<ColumnType> types(columns.size());
  for (std::vector<std::string_view> fields; reader.next(fields); unescaped.clear()) {
    if (fields.size() != columns.size()) refuse(what, "has rows of unequal length");
    for (std::size_t i = 0; i < fields.size(); ++i) types[i].take(fields[i]);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) columns[i].type = types[i].type();
  return columns;
}

std::string normalValue(std::string_view text) {
  text = trim(text);
  if (isNormalInteger(text)) return std::string(text);
  for (std::string_view missing : {"", "nan", "null", "none", "na", "<na>"})
    if (equalsIgnoreCase(text, missing)) return {};
  if (equalsIgnoreCase(text, "true")) return "1";
  if (equalsIgnoreCase(text, "false")) return "0";
  auto number = parseDouble(text);
  if (!number) return std::string(text);
  if (!std::isfinite(*number)) return {};
  return *number == 0 ? "0" : fmt::format("{}", *number);
}

}  // namespace regesta::evaluation
