#pragma once
#include "api/wandb/artifact_record.h"
#include "base/json.h"

namespace regesta::api::wandb {

/// The artifact as the version itself, or, for a link, as the version that it is a link to.
json::object artifactObject(const Call& call, db::Transaction& transaction, const registry::Version& version);
/// A version in its own collection.
json::object membershipObject(const Call& call, db::Transaction& transaction, const registry::Version& version);
json::object collectionObject(db::Transaction& transaction, const registry::Asset& asset);

/// A connection of all `nodes`.
json::object connection(json::array nodes, std::int64_t total = -1, std::string_view cursor = {});

}  // namespace regesta::api::wandb
