#pragma once
#include <cstddef>
#include <string_view>

#include "registry/column_class.h"

namespace regesta::registry {

// What registry/row_note.cpp has to know of a statement's text. SQL is recognized by its start: INSERT INTO table,
// UPDATE table SET, DELETE FROM table.

constexpr std::string_view returning = " RETURNING ";

enum class Verb { insert, update, remove };
struct Write {
  const TableClass* table = nullptr;  ///< null: the statement writes no governed column
  Verb verb = Verb::insert;
};
/// The governed table that a statement writes, and only if it writes a governed column. Throws Code::internal for an
/// UPDATE of a key.
Write governedWrite(std::string_view sql);

/// The parts of an UPDATE, as views of its text.
struct Update {
  std::string_view assignments, condition;
};
Update updateParts(std::string_view sql);

/// How many columns a list of a RETURNING clause names.
std::size_t countColumns(std::string_view list);

}  // namespace regesta::registry
