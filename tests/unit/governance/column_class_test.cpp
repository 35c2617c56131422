#include "registry/column_class.h"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "support/governance_test.h"

namespace regesta::governance {
namespace {

std::string_view className(registry::ColumnClass columnClass) {
  constexpr std::string_view names[] = {"governed", "authenticated", "derived", "ledger", "free"};
  return names[static_cast<std::size_t>(columnClass)];
}

using registry::ColumnClass;
using registry::TableClass;

struct LiveColumn {
  bool number = false, nullable = false;
};
using Live = std::map<std::string, std::map<std::string, LiveColumn>>;

class ColumnClassTest : public GovernanceTest {
 protected:
  Live live() {
    return read([&](db::Transaction& transaction) {
      Live found;
      auto rows =
          transaction.query(database_->dialect() == db::Dialect::sqlite
                                ? "SELECT t.name, c.name, c.type, c.\"notnull\" = 0 AND c.pk = 0 "
                                  "FROM sqlite_schema t JOIN pragma_table_xinfo(t.name) c "
                                  "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%'"
                                : "SELECT table_name, column_name, data_type, "
                                  "CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END FROM information_schema.columns "
                                  "WHERE table_schema = 'public'");
      while (rows.next()) {
        std::string type = rows.text(2);
        bool number = type == "BIGINT" || type == "bigint" || type == "INTEGER";
        found[rows.text(0)][rows.text(1)] = {number, rows.integer(3) != 0};
      }
      return found;
    });
  }

  void compareWithLive() {
    Live tables = live();
    for (const auto& [table, columns] : tables) {
      const TableClass* known = registry::findTableClass(table);
      EXPECT_TRUE(known) << table << " has no class: name it in src/registry/column_class.cpp";
      if (!known) continue;
      std::set<std::string> classified;
      for (std::string_view column : known->free)
        EXPECT_TRUE(classified.emplace(column).second) << table << "." << column;
      if (known->mac) classified.emplace("mac");
      for (const registry::Column& column : known->columns) {
        EXPECT_TRUE(classified.emplace(column.name).second) << table << "." << column.name;
        auto there = columns.find(std::string(column.name));
        if (there == columns.end() || known->columnClass == ColumnClass::ledger) continue;
        EXPECT_EQ(there->second.number, column.number) << table << "." << column.name << " needs '#', or lacks it";
        EXPECT_EQ(there->second.nullable, column.nullable) << table << "." << column.name << " needs '?', or lacks it";
      }
      for (const auto& [column, kind] : columns)
        EXPECT_TRUE(classified.erase(column)) << table << "." << column << " has no class: see column_class.cpp";
      for (const std::string& column : classified) ADD_FAILURE() << table << " has no column " << column;
      for (std::string_view column : known->key) EXPECT_TRUE(columns.contains(std::string(column))) << table;
      if (known->columnClass == ColumnClass::free || !known->free.empty())
        EXPECT_FALSE(known->reason.empty()) << table << " has free columns without a reason";
    }
    for (const TableClass& table : registry::tableClasses())
      EXPECT_TRUE(tables.contains(std::string(table.table))) << table.table << " is no table";
  }
};
class PostgresColumnClassTest : public ColumnClassTest {
 protected:
  bool onPostgres() const override { return true; }
};

TEST_F(ColumnClassTest, everyColumnHasAClass) { compareWithLive(); }
TEST_F(PostgresColumnClassTest, everyColumnHasAClass) { compareWithLive(); }

std::string page() {
  std::string text =
      "# The class of every column of the database: src/registry/column_class.cpp. Written by the test "
      "columnClassesAreAsReviewed.\n"
      "# table <tab> class <tab> reason, then table.column <tab> class.\n";
  for (const TableClass& table : registry::tableClasses()) {
    text += fmt::format("{}\t{}\t{}\n", table.table, className(table.columnClass), table.reason);
    for (const registry::Column& column : table.columns)
      text += fmt::format("{}.{}\t{}\n", table.table, column.name, className(table.columnClass));
    if (table.mac) text += fmt::format("{}.mac\tauthenticated\n", table.table);
    for (std::string_view column : table.free) text += fmt::format("{}.{}\tfree\n", table.table, column);
  }
  return text;
}

/// A reviewed file: a changed class shows in the diff. UPDATE_GOLDEN=1 writes it anew.
TEST(ColumnClass, columnClassesAreAsReviewed) {
  std::string path = std::string(REGESTA_SOURCE_DIR) + "/docs/security/columns.txt";
  if (std::getenv("UPDATE_GOLDEN")) std::ofstream(path) << page();
  std::stringstream reviewed;
  reviewed << std::ifstream(path).rdbuf();
  EXPECT_EQ(reviewed.str(), page()) << "run with UPDATE_GOLDEN=1 and review docs/security/columns.txt";
}

}  // namespace
}  // namespace regesta::governance
