#pragma once
#include <string>

#include "access/access.h"
#include "base/json.h"
#include "db/database.h"

namespace regesta::governance {

/// Who may read a ledger entry.
struct EntryScope {
  enum class Of {
    asset,           ///< about one asset or experiment: its readers
    workspace,       ///< about something without a name: readers of the workspace
    everyName,       ///< about assets of any name: readers of all of them
    configuration,   ///< a webhook or connection: administrators and auditors of the workspace
    administration,  ///< users, tokens, grants and unknown actions: administrators and auditors of the server
  };
  Of of = Of::administration;
  std::string workspace;
  std::vector<std::string> names = {};  ///< of the asset: every possible reading of the subject
};

/// Reads the scope from an entry's body; looks up the asset of a change request.
EntryScope scopeOf(db::Transaction& transaction, const json::object& body);

/// The one rule for every reader of entries: the ledger's lists and receipts, the change feed, the home screen.
bool mayRead(const access::Identity& identity, const EntryScope& scope);

}  // namespace regesta::governance
