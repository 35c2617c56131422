#pragma once
#include <span>

#include "api/endpoint.h"
#include "api/wandb/artifact_record.h"
#include "base/json.h"

namespace regesta::api::wandb {

/// Files that clients send in parts: an upload without a path (registry/part_upload.h), of its creator, for
/// content of this MD5 (hexadecimal) and an asset that they may write to. The value is UploadMultipartUrls. The same
/// file again is the same upload.
json::object partUrls(const Call& call, db::Transaction& transaction, const registry::AssetKey& key,
                      std::string_view md5, const json::array& parts);

std::span<const StreamRoute> partStreams();

}  // namespace regesta::api::wandb
