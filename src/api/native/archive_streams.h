#pragma once
#include <string>

#include "api/archive_writer.h"
#include "api/streaming.h"

namespace regesta::api::native {

/// Adds a blob to an archive that is being sent. Throws Error{corrupt} if its bytes are missing.
http::asio::awaitable<void> addBlob(http::Exchange& exchange, Core& core, ArchiveWriter& archive, std::string path,
                                    std::string digest);

}  // namespace regesta::api::native
