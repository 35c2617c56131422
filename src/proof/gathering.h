#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "governance/change_request.h"
#include "governance/replay.h"
#include "governance/scope.h"
#include "ledger/store.h"
#include "registry/version.h"

namespace regesta::proof {

/// A pack in the making, within one read transaction. A document states only what a gathered entry proves.
struct Gathering {
  Gathering(db::Transaction& transaction, const access::Identity& identity, registry::Version version);

  db::Transaction& transaction;
  const access::Identity& identity;
  governance::Scope scope;
  registry::Version version;
  std::string runId;  ///< of the cited run, if the caller may read it
  std::vector<governance::ChangeRequest> requests;

  std::map<std::int64_t, ledger::Logged> entries;  ///< by index
  std::map<std::int64_t, json::object> bodies;
  std::int64_t waiting = 0;  ///< id of an entry that has no index yet: gather again when it has
  governance::Replay replay;
  std::map<std::string, std::string> documents;
  std::string server, program;                   ///< as in PackOrder
  std::map<std::string, std::int64_t> withheld;  ///< by class, what the caller may not read

  std::string versionRow() const;
  /// The row as the entries prove it; null: they do not.
  const governance::Row* proven(governance::Table table, const std::string& key) const;
  /// {"entry","time","by"} of an entry.
  json::object said(std::int64_t entry) const;
  void put(std::string_view path, const json::value& document) {
    documents.insert_or_assign(std::string(path), canonicalJson(document));
  }
};

inline constexpr std::size_t batchesAtMost = 1000;  ///< of decision records: the newest

/// Everything in dependency order.
void gather(Gathering& gathering);
void gatherEntries(Gathering& gathering);
void gatherVersion(Gathering& gathering);
void gatherHistory(Gathering& gathering);
void gatherReview(Gathering& gathering);    ///< change requests, decisions, policies
void gatherEvidence(Gathering& gathering);  ///< evidence and holds
void gatherOrigin(Gathering& gathering);    ///< run and lineage
void gatherRecords(Gathering& gathering);   ///< batches of decision records
void gatherBoms(Gathering& gathering);
void gatherAccess(Gathering& gathering);  ///< who read the version

}  // namespace regesta::proof
