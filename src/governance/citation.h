#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/hold.h"
#include "registry/version.h"

/// What cites a version, run or other object: checked before any deletion, by every front.
namespace regesta::governance {

/// A description, and the asset that it names: shown only to callers who may read that asset. Empty: none.
struct Cited {
  std::string text, asset;
  bool operator==(const Cited&) const = default;
};

struct Citations {
  /// Protected pointers that point to it, or to a version made from it: "'production' of model/loan-risk". They
  /// prevent its deletion.
  std::vector<Cited> pointers;
  /// Descriptions of the decisions, open change requests and evidence that cite it. Only administrators may then delete
  /// it.
  std::vector<Cited> records;
  /// Legal holds on it or on a version made from it. Nobody may delete it until they are lifted.
  std::vector<registry::Hold> holds;
};

/// The versions of assets, by the asset's row, that decisions name: read once, for callers that ask about many versions
/// in one transaction.
using DecidedVersions = std::map<std::int64_t, std::set<std::int64_t>>;

Citations citationsOf(db::Transaction& transaction, const registry::Version& version);
Citations citationsOf(db::Transaction& transaction, const registry::Version& version, DecidedVersions& decided);
Citations citationsOf(db::Transaction& transaction, const registry::Asset& asset);
/// Throws Error{refused} if a protected pointer, decision, open change request or evidence cites the version, for what
/// must not change from then on: "The metadata of version 3 of model 'loan'".
void requireUncited(db::Transaction& transaction, const registry::Version& version, std::string_view what);
/// Of a run, an experiment or a logged model, through the versions and evidence made from it; `node` as lineage writes
/// it: "run/ID", "experiment/ID", "logged-model/ID".
Citations citationsOf(db::Transaction& transaction, std::string_view workspace, std::string_view node);

}  // namespace regesta::governance
