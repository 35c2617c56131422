#include "base/text.h"
#include "db/schema_dialect.h"
#include "db/schema_text.h"

namespace regesta::db {
namespace {

constexpr std::string_view ofSchema =
    " JOIN pg_catalog.pg_class c ON c.oid = {} JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname = current_schema() ";

/// A query about the tables of the server's schema; "{}" is what their oid is joined with.
std::string about(std::string_view selection, std::string_view oid, std::string_view further = {}) {
  return fmt::format("{}{}{}", selection, fmt::format(fmt::runtime(ofSchema), oid), further);
}

std::string columnType(std::string_view type, std::string_view collation) {
  if (type == "bigint") return "integer";
  if (type == "bytea") return "bytes";
  if (type == "double precision") return "real";
  if (type == "text" && collation != "C") return fmt::format("text in the order of '{}'", collation);
  return std::string(type);
}

void describeTables(Transaction& transaction, Schema& schema) {
  Rows rows = transaction.query(
      "SELECT c.relname::text, c.relkind::text, c.relpersistence::text, c.relrowsecurity OR EXISTS (SELECT 1 FROM "
      "pg_catalog.pg_policy p WHERE p.polrelid = c.oid), EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i WHERE "
      "i.inhparent = c.oid OR i.inhrelid = c.oid) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
      "c.relnamespace WHERE n.nspname = current_schema() AND c.relkind NOT IN ('i', 'I', 'S', 't', 'c')");
  while (rows.next()) {
    std::string_view kind = rows.view(1);
    if (kind == "v" || kind == "m")
      schema[fmt::format("view {} of {}", rows.view(0), rows.view(0))] = "present";
    else
      schema[fmt::format("table {}", rows.view(0))] =
          fmt::format("{}{}{}", kind == "r" ? "table" : "a relation of kind " + std::string(kind),
                      rows.view(2) == "p" ? "" : ", not logged", rows.view(4) == "t" ? ", inheriting" : "");
    if (rows.view(3) == "t") schema[fmt::format("row-level security of {}", rows.view(0))] = "enabled";
  }
}

void describeColumns(Transaction& transaction, Schema& schema) {
  Rows rows = transaction.query(
      about("SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), "
            "coalesce(l.collname::text, ''), a.attnotnull, a.attidentity::text, a.attgenerated::text, "
            "coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') FROM pg_catalog.pg_attribute a LEFT JOIN "
            "pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum LEFT JOIN "
            "pg_catalog.pg_collation l ON l.oid = a.attcollation",
            "a.attrelid", "AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p')"));
  while (rows.next()) {
    std::string definition = columnType(rows.view(2), rows.view(3));
    if (rows.view(4) == "t") definition += " not null";
    if (std::string_view expression = rows.view(7); !expression.empty())
      definition += (rows.view(6).empty() ? " default " : " generated ") + plainExpression(expression);
    if (rows.view(5) == "d") definition += " numbered";
    if (rows.view(5) == "a") definition += " always numbered";
    schema[fmt::format("column {}.{}", rows.view(0), rows.view(1))] = definition;
  }
}

std::string columnsOf(std::string_view numbers, std::string_view table) {
  return fmt::format(
      "(SELECT string_agg(a.attname::text, ', ' ORDER BY u.place) FROM unnest({}) WITH ORDINALITY u (number, place) "
      "JOIN "
      "pg_catalog.pg_attribute a ON a.attrelid = {} AND a.attnum = u.number)",
      numbers, table);
}

void describeConstraints(Transaction& transaction, Schema& schema) {
  Rows rows = transaction.query(
      about(fmt::format("SELECT c.relname::text, k.contype::text, k.conname::text, coalesce({}, ''), coalesce({}, ''), "
                        "coalesce(f.relname::text, ''), k.confdeltype::text, k.convalidated AND NOT k.condeferrable, "
                        "pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint k LEFT JOIN "
                        "pg_catalog.pg_class f ON f.oid = k.confrelid",
                        columnsOf("k.conkey", "k.conrelid"), columnsOf("k.confkey", "k.confrelid")),
            "k.conrelid", "AND k.contype IN ('p', 'u', 'f', 'c', 'x')"));
  while (rows.next()) {
    std::string table = rows.text(0), columns = rows.text(3);
    char kind = rows.view(1).front();
    std::string note = rows.view(7) == "t" ? "" : ", deferrable or not validated";
    if (kind == 'p') {
      schema["primary key of " + table] = columns + note;
    } else if (kind == 'u') {
      schema[fmt::format("unique constraint ({}) of {}", columns, table)] = "enforced" + note;
    } else if (kind == 'f') {
      std::string_view action = rows.view(6);
      schema[fmt::format("foreign key ({}) of {}", columns, table)] =
          fmt::format("references {} ({}){}{}", rows.view(5), rows.view(4),
                      action == "c"   ? " on delete cascade"
                      : action == "a" ? ""
                                      : " on delete " + std::string(action),
                      note);
    } else {
      schema[fmt::format("constraint {} of {}", rows.view(2), table)] = rows.text(8);
    }
  }
}

void describeIndexes(Transaction& transaction, Schema& schema) {
  Rows rows = transaction.query(about(
      "SELECT i.relname::text, c.relname::text, x.indisunique, x.indisvalid AND x.indisready AND x.indislive, "
      "(SELECT string_agg(replace(pg_catalog.pg_get_indexdef(x.indexrelid, k, true), '\"', '') || CASE WHEN "
      "x.indoption[k - 1] & 1 = 1 THEN "
      "' desc' ELSE '' END, ', ' ORDER BY k) FROM generate_series(1, x.indnkeyatts) k), "
      "coalesce(pg_catalog.pg_get_expr(x.indpred, x.indrelid), '') FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class "
      "i "
      "ON i.oid = x.indexrelid",
      "x.indrelid",
      "AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', "
      "'u', 'x'))"));
  while (rows.next()) {
    std::string definition = fmt::format("{}({})", rows.view(2) == "t" ? "unique " : "", rows.view(4));
    if (!rows.view(5).empty()) definition += " where " + plainExpression(rows.view(5));
    if (rows.view(3) != "t") definition += ", not valid";
    schema[fmt::format("index {} of {}", rows.view(0), rows.view(1))] = definition;
  }
}

/// Foreign keys are triggers of PostgreSQL's own ("internal"), which somebody can disable.
void describeTriggers(Transaction& transaction, Schema& schema) {
  Rows rows =
      transaction.query(about("SELECT t.tgname::text, c.relname::text, t.tgisinternal FROM pg_catalog.pg_trigger t",
                              "t.tgrelid", "AND (NOT t.tgisinternal OR t.tgenabled <> 'O')"));
  while (rows.next())
    if (rows.view(2) == "t")
      schema[fmt::format("check of the foreign keys of {}", rows.view(1))] = "disabled";
    else
      schema[fmt::format("trigger {} of {}", rows.view(0), rows.view(1))] = "present";
  Rows rules = transaction.query(about("SELECT r.rulename::text, c.relname::text FROM pg_catalog.pg_rewrite r",
                                       "r.ev_class", "AND c.relkind IN ('r', 'p')"));
  while (rules.next()) schema[fmt::format("rule {} of {}", rules.view(0), rules.view(1))] = "present";
}

}  // namespace

Schema describePostgres(Transaction& transaction) {
  Schema schema;
  describeTables(transaction, schema);
  describeColumns(transaction, schema);
  describeConstraints(transaction, schema);
  describeIndexes(transaction, schema);
  describeTriggers(transaction, schema);
  return schema;
}

}  // namespace regesta::db
