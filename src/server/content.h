#pragma once
#include "base/config.h"
#include "blob/pack_store.h"
#include "server/data_directory.h"

namespace regesta::server {

/// What the settings blobs… say; `url` is empty when blobs are stored in the data directory.
blob::BucketOptions bucketOptions(const Config& config);

/// The content store that the settings name. Spool files are in the data directory.
std::unique_ptr<blob::PackStore> openContent(const Config& config, const DataDirectory& data, db::Database& database);

}  // namespace regesta::server
