#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace regesta::governance {

/// The asked-for columns of a table file, as text. Bytes from outside: every fault is an Error that says where.
struct DataTable {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> columns;  ///< columns[i] belongs to names[i]; all of the same length
  std::size_t rows() const { return columns.empty() ? 0 : columns[0].size(); }
  const std::vector<std::string>& column(std::string_view name) const;  ///< one that was asked for
};

/// Reads CSV (RFC 4180: header, quoted fields, commas) or MLflow's JSON table {"columns":[…],"data":[[…],…]}.
/// `what` names the file in messages: "the dataset". Throws Error{invalid} for what is neither (Parquet and other
/// binary files are named as such), missing or doubled columns, ragged rows and no rows; Error{tooLarge} above 64 MiB
/// of CSV, 16 MiB of JSON or 2 million rows.
DataTable readTable(std::string_view bytes, std::string_view what, const std::vector<std::string>& wanted);

/// Values that mean the same become the same text: 1, 1.0 and True are "1", 0 and false are "0", spaces around go.
/// Empty for what stands for a missing value (nothing, NaN, null, None).
std::string normalValue(std::string_view text);

}  // namespace regesta::governance
