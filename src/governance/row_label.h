#pragma once
#include <string>

#include "db/database.h"
#include "registry/column_class.h"

namespace regesta::governance {

/// Display name of a row's subject: "model/loan-risk@3", "user/anna". `rows` has TableClass::columns.
std::string labelOf(db::Transaction& transaction, const registry::TableClass& table, const db::Rows& rows);
/// The same from the row's key only; empty if the key is not enough.
std::string labelOf(db::Transaction& transaction, const registry::TableClass& table, const std::string& key);

}  // namespace regesta::governance
