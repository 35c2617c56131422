#include "registry/schema_guard.h"

#include "base/text.h"
#include "support/store_test.h"

namespace regesta::registry {
namespace {

class SchemaGuardTest : public StoreTest {
 protected:
  /// The differences after the statement, joined.
  std::string after(std::string_view sql) {
    write([&](db::Transaction& t) { t.script(sql); });
    return join(schemaDifferences(store_->database()), "; ");
  }
};
REGESTA_ON_BOTH(SchemaGuardTest);

TEST_P(SchemaGuardTest, TheMigrationsMakeTheSameSchemaOnBothDatabases) {
  EXPECT_EQ(join(schemaDifferences(store_->database()), "\n"), "");
}

TEST_P(SchemaGuardTest, WhatChangesRowsIsNamed) {
  if (GetParam() == db::Dialect::sqlite) {
    EXPECT_EQ(after("CREATE TRIGGER evil AFTER INSERT ON alias BEGIN SELECT 1; END"),
              "trigger evil of alias was added (present)");
    EXPECT_EQ(after("DROP TRIGGER evil"), "");
    EXPECT_EQ(after("CREATE TRIGGER sqliteEvil AFTER INSERT ON alias BEGIN SELECT 1; END"),
              "trigger sqliteEvil of alias was added (present)");
    EXPECT_EQ(after("DROP TRIGGER sqliteEvil; ANALYZE"), "");
    return;
  }
  EXPECT_EQ(after("CREATE RULE evil AS ON DELETE TO alias DO INSTEAD NOTHING"),
            "rule evil of alias was added (present)");
  EXPECT_EQ(after("DROP RULE evil ON alias"), "");
  EXPECT_EQ(after("ALTER TABLE alias ENABLE ROW LEVEL SECURITY"), "row-level security of alias was added (enabled)");
  EXPECT_EQ(after("ALTER TABLE alias DISABLE ROW LEVEL SECURITY"), "");
  EXPECT_EQ(after("CREATE POLICY hides ON alias USING (true)"), "row-level security of alias was added (enabled)");
  EXPECT_EQ(after("DROP POLICY hides ON alias"), "");
  EXPECT_EQ(after("ALTER TABLE alias RENAME TO held; CREATE VIEW alias AS SELECT * FROM held"),
            "table alias is missing; view alias of alias was added (present)");
}

TEST_P(SchemaGuardTest, LostConstraintsAreNamed) {
  EXPECT_EQ(after("DROP INDEX rollout_active"), "index rollout_active of rollout is missing");
  EXPECT_EQ(after("CREATE INDEX rollout_active ON rollout (asset, alias)"),
            "index rollout_active of rollout is '(asset, alias)' instead of 'unique (asset, alias) where status in "
            "'running' , 'paused''");
  EXPECT_EQ(
      after("DROP INDEX rollout_active; CREATE UNIQUE INDEX rollout_active ON rollout (asset, alias) WHERE status "
            "IN ('running', 'paused')"),
      "");
  if (GetParam() == db::Dialect::sqlite) return;  // it cannot change the rest without another table
  EXPECT_EQ(after("ALTER TABLE alias DROP CONSTRAINT alias_pkey"), "primary key of alias is missing");
  EXPECT_EQ(after("ALTER TABLE alias ADD PRIMARY KEY (asset, name)"), "");
  EXPECT_EQ(after("ALTER TABLE alias DROP CONSTRAINT alias_asset_fkey"), "foreign key (asset) of alias is missing");
  EXPECT_EQ(
      after("ALTER TABLE alias ADD FOREIGN KEY (asset) REFERENCES asset (id)"),
      "foreign key (asset) of alias is 'references asset (id)' instead of 'references asset (id) on delete cascade'");
  EXPECT_EQ(after("ALTER TABLE alias DROP CONSTRAINT alias_asset_fkey; ALTER TABLE alias ADD FOREIGN KEY (asset) "
                  "REFERENCES asset (id) ON DELETE CASCADE"),
            "");
}

TEST_P(SchemaGuardTest, ChangedColumnsAreNamed) {
  EXPECT_EQ(after("ALTER TABLE alias ADD COLUMN more BIGINT"), "column alias.more was added (integer)");
  EXPECT_EQ(after("ALTER TABLE alias DROP COLUMN more"), "");
  if (GetParam() == db::Dialect::sqlite) return;
  EXPECT_EQ(after("ALTER TABLE asset ALTER COLUMN description SET DEFAULT 'forged'"),
            "column asset.description is 'text not null default 'forged'' instead of 'text not null'");
  EXPECT_EQ(after("ALTER TABLE asset ALTER COLUMN description DROP DEFAULT"), "");
  EXPECT_EQ(after("ALTER TABLE session ALTER COLUMN via DROP DEFAULT"),
            "column session.via is 'text not null' instead of 'text not null default '''");
  EXPECT_EQ(after("ALTER TABLE session ALTER COLUMN via SET DEFAULT ''"), "");
  EXPECT_EQ(after("ALTER TABLE asset ALTER COLUMN name DROP NOT NULL"),
            "column asset.name is 'text' instead of 'text not null'");
  EXPECT_EQ(after("ALTER TABLE asset ALTER COLUMN name SET NOT NULL"), "");
}

TEST_P(SchemaGuardTest, ChecksThatAreSwitchedOffAreNamed) {
  if (GetParam() == db::Dialect::sqlite) return;
  EXPECT_EQ(after("ALTER TABLE alias DISABLE TRIGGER ALL"), "check of the foreign keys of alias was added (disabled)");
  EXPECT_EQ(after("ALTER TABLE alias ENABLE TRIGGER ALL"), "");
  EXPECT_EQ(after("ALTER TABLE alias ADD CONSTRAINT odd CHECK (name <> 'production')"),
            "constraint odd of alias was added (CHECK ((name <> 'production'::text)))");
}

TEST_P(SchemaGuardTest, AdministratorsMayAddIndexesThatChangeNothing) {
  EXPECT_EQ(after("CREATE INDEX faster ON alias (number, name)"), "");
  EXPECT_EQ(after("CREATE TABLE theirs (id BIGINT)"), "");
  EXPECT_NE(after("CREATE UNIQUE INDEX narrower ON alias (number)"), "");
}

}  // namespace
}  // namespace regesta::registry
