#pragma once
#include <map>
#include <string>
#include <vector>

#include "db/database.h"
#include "db/migrate.h"

namespace regesta::db {

/// The part of a schema that decides what statements store and return, in the same words for both databases. Keys name
/// a part by its table ("column alias.number", "index alias_name of alias", "trigger evil of alias"), values define it.
/// Only the tables of `tables`, if it is not null.
using Schema = std::map<std::string, std::string>;

/// Columns with their types, defaults and nullability, keys, unique and foreign-key constraints, checks, indexes,
/// triggers, rules, views, row-level security, and on PostgreSQL disabled triggers and constraints, inheritance and
/// tables without a log.
Schema describeSchema(Transaction& transaction, Dialect dialect);

/// What the migrations make, as describeSchema() has it for `dialect`. Takes milliseconds: they run on SQLite in
/// memory.
const Schema& migratedSchema(Dialect dialect);

/// What differs, one sentence each. Tables that the migrations do not make, and further indexes that are not unique
/// and compute nothing, do not count.
std::vector<std::string> schemaDifferences(const Schema& found, const Schema& expected);

}  // namespace regesta::db
