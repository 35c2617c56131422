#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "db/database.h"

namespace regesta {

/// URL of the PostgreSQL cluster that all tests of a program share. tools/postgres starts it with the first test that
/// asks, and drops it after the last one. Throws std::runtime_error where PostgreSQL is missing.
const std::string& clusterUrl();

/// Runs tools/postgres and returns what it printed. Throws std::runtime_error when it failed.
std::string toolsPostgres(const std::string& arguments);

/// The shared cluster's database, emptied: no table is left.
std::unique_ptr<db::Database> emptyPostgres();

/// Runs the tests of `suite` on SQLite and on PostgreSQL.
#define REGESTA_ON_BOTH(suite) \
  INSTANTIATE_TEST_SUITE_P( \
      On, suite, testing::Values(::regesta::db::Dialect::sqlite, ::regesta::db::Dialect::postgres), \
      [](const auto& info) { return info.param == ::regesta::db::Dialect::sqlite ? "Sqlite" : "Postgres"; })

}  // namespace regesta
