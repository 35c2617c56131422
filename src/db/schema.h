#pragma once
#include <string>
#include <vector>

#include "db/database.h"

namespace regesta::db {

/// How the part of the schema that decides what statements store and return differs from what the migrations make, one
/// sentence each. That part: columns with their types, defaults and nullability, keys, unique and foreign-key
/// constraints, checks, indexes, triggers, rules, views, row-level security, and on PostgreSQL disabled triggers and
/// constraints, inheritance and tables without a log. Tables that the migrations do not make, and further indexes that
/// are not unique and compute nothing, do not count. Takes milliseconds the first time: the migrations run on SQLite in
/// memory.
std::vector<std::string> schemaDifferences(Transaction& transaction, Dialect dialect);

}  // namespace regesta::db
