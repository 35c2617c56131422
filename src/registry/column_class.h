#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace regesta::registry {

/// How a change to a stored row by anyone other than the server is detected.
enum class ColumnClass {
  governed,       ///< derivable from the ledger: each entry has the digests of the rows that its change wrote
  authenticated,  ///< the row has a MAC under a key outside the database; its readers check it
  derived,        ///< computed from other rows, and compared with them
  ledger,         ///< the ledger's own tables: checked against signed checkpoints
  free,           ///< not checked, for the reason given
};

struct Column {
  std::string_view name;
  bool number = false;    ///< integer; else text
  bool nullable = false;  ///< NULL and the empty value differ
};

/// The class of every column of one table. tests/unit/governance compares this list with the live schema of both
/// databases: a column without a class fails the tests.
struct TableClass {
  std::string_view table;
  ColumnClass columnClass = ColumnClass::free;
  std::vector<std::string_view> key;
  std::vector<Column> columns;         ///< of that class, sorted by name; the key among them
  std::vector<std::string_view> free;  ///< further columns, which are free
  std::string_view reason;             ///< why those are free, or how the class is checked
  std::string_view parent;  ///< deleting a row of this table deletes the rows whose first key column is its last
  /// A row needs no ledger entry while all its governed columns except the key are 0 or empty.
  bool sparse = false;
  /// All rows with the same key are written together, and count as one row.
  bool group = false;
  bool mac = false;  ///< the row has a column `mac` over `columns`; rows whose MAC does not match are ignored
  std::string list;  ///< names of `columns` for SQL
};

std::span<const TableClass> tableClasses();
/// Null for a table without a class.
const TableClass* findTableClass(std::string_view table);

}  // namespace regesta::registry
