#pragma once
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace regesta::evaluation {

/// The requested columns of a table file, as text: views into the file's bytes, which must outlive it. Input is
/// untrusted: every fault is an Error with its position.
struct DataTable {
  using Column = std::vector<std::string_view>;
  std::vector<std::string> names;
  std::vector<Column> columns;  ///< columns[i] is the column names[i]; all have the same length
  /// Values that are not in the bytes as such, because escapes in them had to be decoded.
  std::unique_ptr<std::deque<std::string>> unescaped = std::make_unique<std::deque<std::string>>();
  std::size_t rows() const { return columns.empty() ? 0 : columns[0].size(); }
  const Column& column(std::string_view name) const;  ///< a requested one
};

/// Reads CSV (RFC 4180: header, quoted fields, commas) or MLflow's JSON table {"columns":[…],"data":[[…],…]}.
/// `what` names the file in messages: "the dataset". Throws Error{invalid} for other formats (Parquet and other
/// binary files are named), missing or repeated columns, rows of unequal length and no rows; Error{tooLarge} above 64
/// MiB of CSV, 16 MiB of JSON or 2 million rows.
DataTable readTable(std::string_view bytes, std::string_view what, const std::vector<std::string>& wanted);

struct TableColumn {
  enum class Type { text, integer, real, boolean };
  std::string name;
  Type type = Type::text;
};
/// The columns of CSV. `complete`: `bytes` are all of the file, and the type of a column is that of all its values
/// (integers with missing values are real, as pandas has them); otherwise `bytes` are its beginning, and all are text.
/// Throws as readTable().
std::vector<TableColumn> readColumns(std::string_view bytes, std::string_view what, bool complete);

/// Normalizes a value: 1, 1.0 and True are "1", 0 and false are "0"; trims spaces. Empty for missing values (empty,
/// NaN, null, None).
std::string normalValue(std::string_view text);

}  // namespace regesta::evaluation
